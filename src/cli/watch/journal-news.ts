import type { NodeName } from "../../cluster/name.ts"
import { printAddress } from "../../net/address.ts"
import { movesKept } from "../../speaker/announcer/report.ts"
import { after, type Instant } from "../../time/instant.ts"
import { isSame } from "../survey/journal.ts"
import type { Move, SpeakerView } from "../survey/speaker-view.ts"

/** Giver and taker of a move write their objects apart: one waits so long for what the other knows. */
const twinPatienceMs = 3000

type Waiting = { readonly move: Move; readonly until: Instant }

/** Journals as they grow: each move once, with the taker's moment and the giver's reason. */
export class JournalNews {
  readonly #known = new Map<NodeName, ReadonlySet<string>>()
  #takers: readonly Waiting[] = []
  #givers: readonly Waiting[] = []
  /** Told a moment ago with, or without, their other half. */
  #told: readonly Waiting[] = []

  /** A node's journal as it is now. The first one is history: nothing of it is news, unless the node itself is new. */
  take(view: SpeakerView, isHistory: boolean, now: Instant): readonly Move[] {
    const before = this.#known.get(view.node) ?? (isHistory ? new Set(view.moves.map(keyOf)) : new Set())
    this.#known.set(view.node, new Set(view.moves.map(keyOf)))
    const news = view.moves.filter((move) => !before.has(keyOf(move)))
    return news.flatMap((move) => this.#sort(move, view.node, now))
  }

  forget(node: NodeName): void {
    this.#known.delete(node)
  }

  /** Moves whose other half did not come. */
  due(now: Instant): readonly Move[] {
    const late = [...this.#takers, ...this.#givers].filter(({ until }) => until <= now)
    this.#takers = this.#takers.filter(({ until }) => until > now)
    this.#givers = this.#givers.filter(({ until }) => until > now)
    this.#told = this.#told.filter(({ until }) => until > now)
    for (const { move } of late) this.#remember(move, now)
    return late.map(({ move }) => move)
  }

  #sort(move: Move, node: NodeName, now: Instant): readonly Move[] {
    const waiting = { move, until: after(now, twinPatienceMs) }
    if (move.reason === "handed-over" && move.to !== undefined && move.to !== node) {
      if (this.#told.some((told) => isSame(told.move, move))) return []
      const taker = this.#takers.find((one) => isSame(one.move, move))
      this.#takers = this.#takers.filter((one) => one !== taker)
      if (taker !== undefined) return this.#join(taker.move, move, now)
      this.#givers = [...this.#givers, waiting]
      return []
    }
    if (move.to !== node) return move.to === undefined && move.from === node ? [move] : []
    if (move.reason !== "offered") return [move]
    const giver = this.#givers.find((one) => isSame(one.move, move))
    this.#givers = this.#givers.filter((one) => one !== giver)
    if (giver !== undefined) return this.#join(move, giver.move, now)
    this.#takers = [...this.#takers, waiting]
    return []
  }

  #join(taker: Move, giver: Move, now: Instant): readonly Move[] {
    this.#remember(taker, now)
    return [{ ...taker, offeredBecause: giver.offeredBecause }]
  }

  #remember(move: Move, now: Instant): void {
    this.#told = [...this.#told, { move, until: after(now, 4 * twinPatienceMs) }]
  }
}

/** Whether a journal forgot lines between two reports, so that not every move can be told. */
export const hasForgotten = (before: SpeakerView, now: SpeakerView): boolean => {
  const known = new Set(before.moves.map(keyOf))
  return now.moves.length >= movesKept && !now.moves.some((move) => known.has(keyOf(move)))
}

const keyOf = ({ at, address, from, to, reason }: Move): string =>
  `${at} ${printAddress(address)} ${from ?? ""} ${to ?? ""} ${reason}`
