import type { JsonObject } from "../../src/kubernetes/http.ts"
import { textAt } from "../../src/kubernetes/json.ts"
import type { Remark } from "../../src/controller/output.ts"
import { createRandom, type Random } from "../random.ts"
import { createTimeline, type Timeline } from "../timeline.ts"
import type { Act, Who } from "./act.ts"
import { type Backup, type Change, createEtcd, type Etcd } from "./etcd.ts"
import { createGate, type Gate } from "./gate.ts"
import { type Catch, type ControllerProcess, namespace, wallSecondsAtStart } from "./process.ts"

/** One story: what befalls a cluster with controllers, and when the last fault is over. */
export type Story = {
  readonly profile: string
  readonly seed: number
  readonly acts: readonly Act[]
  /** From then on nothing befalls anybody any more. */
  readonly calmFromMs: number
  /** The controllers write nothing at all from then on, the lease aside: nobody asked for anything. */
  readonly silentFromMs?: number
}

/** Everything of one run. */
export type World = {
  readonly random: Random
  readonly timeline: Timeline
  readonly etcd: Etcd
  readonly gate: Gate
  readonly processes: ControllerProcess[]
  /** Laid upon every process that starts from now on, too. */
  catchesForAll: Catch[]
  readonly remarks: { readonly name: string; readonly remark: Remark }[]
  backup: Backup | undefined
  /** Calls of those who judge; set by the judge. */
  onChange: (change: Change) => void
  onRestored: (before: Backup) => void
  onConfirmed: () => void
  readonly story: (text: string) => void
  readonly wallSeconds: () => number
}

export const createWorld = ({ seed }: Story, tell: ((at: number, text: string) => void) | undefined): World => {
  const random = createRandom(seed * 31 + 17)
  const timeline = createTimeline()
  const wallSeconds = (): number => wallSecondsAtStart + timeline.now() / 1000
  const etcd = createEtcd(timeline.now, (change) => {
    world.onChange(change)
    gate.changed(change)
  })
  const gate = createGate(etcd, timeline, random, wallSeconds)
  const world: World = {
    random,
    timeline,
    etcd,
    gate,
    processes: [],
    catchesForAll: [],
    remarks: [],
    backup: undefined,
    onChange: () => undefined,
    onRestored: () => undefined,
    onConfirmed: () => undefined,
    story: (text) => tell?.(timeline.now(), text),
    wallSeconds,
  }
  return world
}

export const leaseOf = (world: World): JsonObject | undefined =>
  world.etcd.get("leases", `${namespace}/porchlight-controller`)

export const runningOf = (world: World): readonly ControllerProcess[] =>
  world.processes.filter((process) => process.state() === "running")

/** Those who play that part now. */
export const those = (world: World, who: Who | "anybody"): readonly ControllerProcess[] => {
  const running = runningOf(world)
  if (who === "anybody") return running
  const holder = textAt(leaseOf(world), "spec", "holderIdentity")
  const leader = running.find(({ name }) => name === holder) ?? running[0]
  if (leader === undefined) return []
  return who === "leader" ? [leader] : running.filter((process) => process !== leader).slice(0, 1)
}
