import type { Address } from "../../net/address.ts"
import type { NodeId } from "../../ownership/beat.ts"
import type { SegmentInput } from "../../ownership/input.ts"
import type { Heard } from "./hearing.ts"
import type { Link } from "./link.ts"
import type { MemberDirectory } from "./member-directory.ts"
import type { SegmentView } from "./segment-view.ts"

/** What a frame is read against. */
export type Surrounding = {
  readonly link: Link
  readonly directory: MemberDirectory
  readonly view: SegmentView
  /** The address each open question of ours was about: who does not hold it answers in its own name. */
  readonly questions: ReadonlyMap<number, Address>
}

/** What a frame tells the machine that decides who answers. */
export const sightingOf = (heard: Heard, around: Surrounding): SegmentInput => {
  const member = around.directory.nodeOf(heard.mac)
  const said = member === undefined ? undefined : saidByMember(heard, member, around)
  if (said !== undefined) return said
  const { speaksFor, asksFor } = heard
  if (speaksFor !== undefined && around.view.keyOf(speaksFor) !== undefined)
    return { kind: "foreign", address: speaksFor, mac: heard.mac, member }
  if (asksFor !== undefined && around.view.keyOf(asksFor) !== undefined) return { kind: "request", address: asksFor }
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
      const address = questions.get(token.nonce)
      if (address === undefined) return undefined
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

const isGatewayAnswer = ({ addressed, answers, speaksFor }: Heard, link: Link): boolean =>
  addressed &&
  answers !== undefined &&
  speaksFor !== undefined &&
  (speaksFor === link.gateway4 || speaksFor === link.gateway6)
