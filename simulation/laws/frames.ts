import type { Role } from "../act.ts"
import { endOf, type Law, type Span } from "./law.ts"

/**
 * L4 and L10: no frame for an address that another claimed longer ago than `graceMs` (what no protocol can know yet: the
 * claim is on its way).
 */
export const noStaleFrame = (graceMs: number, span: Span, name = "L4 nothing for a lost address"): Law => ({
  name,
  broken: (world) => {
    const frame = world.history.stale.find(
      ({ at, claimedAt }) => at >= span.from && at < endOf(world, span) && at - claimedAt > graceMs,
    )
    return frame === undefined
      ? undefined
      : `node ${frame.node} sent a stale ${frame.op} for group ${frame.group} at ${frame.at.toFixed(1)}, ${(frame.at - frame.claimedAt).toFixed(1)} ms after another's claim`
  },
})

/** L10: these nodes claim nothing while they are cut off. */
export const takesNothing = (role: Role, span: Span): Law => ({
  name: "L10 an isolated node takes nothing",
  broken: (world) => {
    const node = typeof role === "number" ? role : world.cast.get(role)
    const claim = world.history.claims.find(
      ({ at, node: by }) => by === node && at >= span.from && at < endOf(world, span),
    )
    return claim === undefined ? undefined : `node ${node} claimed group ${claim.group} at ${claim.at.toFixed(1)}`
  },
})

/** L10: whoever was cut off announces nothing that another claimed meanwhile. */
export const announcesNothingLost = (span: Span): Law => ({
  name: "L10 announces nothing lost",
  broken: (world) => {
    const frame = world.history.stale.find(
      ({ at, op, claimedAt }) =>
        op === "announcement" && at >= span.from && at < endOf(world, span) && at - claimedAt > 2,
    )
    return (
      frame && `node ${frame.node} announced group ${frame.group} at ${frame.at.toFixed(1)}, which another had claimed`
    )
  },
})
