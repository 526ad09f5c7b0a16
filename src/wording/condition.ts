import { type Address, printAddress } from "../net/address.ts"
import type { NodeName } from "../cluster/name.ts"
import type { Contest } from "../cluster/speaker-report.ts"
import type { Allocation } from "../decision/allocate/allocation.ts"
import type { Election } from "../decision/elect/election.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import { printMac } from "../net/mac.ts"
import { allocationSummary, massReleaseSentence } from "./allocation.ts"
import { silentSentence } from "./election.ts"
import { listed } from "./list.ts"
import { strangerClause } from "./stranger.ts"

/** A condition of a Service but for its times. Messages are cut to what the API server takes. */
export type Condition = {
  readonly type: "porchlight.dev/Allocated" | "porchlight.dev/Announced"
  readonly status: "True" | "False" | "Unknown"
  /** CamelCase, from the code of the first reason. */
  readonly reason: string
  readonly message: string
}

/** meta/v1 Condition: message at most 32,768 characters; people read the first lines. */
const messageLengthMax = 2000

/** Has the Service an address, and why or why not. `held`: a release of its address waits for a person. */
export const allocatedCondition = (allocation: Allocation, held: MassRelease | undefined): Condition | undefined => {
  if (allocation.kind === "released") return undefined
  const type = "porchlight.dev/Allocated"
  if (held !== undefined)
    return { type, status: "True", reason: "ReleaseWaits", message: cut(massReleaseSentence(held)) }
  if (allocation.kind !== "pending")
    return {
      type,
      status: "True",
      reason: allocation.kind === "kept" ? "Kept" : "Given",
      message: cut(allocationSummary(allocation)),
    }
  return {
    type,
    status: "False",
    reason: camel(allocation.because[0].code),
    message: cut(allocationSummary(allocation)),
  }
}

/** What speakers report about a group's addresses. */
export type Announcing = {
  readonly holders: ReadonlyMap<Address, readonly NodeName[]>
  readonly contested: ReadonlyMap<Address, Contest & { readonly seenBy: NodeName }>
}

/** Does somebody answer for the Service's addresses: what Speaker objects say, beside who may. */
export const announcedCondition = (
  addresses: readonly Address[],
  election: Election | undefined,
  announcing: Announcing,
): Condition => {
  const type = "porchlight.dev/Announced"
  const contest = addresses.flatMap((address) => {
    const found = announcing.contested.get(address)
    return found === undefined
      ? []
      : [
          `${printAddress(address)} ${strangerClause(printMac(found.mac), found.class, found.node)}, seen by ${found.seenBy}`,
        ]
  })
  const unheld = addresses.filter((address) => (announcing.holders.get(address) ?? []).length === 0)
  if (unheld.length === 0 && addresses.length > 0) {
    const said = addresses.map(
      (address) => `${printAddress(address)} by ${listed(announcing.holders.get(address) ?? [])}`,
    )
    return { type, status: "True", reason: "Announced", message: cut([listed(said), ...contest].join("; but ")) }
  }
  if (contest.length > 0)
    return {
      type,
      status: "False",
      reason: "Contested",
      message: cut(
        `${listed(contest)}; find that machine: porchlight explain ${printAddress(unheld[0] ?? addresses[0]!)}`,
      ),
    }
  if (election === undefined)
    return { type, status: "False", reason: "NoAddress", message: "it has no address to announce" }
  if (election.outcome.kind === "nobody")
    return {
      type,
      status: "False",
      reason: camel(election.outcome.because[0].code),
      message: cut(election.outcome.because.map(silentSentence).join(". Also: ")),
    }
  const first = election.outcome.order[0].node
  return {
    type,
    status: "False",
    reason: "NotYet",
    message: cut(`${listed(unheld.map(printAddress))} is not yet answered for; first in order is ${first}`),
  }
}

const camel = (code: string): string =>
  code
    .split("-")
    .map((word) => word.slice(0, 1).toUpperCase() + word.slice(1))
    .join("")

const cut = (message: string): string =>
  message.length > messageLengthMax ? `${message.slice(0, messageLengthMax)}...` : message
