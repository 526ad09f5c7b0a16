import { type InsideOrder, runInside } from "../lab/inside.ts"

/** The process inside a lab's namespaces: the network, the API server, and everything that is no program of ours. */
export const runLabInside = (order: string): Promise<void> => runInside(JSON.parse(order) as InsideOrder)
