import { Deadlines } from "../../time/deadlines.ts"
import { after, type At, earliest, type Instant, type Program } from "../../time/instant.ts"

/**
 * Virtual time for everything in a simulated lab: what is due happens in order, and nothing waits for anything real. The
 * same seed gives the same run.
 */
export type World = {
  readonly now: () => Instant
  /** What the next step of a program is told; a fresh entropy each. */
  readonly at: () => At
  /** A number from 0 up to 1. */
  readonly chance: () => number
  /** Does something after a while, unless it is cancelled. Datagrams go before all else that is due at one instant. */
  readonly later: (ms: number, run: () => void, what?: "datagram" | "event") => Cancel
  /** Wakes a sleeper at an instant, in place of the one it was given before; undefined: not at all. */
  readonly wake: (sleeper: () => void, at: Instant | undefined) => void
  /** Lets time pass. */
  readonly run: (ms: number) => void
  /** Lets time pass until the condition holds, looked at each millisecond; false where it did not in time. */
  readonly runUntil: (condition: () => boolean, mostMs: number) => boolean
}

export type Cancel = () => void

/** Saturday, 21 November 2026, 18:00 UTC: when every simulated lab begins that is not told otherwise. */
export const wallSecondsAtStart = 1_795_284_000

/** A program that asks to be woken at once, again and again, would hold time still for ever. */
const stepsAtOneInstantMax = 200_000

type Queue = Deadlines<() => void>

export const createWorld = (seed: number, beganSeconds: number = wallSecondsAtStart): World => {
  const datagrams: Queue = new Deadlines()
  const events: Queue = new Deadlines()
  const sleepers: Queue = new Deadlines()
  /** In the order that a driver owes its programs: datagrams, then frames, then deadlines. */
  const queues = [datagrams, events, sleepers]
  const draw = randomNumbers(seed)
  let now = 0 as Instant
  let stepsNow = 0

  const stepTo = (next: Instant): void => {
    stepsNow = next > now ? 0 : stepsNow + 1
    if (stepsNow > stepsAtOneInstantMax) throw new Error(`at ${now} ms a program wakes without end`)
    now = Math.max(now, next) as Instant
    const queue = queues.find((one) => (one.next() ?? Infinity) <= now)
    for (const happen of queue?.due(now) ?? []) happen()
  }
  const run = (ms: number): void => {
    const end = after(now, ms)
    for (;;) {
      const next = earliest(...queues.map((queue) => queue.next()))
      if (next === undefined || next > end) break
      stepTo(next)
    }
    now = end
  }
  return {
    now: () => now,
    at: () => ({ now, wallSeconds: beganSeconds + now / 1000, entropy: draw() }),
    chance: () => draw() / 2 ** 32,
    later: (ms, happen, what = "event") => {
      const queue = what === "datagram" ? datagrams : events
      const once = (): void => happen()
      queue.set(once, after(now, ms))
      return () => queue.clear(once)
    },
    wake: (sleeper, at) => (at === undefined ? sleepers.clear(sleeper) : sleepers.set(sleeper, at)),
    run,
    runUntil: (condition, mostMs) => {
      for (let leftMs = mostMs; leftMs > 0; leftMs--) {
        if (condition()) return true
        run(1)
      }
      return condition()
    },
  }
}

/** Mulberry32: 32 bits a draw, a full period, and the same everywhere. */
const randomNumbers = (seed: number): (() => number) => {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return (mixed ^ (mixed >>> 14)) >>> 0
  }
}

/** One program running in the world. */
export type Driven<I> = {
  readonly feed: (input: I) => void
  /** It stands still, as a stopped process does: what it is told waits for it. */
  readonly freeze: () => void
  readonly thaw: () => void
  /** It is gone: nothing reaches it, nothing comes from it. */
  readonly end: () => void
}

/** Joins a program to the world as `main/` joins it to the kernel: inputs in, outputs performed, woken in time. */
export const drive = <I, O>(
  world: World,
  program: Program<I | { readonly kind: "wake" }, O>,
  perform: (output: O) => void,
): Driven<I> => {
  let state: "running" | "frozen" | "ended" = "running"
  let waiting: (I | { readonly kind: "wake" })[] = []
  const feed = (input: I | { readonly kind: "wake" }): void => {
    if (state === "frozen") waiting.push(input)
    if (state !== "running") return
    for (const output of program.step(input, world.at())) if (isRunning()) perform(output)
    if (isRunning()) world.wake(sleeper, program.wakeAt())
  }
  const isRunning = (): boolean => state === "running"
  const sleeper = (): void => feed({ kind: "wake" })
  return {
    feed,
    freeze: () => {
      if (state === "running") state = "frozen"
    },
    thaw: () => {
      if (state !== "frozen") return
      state = "running"
      const inputs = waiting
      waiting = []
      for (const input of inputs) feed(input)
      feed({ kind: "wake" })
    },
    end: () => {
      state = "ended"
      world.wake(sleeper, undefined)
    },
  }
}
