import { type DetachedOrder, holdLab } from "../lab/detached.ts"
import { type InsideOrder, runInside } from "../lab/inside.ts"

/** The process inside a lab's namespaces: the network, the API server, and everything that is no program of ours. */
export const runLabInside = (order: string): Promise<void> => runInside(JSON.parse(order) as InsideOrder)

/** The process on the host that holds a lab which outlives the command that raised it. */
export const runLabHolder = (order: string): Promise<void> => holdLab(JSON.parse(order) as DetachedOrder)
