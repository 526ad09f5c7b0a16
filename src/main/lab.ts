import { textAt } from "../kubernetes/json.ts"
import { startApiServer } from "../lab/api-server/server.ts"
import { type InsideOrder, runInside } from "../lab/inside.ts"

/** The process inside a lab's namespaces: the API server and everything that is no program of ours. */
export const runLabInside = async (order: string): Promise<void> =>
  runInside(JSON.parse(order) as InsideOrder, (path, { facts }) => {
    const ranges = facts.flatMap((network) => textAt(network, "spec", "cluster", "serviceCIDR")?.split(",") ?? [])
    return startApiServer({ listen: { path }, ...(ranges.length > 0 && { serviceCidrs: ranges }) })
  })
