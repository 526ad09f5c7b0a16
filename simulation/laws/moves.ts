import type { World } from "../world.ts"
import { endOf, type Law, type Span } from "./law.ts"

/** How often each group changed its holder. */
export const movesOf = (world: World, span: Span): readonly number[] => {
  const moves = new Map<string, number>()
  for (const { at, isMove, segment, group } of world.history.claims)
    if (isMove && at >= span.from && at < endOf(world, span) && (span.segment ?? segment) === segment)
      moves.set(`${segment} ${group}`, (moves.get(`${segment} ${group}`) ?? 0) + 1)
  return [...moves.values()]
}

/** L3 and L7 with 0, L9 with more: no group changes its holder more often than that. */
export const movesAtMost = (most: number, span: Span, name = "L3 no move without a cause"): Law => ({
  name,
  broken: (world) => {
    const moves = Math.max(0, ...movesOf(world, span))
    return moves > most ? `a group moved ${moves} times, not at most ${most}` : undefined
  },
})

/** A holder changes for a cause that lies with the other holder; what this node once held gives it no right to it. */
export const everyMoveHasAReason: Law = {
  name: "every move has a reason",
  broken: (world) => {
    const odd = world.history.claims.find(({ isMove, because }) => isMove && ownReasons.has(because.code))
    return odd === undefined
      ? undefined
      : `node ${odd.node} took group ${odd.group} from another as ${odd.because.code}`
  },
}

const ownReasons: ReadonlySet<string> = new Set(["held-before-restart", "group-renamed"])
