import type { RuleName } from "../src/ownership/rule.ts"
import type { Act } from "./act.ts"
import type { Law } from "./laws/law.ts"
import type { Packet, Port } from "./packet.ts"

export type ScenarioGroup = {
  readonly order: readonly Port[]
  readonly otherOrders?: ReadonlyMap<Port, readonly Port[]>
  readonly otherHolder?: Port
}

/** One story: a cluster, what befalls it, and which laws hold over it. */
export type Scenario = {
  readonly profile: string
  readonly seed: number
  readonly nodes: number
  readonly segments: number
  /** Ownership alone with values in packets, or whole announcers with frames. */
  readonly wire: "values" | "frames"
  readonly groups: readonly ScenarioGroup[]
  readonly intervalMs: number
  readonly misses: number
  readonly promiseSeconds: number
  readonly gateway: boolean
  /** How often the client asks for each group. Undefined: there is no client. */
  readonly clientAsksEveryMs: number | undefined
  /** How far each node's wall clock is off, in seconds. */
  readonly clockOffsetsS: readonly number[]
  /** Each change of the cluster reaches each watcher after a delay between these. */
  readonly viewDelayMs: readonly [number, number]
  readonly acts: readonly Act[]
  readonly endMs: number
  readonly laws: readonly Law[]
}

export type RunOptions = {
  readonly without?: ReadonlySet<RuleName>
  /** Called with each event in words. */
  readonly story?: (at: number, text: string) => void
  /** Called with each packet that a node sends. */
  readonly sent?: (at: number, packet: Packet) => void
}
