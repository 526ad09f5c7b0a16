import type { MoveReason, OfferReason } from "../ownership/move.ts"

type MoveCode = MoveReason["code"]

/** What is said of a move to or from a node; a name that the report lacks is left open. `forMs`: " for 480 ms", or nothing. */
type MoveText = (from: string, to: string, forMs: string) => string

/** Exhaustive over ownership's codes: a new one does not compile without its words. */
const moveTexts: Readonly<Record<MoveCode, MoveText>> = {
  "first-claim": (_, to) => `${to} claimed it first: nobody had ever announced it, and nobody answered when it asked`,
  "was-free": (_, to) => `${to} took it, which nobody announced any more: it had been let go, and nobody answered`,
  "holder-silent": (from, to, forMs) => `${to} took it over from ${from}, which had fallen silent${forMs}`,
  "holder-deaf": (from, to) => `${to} took it over from ${from}, which said that it hears nobody`,
  "promise-broken": (from, to, forMs) =>
    `${to} took it over from ${from}, which was to be back from its restart and was not${forMs}`,
  "newer-grant": (from, to) => `${to} took it from ${from}, whose claim was of an older giving of the address`,
  offered: (from, to) => `${to} took it over from ${from}, which offered it on purpose`,
  adopted: (_, to) => `${to} took charge of it: another program on that node had announced it`,
  "held-before-restart": (_, to) => `${to} announces it again after its restart: nobody took it meanwhile`,
  "group-renamed": (_, to) => `${to} goes on with it: the Services that share it changed`,
  "handed-over": (from, to) => `${from} handed it over to ${to}, on purpose`,
  "better-claim": (from, to) => `${from} let it go: the claim of ${to} is newer`,
  deleted: (from) => `${from} let it go: no Service has it any more`,
  withdrawn: (from) => `${from} let it go: nobody may announce it any more`,
}

/** Why a holder gave an address away. */
const offerTexts: Readonly<Record<OfferReason["code"], (from: string) => string>> = {
  leaving: (from) => `${from} was being drained, shut down or removed`,
  "not-in-order": (from) => `${from} may not announce it any more`,
  "not-ready": (from) => `the service proxy of ${from} was not ready`,
  "no-gateway": (from) => `the gateway did not answer ${from} any more, and answered other nodes`,
  "told-to-move": () => "the Service's annotation porchlight.dev/move-to asked for it",
  "preferred-elsewhere": () => "preferredNodeSelectors prefer the other node",
}

/** A line of a speaker's journal as a clause. A code of another version stays as it is. */
export const moveSentence = (move: {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly reason: string
  readonly offeredBecause?: string | undefined
  readonly silentMs?: number | undefined
}): string => {
  if (!isKey(moveTexts, move.reason)) return move.reason
  const from = move.from ?? "its holder"
  const forMs = move.silentMs === undefined ? "" : ` for ${durationText(move.silentMs)}`
  const said = moveTexts[move.reason](from, move.to ?? "another node", forMs)
  const why = move.offeredBecause
  return why !== undefined && isKey(offerTexts, why) ? `${said}: ${offerTexts[why](from)}` : said
}

const isKey = <Key extends string>(texts: Readonly<Record<Key, unknown>>, code: string): code is Key =>
  Object.hasOwn(texts, code)

/** `480 ms`, `4.5 s`, `31 s`, `12 min`: how long something lasted. */
export const durationText = (ms: number): string => {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 10_000) return `${(ms / 1000).toFixed(1)} s`
  return ms < 120_000 ? `${Math.round(ms / 1000)} s` : `${Math.round(ms / 60_000)} min`
}
