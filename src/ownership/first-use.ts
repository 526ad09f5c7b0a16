import type { Mac } from "../net/mac.ts"
import type { Address } from "../net/address.ts"
import { after, type At, type Instant } from "../time/instant.ts"
import type { AddressState } from "./address.ts"
import type { NodeId } from "./beat.ts"
import type { Entry } from "./entry.ts"
import { note, raise } from "./register.ts"
import { freshNonce, type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"
import { become } from "./transition.ts"

type Asking = Extract<AddressState, { is: "asking" }>

/**
 * Before an address is used that nobody is known to hold, everybody is asked three times. True once nobody answered, or
 * the member whose other program holds it did not take it.
 */
export const isUnanswered = (
  state: SegmentState,
  entry: Entry,
  why: Asking["why"],
  since: Instant,
  at: At,
): boolean => {
  const asking = entry.state.is === "asking" && entry.state.why === why ? entry.state : newAsking(state, why, since, at)
  if (asking.adopting !== undefined) return adoptionFailed(state, entry, asking.adopting, at.now)
  if (at.now >= asking.nextAt && asking.sent === timing.probes) return true
  become(state, entry, at.now < asking.nextAt ? asking : askAgain(state, entry, asking, at.now))
  return false
}

const newAsking = (state: SegmentState, why: Asking["why"], since: Instant, at: At): Asking => ({
  is: "asking",
  why,
  since,
  sent: 0,
  nonce: freshNonce(state, at),
  nextAt: at.now,
  adopting: undefined,
})

const askAgain = (state: SegmentState, entry: Entry, asking: Asking, now: Instant): Asking => {
  for (const address of entry.group!.addresses)
    tell(state, { kind: "ask", whom: "everybody", address, nonce: asking.nonce })
  return { ...asking, sent: asking.sent + 1, nextAt: after(now, timing.probeGapMs) }
}

const adoptionFailed = (
  state: SegmentState,
  entry: Entry,
  adopting: NonNullable<Asking["adopting"]>,
  now: Instant,
): boolean => {
  if (now < adopting.until) return false
  raise(state, { code: "member-answers", address: entry.key, member: adopting.member })
  return true
}

/** A grant that nobody has claimed yet is a first use too: its former owner is gone, and no failover waits. */
const isFirstUse = ({ top, group }: Entry): boolean =>
  top === undefined || (group !== undefined && top.grant < group.grant)

/** Somebody answered without our token. Only before first use it matters: afterwards no stranger can block us. */
export const answeredByStranger = (
  state: SegmentState,
  entry: Entry,
  from: { readonly address: Address; readonly mac: Mac; readonly member: NodeId | undefined },
  now: Instant,
): void => {
  if (entry.state.is === "asking" && isFirstUse(entry)) {
    if (entry.state.adopting === undefined) meetStranger(state, entry, entry.state, from, now)
    return
  }
  if (entry.group !== undefined) note(state, { code: "answered-without-token", ...from }, now)
}

const meetStranger = (
  state: SegmentState,
  entry: Entry,
  asking: Asking,
  from: { readonly mac: Mac; readonly member: NodeId | undefined },
  now: Instant,
): void => {
  if (from.member !== undefined)
    become(state, entry, { ...asking, adopting: { member: from.member, until: after(now, timing.offerMs) } })
  else {
    raise(state, { code: "stranger-answers", address: entry.key, mac: from.mac })
    become(state, entry, { is: "conflict", mac: from.mac, retryAt: after(now, timing.conflictRetryMs) })
  }
  state.dirty.add(entry)
}
