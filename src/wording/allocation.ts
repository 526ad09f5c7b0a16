import { type Address, printAddress } from "../net/address.ts"
import { printMac } from "../net/mac.ts"
import { printRange } from "../net/range.ts"
import { printTimestamp } from "../kubernetes/timestamp.ts"
import type { Labels } from "../cluster/name.ts"
import type { Reservation } from "../cluster/reservation.ts"
import type { ServicePort } from "../cluster/service.ts"
import type { Allocation, AllocationReason, SharingRefusal } from "../decision/allocate/allocation.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import { listed } from "./list.ts"

/** One reason as a clause: what stands in the way, then after a semicolon what to do, where there is something. */
export const allocationSentence = (reason: AllocationReason): string => {
  switch (reason.code) {
    case "no-pools":
      return "there is no pool; create an IPAddressPool"
    case "no-cluster-address":
      return "the Service has no cluster address (it is headless, or not yet given one); give it a clusterIP"
    case "unclear-families":
      return `its cluster addresses ${addresses(reason.clusterAddresses)} do not say which families it has; set ipFamilyPolicy`
    case "second-family-missing":
      return `it requires both families, but its only cluster address is ${addresses(reason.clusterAddresses)}; give the cluster both families or use PreferDualStack`
    case "contradicting-wishes":
      return `${reason.fields.join(" and ")} are both set; remove the second`
    case "malformed-wish":
      return `${reason.field} is "${reason.value.slice(0, 120)}": ${reason.because}; write one address a family, separated by a comma`
    case "wished-families-differ":
      return `it asks for ${addresses(reason.wished)}, but has ${listed(reason.families.map((family) => `IPv${family}`))}; ask for one address of each`
    case "unknown-pool":
      return `it asks for pool ${reason.pool}, which does not exist${reason.nearest === undefined ? "; create it, or name another" : `; did you mean ${reason.nearest}?`}`
    case "outside-every-pool":
      return `${printAddress(reason.address)} is in no pool${reason.nearest === undefined ? "; add it to one" : `; the nearest is ${reason.nearest}: add it there, or ask for one of its addresses`}`
    case "outside-wished-pool":
      return `${printAddress(reason.address)} is in pool ${reason.pool}, but it asks for pool ${reason.wished}; drop one of the two wishes`
    case "of-two-pools":
      return `${addresses(reason.addresses)} are in ${listed(reason.pools)}, and a Service has all its addresses from one pool; put both ranges into one`
    case "pool-not-for-service":
      return `pool ${reason.pool} is not for it: ${poolRule[reason.rule]}`
    case "pool-unreadable":
      return `pool ${reason.pool} gives nothing new, because whom it is for cannot be read; mend its serviceAllocation`
    case "pool-lacks-family":
      return `pool ${reason.pool} has no IPv${reason.family} addresses; add a range`
    case "pool-full":
      return `pool ${reason.pool} is full: ${reason.taken} of ${reason.capacity} IPv${reason.family} addresses are given${Number(reason.reserved) > 0 ? `, ${reason.reserved} ${Number(reason.reserved) === 1 ? "is" : "are"} somebody else's` : ""}; add a range, or share an address`
    case "buggy-address":
      return `${printAddress(reason.address)} ends in .0 or .255, which pool ${reason.pool} avoids; ask for another`
    case "reserved":
      return `${printAddress(reason.address)} is ${reservation(reason.by)}; ask for another, or correct Network/${reason.by.network}`
    case "contested":
      return `${printAddress(reason.address)} is answered for by ${printMac(reason.mac)}, as ${reason.seenBy} saw; find that machine: porchlight explain ${printAddress(reason.address)}`
    case "sharing-refused":
      return `${printAddress(reason.address)} belongs to ${reason.with} and may not be shared: ${sharingSentence(reason.refusal)}`
    case "release-awaited":
      return `${printAddress(reason.address)} is to be its own, but ${listed(reason.from)} ${reason.from.length === 1 ? "has" : "have"} it until a person confirms that release; if it is meant: ${confirmCommand(reason.confirmation)}`
    case "wish-changed":
      return `it no longer asks for ${printAddress(reason.address)}`
    case "family-changed":
      return `it no longer has a family of ${printAddress(reason.address)}, or now needs two from one pool`
    case "not-in-ledger":
      return `its status names ${printAddress(reason.address)}, but no ledger gives it that address; ask for it with metallb.io/loadBalancerIPs`
  }
}

