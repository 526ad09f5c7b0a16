import { after, type Instant } from "../time/instant.ts"
import { addressIndex } from "./address-index.ts"
import type { Finding } from "./finding.ts"
import { type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"

/** What a finding is about; at most one of each stands. */
const nameOf = (finding: Finding): string => {
  if ("address" in finding) return `${finding.code} ${addressIndex(finding.address)}`
  return "peer" in finding ? `${finding.code} ${finding.peer}` : finding.code
}

/** A state of affairs: stands until it is cleared. */
export const raise = (state: SegmentState, finding: Finding): void => stand(state, finding, undefined)

/** A single event: withdrawn by itself when it does not come again. */
export const note = (state: SegmentState, finding: Finding, now: Instant): void =>
  stand(state, finding, after(now, timing.eventMs))

const stand = (state: SegmentState, finding: Finding, until: Instant | undefined): void => {
  const name = nameOf(finding)
  const isNew = !state.findings.has(name)
  state.findings.set(name, { finding, until })
  if (isNew) tell(state, { kind: "finding", finding, on: true })
}

/** Clears the finding of that code and subject, if it stands. */
export const clear = (state: SegmentState, finding: Finding): void => clearName(state, nameOf(finding))

/** Withdraws events that are long past. */
export const withdrawPast = (state: SegmentState, now: Instant): void => {
  for (const [name, { until }] of state.findings) if (until !== undefined && until <= now) clearName(state, name)
}

const clearName = (state: SegmentState, name: string): void => {
  const standing = state.findings.get(name)
  if (standing === undefined) return
  state.findings.delete(name)
  tell(state, { kind: "finding", finding: standing.finding, on: false })
}
