import type { Act } from "./act.ts"
import { withoutAmbience } from "../simulate.ts"
import { befall } from "./befall.ts"
import { createJudge, type Violation } from "./judge.ts"
import { unsettled } from "./settled.ts"
import { startProcess } from "./process.ts"
import { createWorld, runningOf, type Story, type World } from "./world.ts"

export type Run = {
  readonly world: World
  readonly violations: readonly Violation[]
  readonly events: number
  /** From the last fault until everybody had what he can have. */
  readonly settledAfterMs: number
  readonly writes: number
  readonly needless: number
}

/** A lease runs out (15 s), a list is tried again after at most 30 s, a Retry-After is obeyed for a minute. */
const settlesWithinMs = 120_000
/** Conditions follow a second after what they tell of. */
const lookEveryMs = 1500
/** The longest stories have 5,000. */
const eventsMax = 50_000
/** No more writes of all controllers together in ten seconds, beside some for each Service. */
const stormMs = 10_000
const calmWrites = 40
const writesPerService = 6
/** Each of these gives every Service something to say. */
const isForAll: ReadonlySet<Act["do"]> = new Set(["put-pool", "delete-pool", "confirm"])
/** One story in so many is watched for another minute in which nobody may write anything. */
const watchedOneIn = 8
const watchedMs = 60_000
/** What a list that failed for long had kept back is told when it comes. */
const settlesDownMs = 35_000

/** Every cluster has one Service from the start. */
const kubernetesItself: Act = {
  at: 0,
  do: "create-service",
  name: "default/kubernetes",
  shape: {
    type: "ClusterIP",
    key: undefined,
    policy: "Cluster",
    app: "",
    ports: ["443/TCP"],
    addresses: undefined,
    pool: undefined,
    families: "4",
  },
}

/** Tells a story to its end in virtual time and judges it. The same story always runs the same. */
export const simulate = (story: Story, tell?: (at: number, text: string) => void): Run =>
  withoutAmbience(() => {
    const world = createWorld(story, tell)
    const judge = createJudge(world)
    befall(world, kubernetesItself)
    for (const act of story.acts) world.timeline.put(act.at, () => befall(world, act))
    let events = 0
    let settledAtMs = Infinity
    const runTo = (until: number): void => {
      while (world.timeline.next(until))
        if (++events > eventsMax) throw new Error(`more than ${eventsMax} events: it goes round in circles`)
    }
    try {
      runTo(story.calmFromMs)
      // Nobody is caught any more, by a count that was not reached in time.
      world.catchesForAll = []
      for (const process of world.processes) process.catches.length = 0
      if (runningOf(world).length === 0) startProcess(world, 0)
      for (let at = story.calmFromMs; at <= story.calmFromMs + settlesWithinMs; at += lookEveryMs) {
        runTo(at)
        const lastWriteMs = judge.writes.at(-1)?.atMs ?? -Infinity
        const isFrozen = world.processes.some((process) => process.state() === "frozen")
        if (isFrozen || lastWriteMs > at - lookEveryMs || unsettled(world) !== undefined) continue
        settledAtMs = at
        break
      }
      const missing = settledAtMs === Infinity ? unsettled(world) : undefined
      if (settledAtMs === Infinity) judge.broke("it settles", missing ?? "the controllers never stop writing")
      else if (story.seed % watchedOneIn === 0) {
        runTo(settledAtMs + settlesDownMs)
        const before = judge.writes.length
        runTo(settledAtMs + settlesDownMs + watchedMs)
        if (judge.writes.length > before) judge.broke("nothing is written for nothing", judge.writes.at(-1)!.text)
      }
    } catch (error) {
      judge.broke("no step throws", error instanceof Error ? (error.stack ?? error.message) : String(error))
    }
    judgeWrites(world, story, judge)
    return {
      world,
      violations: judge.violations,
      events,
      settledAfterMs: settledAtMs - story.calmFromMs,
      writes: judge.writes.length,
      needless: judge.writes.filter(({ isNeedless }) => isNeedless).length,
    }
  })

const judgeWrites = (world: World, story: Story, judge: ReturnType<typeof createJudge>): void => {
  const { silentFromMs = Infinity } = story
  const late = judge.writes.find(({ atMs }) => atMs >= silentFromMs)
  if (late !== undefined) judge.broke("no write after an outage", `${late.text} at ${late.atMs.toFixed(1)} ms`)
  const { writes } = judge
  const services = world.etcd.all("services").size
  for (const [index, { atMs }] of writes.entries()) {
    const edits = story.acts.filter((act) => isForAll.has(act.do) && act.at <= atMs && act.at >= atMs - stormMs).length
    const most = calmWrites + (writesPerService + edits) * services
    const before = writes[index - most]
    if (before === undefined || before.atMs < atMs - stormMs) continue
    return judge.broke(
      "no storm of writes",
      `${most} writes in ${(atMs - before.atMs).toFixed(0)} ms before ${atMs.toFixed(0)} ms`,
    )
  }
}
