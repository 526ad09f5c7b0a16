import { type Answerers, measure, placeIndex } from "../history.ts"
import type { World } from "../world.ts"
import { endOf, type Law, type Span } from "./law.ts"

/** L1: from then on exactly one node answers for each group on each segment, and nobody for one that was deleted. */
export const oneAnswerer = (span: Span): Law => ({
  name: "L1 one answerer",
  broken: (world) => {
    for (const { segment, group, answerers } of everyPlace(world)) {
      const wanted = world.groups[group]!.isDeleted ? 0 : 1
      const until = endOf(world, span)
      const { totalMs } = measure(answerers, span.from, until, (count) => count !== wanted)
      if (totalMs > 0)
        return `group ${group} on segment ${segment} had not ${wanted} but ${lastCounts(answerers, span.from)} answerers for ${totalMs.toFixed(1)} ms after ${span.from.toFixed(0)}`
    }
    return undefined
  },
})

/** L2: two nodes answer for the same group no longer than that, all told. */
export const overlapAtMost = (ms: number, span: Span): Law => ({
  name: "L2 overlap",
  broken: (world) => {
    for (const { segment, group, answerers } of everyPlace(world)) {
      const { totalMs } = measure(answerers, span.from, endOf(world, span), (count) => count > 1)
      if (totalMs > ms)
        return `group ${group} on segment ${segment} had two answerers for ${totalMs.toFixed(1)} ms, not at most ${ms}`
    }
    return undefined
  },
})

/** L5 after a death, L6 with 0 at a planned move: nobody answers no longer than that at a time. */
export const gapAtMost = (ms: number, span: Span, name = "L5 repair"): Law => ({
  name,
  broken: (world) => {
    for (const { segment, group, answerers } of everyPlace(world)) {
      if (world.groups[group]!.isDeleted) continue
      const { longestMs } = measure(answerers, span.from, endOf(world, span), (count) => count === 0)
      if (longestMs > ms)
        return `group ${group} on segment ${segment} had no answerer for ${longestMs.toFixed(1)} ms, not at most ${ms}`
    }
    return undefined
  },
})

/** Whoever answered at that moment answers at the end. */
export const sameAnswerers = (at: number, name: string): Law => ({
  name,
  broken: (world) => {
    for (const { segment, group, answerers } of everyPlace(world)) {
      const before = answerers.findLast((change) => change.at <= at)?.nodes.join(" ") ?? ""
      const last = answerers.at(-1)?.nodes.join(" ") ?? ""
      if (before !== last)
        return `group ${group} on segment ${segment} was answered by node ${before}, and is by ${last}`
    }
    return undefined
  },
})

/** What was measured, for figures: the longest time without and the whole time with too many answerers. */
export const outageOf = (world: World, span: Span): { readonly gapMs: number; readonly overlapMs: number } => {
  let gapMs = 0
  let overlapMs = 0
  for (const { answerers } of everyPlace(world)) {
    gapMs = Math.max(gapMs, measure(answerers, span.from, endOf(world, span), (count) => count === 0).longestMs)
    overlapMs = Math.max(overlapMs, measure(answerers, span.from, endOf(world, span), (count) => count > 1).totalMs)
  }
  return { gapMs, overlapMs }
}

const everyPlace = (world: World) =>
  Array.from({ length: world.scenario.segments }, (_, segment) =>
    world.groups.map((_, group) => ({
      segment,
      group,
      answerers: world.history.answerers.get(placeIndex({ segment, group })) ?? [],
    })),
  ).flat()

const lastCounts = (answerers: readonly Answerers[], from: number): string => {
  const counts = answerers.filter(({ at }, index) => (answerers[index + 1]?.at ?? Infinity) > from || at >= from)
  return (
    counts
      .slice(0, 6)
      .map(({ nodes }) => nodes.length)
      .join(",") || "no"
  )
}
