import type { MoveReason } from "../ownership/move.ts"

type MoveCode = MoveReason["code"]

/** What is said of a move to or from a node; a name that the report lacks is left open. */
type MoveText = (from: string, to: string) => string

/** Exhaustive over ownership's codes: a new one does not compile without its words. */
const moveTexts: Readonly<Record<MoveCode, MoveText>> = {
  "first-claim": (_, to) => `${to} claimed it first: nobody had ever announced it, and nobody answered when it asked`,
  "was-free": (_, to) => `${to} took it, which nobody announced any more: it had been let go, and nobody answered`,
  "holder-silent": (from, to) => `${to} took it over from ${from}, which had fallen silent`,
  "holder-deaf": (from, to) => `${to} took it over from ${from}, which said that it hears nobody`,
  "promise-broken": (from, to) => `${to} took it over from ${from}, which was to be back from its restart and was not`,
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

const isMoveCode = (code: string): code is MoveCode => Object.hasOwn(moveTexts, code)

/** A line of a speaker's journal as a clause. A code of another version stays as it is. */
export const moveSentence = (move: {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly reason: string
}): string =>
  isMoveCode(move.reason) ? moveTexts[move.reason](move.from ?? "its holder", move.to ?? "another node") : move.reason
