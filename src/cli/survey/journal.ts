import { printAddress } from "../../net/address.ts"
import type { Move, SpeakerView } from "./speaker-view.ts"

/** Giver and taker write the same move within a beat; their clocks are not one. */
const sameMoveSeconds = 5

/**
 * All speakers' journals as one, oldest first. Giver and taker of a move both write it: the taker's line counts, with
 * what only the giver knows. A giver's line stands alone where the taker's journal has been lost since.
 */
export const journalOf = (speakers: Iterable<SpeakerView>): readonly Move[] => {
  const views = [...speakers]
  const kept = views.flatMap(({ node, moves }) =>
    moves.filter(({ to, from }) => to === node || (to === undefined && from === node)),
  )
  const given = views.flatMap(({ node, moves }) =>
    moves.filter(
      ({ to, from, reason }) => from === node && to !== undefined && to !== node && reason === "handed-over",
    ),
  )
  const givenByWay = Map.groupBy(given, wayOf)
  const answered = new Set<Move>()
  const taken = kept.map((move) => {
    const twin = givenByWay.get(wayOf(move))?.find((one) => isSame(one, move) && !answered.has(one))
    if (twin === undefined) return move
    answered.add(twin)
    return { ...move, offeredBecause: move.offeredBecause ?? twin.offeredBecause }
  })
  return [...taken, ...given.filter((move) => !answered.has(move))].toSorted((a, b) => a.at - b.at)
}

/** Whether two lines of different journals can be of one move. */
export const isSame = (a: Move, b: Move): boolean => wayOf(a) === wayOf(b) && Math.abs(a.at - b.at) <= sameMoveSeconds

const wayOf = ({ address, from, to }: Move): string => `${printAddress(address)} ${from ?? ""} ${to ?? ""}`