const poolRule = {
  "auto-assign-off": "autoAssign is false; ask for it by name with metallb.io/address-pool",
  namespace: "its serviceAllocation names other namespaces; add this one, or ask another pool",
  selector: "its serviceSelectors select other labels; label the Service, or ask another pool",
} as const

/** Which of the four sharing rules fails, for this Service beside another. */
export const sharingSentence = (refusal: SharingRefusal): string => {
  switch (refusal.rule) {
    case "key-missing":
      return `${{ this: "this one has", other: "the other has", both: "neither has" }[refusal.on]} ${refusal.on === "both" ? "" : "no "}metallb.io/allow-shared-ip; set it to the same value on both`
    case "key-differs":
      return `the keys "${refusal.ours.slice(0, 64)}" and "${refusal.theirs.slice(0, 64)}" differ; set metallb.io/allow-shared-ip to the same value on both`
    case "pods-differ":
      return `a Local Service shares only with the same pods, and ${podsText(refusal.ours)} is not ${podsText(refusal.theirs)}; make both Cluster, or give one its own address`
    case "port-taken":
      return `port ${portText(refusal.port)} is taken there; use another port or another address`
  }
}

const podsText = (labels: Labels | undefined): string =>
  labels === undefined
    ? "any pod (Cluster)"
    : [...labels]
        .map(([key, value]) => `${key}=${value}`)
        .sort()
        .join(",") || "no selector"

export const portText = ({ protocol, port }: ServicePort): string => `${port}/${protocol.toLowerCase()}`

/** Whose an address is, by the facts. */
const reservation = ({ kind, name, network, range }: Reservation): string => {
  const by = network === undefined ? "" : ` (Network/${network})`
  switch (kind) {
    case "gateway":
      return `the gateway of ${name}${by}`
    case "dhcp-range":
      return `in the DHCP range ${printRange(range)} of ${name}${by}`
    case "dhcp-reservation":
      return `reserved in DHCP for ${name}${by}`
    case "host":
      return `the host ${name}${by}`
    case "router":
      return `the router ${name}${by}`
    case "virtual-address":
      return `the virtual address ${name}${by}`
    case "node":
      return `the own address of node ${name}`
    case "subnet-edge":
      return `the network or broadcast address of ${name}${by}`
  }
}

const addresses = (list: readonly Address[]): string => listed(list.map(printAddress))

/** What became of a Service's wish for an address, in one line. */
export const allocationSummary = (allocation: Allocation): string => {
  switch (allocation.kind) {
    case "kept":
      return allocation.added.length === 0
        ? keptSentence(allocation)
        : `kept, and ${addresses(allocation.added)} added for its other family (pool ${allocation.pool})`
    case "given":
      return `given ${addresses(allocation.addresses)}: ${givenBy[allocation.by]} (pool ${allocation.pool})`
    case "pending":
      return `no address: ${allocation.because.map(allocationSentence).join(". Also: ")}`
    case "released":
      return allocation.lost === undefined
        ? "no load balancer"
        : `no load balancer any more: ${addresses(allocation.lost)} goes back`
  }
}

const keptSentence = ({ addresses: has, pool, giving }: Allocation & { readonly kind: "kept" }): string =>
  giving === undefined || giving.by === "adopted"
    ? `kept: it had ${addresses(has)} and that is still valid (pool ${pool})`
    : `given ${addresses(has)} on ${minuteText(giving.since)}: ${wasGivenBy[giving.by]} (pool ${pool}); still valid`

/** `2026-11-21 19:26 UTC`: who reads a condition may be in any time zone. */
const minuteText = (wallSeconds: number): string => `${printTimestamp(wallSeconds).slice(0, 16).replace("T", " ")} UTC`

const wasGivenBy = {
  wish: "it asked for it",
  former: "it had had it before",
  choice: "the lowest that was free or could be shared",
} as const

const givenBy = {
  wish: "it asks for it",
  former: "it had it before",
  choice: "the lowest that is free or may be shared",
} as const

const confirmCommand = (code: string): string =>
  `kubectl annotate addressledgers --all --overwrite porchlight.dev/confirm-release=${code}`

/** Why a release waits, and how to let it happen. */
export const massReleaseSentence = ({ code, addresses: going, services, given }: MassRelease): string =>
  `${going.length} of ${given} addresses would go back at once (${listed(services.slice(0, 3))}${services.length > 3 ? ` and ${services.length - 3} more` : ""}). That looks like a mistake, so nothing is released; if it is meant: ${confirmCommand(code)}`
