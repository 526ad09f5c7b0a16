import { createController } from "../../src/controller/controller.ts"
import type { ControllerInput, ControllerOutput, Remark } from "../../src/controller/output.ts"
import type { ApiEvent, ApiRequest } from "../../src/kubernetes/http.ts"
import type { Instant } from "../../src/time/instant.ts"
import type { Fall, Way } from "./act.ts"
import { targetOf } from "./api-server.ts"
import type { World } from "./world.ts"

/** A request that is to be caught on its way. */
export type Catch = {
  left: number
  readonly of: "write" | "request"
  readonly way: Way
  readonly fall: Fall | undefined
}

/** One controller process. A restarted one is another. */
export type ControllerProcess = {
  readonly name: string
  readonly state: () => "running" | "frozen" | "gone"
  /** The next request of that sort that it sends. */
  readonly catches: Catch[]
  readonly fall: (fall: Fall) => void
  readonly stop: () => void
}

export const namespace = "metallb-system"
/** Saturday, 21 November 2026, 18:00 UTC. */
export const wallSecondsAtStart = 1_795_284_000

/** Moments of which sums and differences are exact, so that a program never wakes a rounding too early. */
const onGrid = (ms: number): number => Math.ceil(ms * 1024) / 1024

/** Starts a controller whose wall clock is so many hours off. */
export const startProcess = (world: World, hoursOff: number): ControllerProcess => {
  const name = `controller-${world.processes.length + 1}`
  const program = createController({ namespace, loadBalancerClass: undefined, identity: name })
  const open = new Set<number>()
  const inbox: ControllerInput[] = []
  const unperformed: ControllerOutput[] = []
  let state: "running" | "frozen" | "gone" = "running"
  /** What its monotonic clock lost while it did not run and did not count. */
  let behindMs = 0
  let wakesAt: number | undefined

  const localNow = (): number => world.timeline.now() - behindMs
  const step = (input: ControllerInput): void => {
    if (state === "gone") return
    if (state === "frozen") return void inbox.push(input)
    const now = localNow()
    const wallSeconds = wallSecondsAtStart + now / 1000 + hoursOff * 3600
    unperformed.push(...program.step(input, { now: now as Instant, wallSeconds, entropy: world.random.word() }))
    performAll()
    sleep()
  }
  const performAll = (): void => {
    for (let output = nextOutput(); output !== undefined; output = nextOutput()) perform(output)
  }
  /** What it had still to do when it was caught, it does when it goes on. */
  const nextOutput = (): ControllerOutput | undefined => (state === "running" ? unperformed.shift() : undefined)
  const perform = (output: ControllerOutput): void => {
    if (output.kind === "request") send(output.request)
    if (output.kind === "abort") {
      open.delete(output.id)
      world.gate.abort(client, output.id)
    }
    if (output.kind === "remark") hearRemark(output)
    if (output.kind === "exit") state = "gone"
  }
  const hearRemark = (remark: Remark): void => {
    world.remarks.push({ name, remark })
    world.story(`  ${name}: ${remark.level} ${remark.code}: ${remark.message}`)
  }
  const send = (request: ApiRequest): void => {
    open.add(request.id)
    const isWrite = request.method !== "GET" && targetOf(request.path).resource !== "events"
    const { way, fall: fallen } = caught(isWrite)
    if (fallen !== undefined || way !== "arrives")
      world.story(`  ${name}: ${request.method} ${request.path} ${JSON.stringify({ way, fallen })}`)
    world.gate.send(client, request, way)
    if (fallen !== undefined) fall(fallen)
  }
  const caught = (isWrite: boolean): { readonly way: Way; readonly fall: Fall | undefined } => {
    for (const one of [...process.catches, ...world.catchesForAll]) {
      if (one.left <= 0 || (one.of === "write" && !isWrite)) continue
      one.left -= 1
      if (one.left === 0) return one
    }
    const { weather } = world.gate
    const isCaught = weather !== undefined && world.random.chance(weather.share)
    return { way: isCaught ? world.random.pick(weather.ways) : "arrives", fall: undefined }
  }
  const sleep = (): void => {
    const wakeAt = state === "running" ? program.wakeAt() : undefined
    if (wakeAt === undefined) return void (wakesAt = undefined)
    const at = onGrid(Math.max(wakeAt + behindMs, world.timeline.now()))
    if (wakesAt !== undefined && wakesAt <= at && wakesAt > world.timeline.now()) return
    wakesAt = at
    world.timeline.put(at, () => wake(at))
  }
  const wake = (at: number): void => {
    if (wakesAt !== at || state !== "running") return
    wakesAt = undefined
    const due = program.wakeAt()
    if (due !== undefined && due <= localNow()) step({ kind: "wake" })
    else sleep()
  }
  const fall = (fallen: Fall): void => {
    if (state !== "running") return
    if (fallen.kind === "crash") {
      state = "gone"
      world.story(`  ${name} is gone`)
      const { backMs } = fallen
      if (backMs !== undefined)
        world.timeline.put(world.timeline.now() + backMs, () => void startProcess(world, hoursOff))
      return
    }
    state = "frozen"
    world.story(`  ${name} stands still for ${fallen.forMs} ms`)
    world.timeline.put(world.timeline.now() + fallen.forMs, () => thaw(fallen))
  }
  const thaw = (frozen: Fall & { readonly kind: "freeze" }): void => {
    if (state !== "frozen") return
    state = "running"
    world.story(`  ${name} goes on`)
    if (!frozen.seen) behindMs += Math.floor(frozen.forMs)
    performAll()
    // It may be caught again by what it sends now: what came meanwhile waits on.
    for (const input of inbox.splice(0)) step(input)
    step({ kind: "wake" })
  }
  const client = {
    name,
    hear: (event: ApiEvent): void => {
      if (!open.has(event.id)) return
      if (event.kind === "response" || event.kind === "closed" || event.kind === "failed") open.delete(event.id)
      step(event)
    },
  }
  const process: ControllerProcess = {
    name,
    state: () => state,
    catches: [],
    fall,
    stop: () => step({ kind: "stop" }),
  }
  world.processes.push(process)
  world.story(`  ${name} starts`)
  step({ kind: "wake" })
  return process
}
