import type { Address } from "../../net/address.ts"
import type { NodeId } from "../../ownership/beat.ts"
import type { SegmentInput } from "../../ownership/input.ts"
import { after, type Instant } from "../../time/instant.ts"
import type { Heard } from "./hearing.ts"
import type { Link } from "./link.ts"
import type { MemberDirectory } from "./member-directory.ts"
import type { SegmentView } from "./segment-view.ts"
import type { OpenQuestion } from "./voice.ts"

/** What a frame is read against. */
export type Surrounding = {
  readonly link: Link
  readonly directory: MemberDirectory
  readonly view: SegmentView
  readonly questions: ReadonlyMap<number, OpenQuestion>
  readonly isHeld: (address: Address) => boolean
}

/** An answer that comes later than this is none to our question. */
const answerWithinMs = 1000

/** What a frame tells the machine that decides who answers. */
export const sightingOf = (heard: Heard, around: Surrounding, now: Instant): SegmentInput => {
  const member = around.directory.nodeOf(heard.mac)
  const said = member === undefined ? undefined : saidByMember(heard, member, around)
  if (said !== undefined) return said
  const { speaksFor, asksFor } = heard
  const isOurs = (address: Address): boolean => around.view.keyOf(address) !== undefined || around.isHeld(address)
  if (speaksFor !== undefined && isOurs(speaksFor))
    return member === undefined || isOutOfPlace(speaksFor, around, now)
      ? { kind: "foreign", address: speaksFor, mac: heard.mac, member }
      : { kind: "sighting" }
  if (asksFor !== undefined && isOurs(asksFor)) return { kind: "request", address: asksFor }
  return isGatewayAnswer(heard, around.link) ? { kind: "gateway" } : { kind: "sighting" }
}

/** The three tokens; undefined where there is none that fits. */
const saidByMember = (heard: Heard, from: NodeId, { questions }: Surrounding): SegmentInput | undefined => {
  const { token, speaksFor, asksFor } = heard
  switch (token.kind) {
    case "question": {
      if (asksFor === undefined) return undefined
      return { kind: "question", from, address: asksFor, nonce: token.nonce, addressed: heard.addressed }
    }
    case "answer": {
      const address = questions.get(token.nonce)?.address
      // Nobody waits for it: a standing question's. Its speaker answers, no kernel, and claims settle who holds what.
      if (address === undefined) return { kind: "sighting" }
      const holds = token.grant === 0 ? undefined : token.grant - 1
      return { kind: "answer", from, address, holds, nonce: token.nonce }
    }
    case "announcement": {
      if (speaksFor === undefined) return undefined
      return { kind: "announcement", from, address: speaksFor, grant: token.grant, epoch: token.epoch }
    }
    case "no-token":
      return undefined
  }
}

/**
 * A member's frame without a token is what clients get from a holder; this node's own kernel may be such a client. It
 * says something only as an answer to a question, which a speaker answers with its token, or for what is held here.
 */
const isOutOfPlace = (address: Address, { questions, isHeld }: Surrounding, now: Instant): boolean =>
  isHeld(address) ||
  [...questions.values()].some((open) => open.address === address && now < after(open.askedAt, answerWithinMs))

const isGatewayAnswer = ({ addressed, answers, speaksFor }: Heard, link: Link): boolean =>
  addressed &&
  answers !== undefined &&
  speaksFor !== undefined &&
  (speaksFor === link.gateway4 || speaksFor === link.gateway6)
