import { type Address, type NonEmpty, printAddress } from "../net/address.ts"
import type { NodeName, ServiceName } from "../cluster/name.ts"
import type { Service } from "../cluster/service.ts"
import type { Allocation, AllocationReason } from "../decision/allocate/allocation.ts"
import { allocationSentence } from "./allocation.ts"

/** An event on a Service, with MetalLB's reasons and phrases, so that dashboards and alerts go on working. */
export type ServiceEvent = { readonly type: "Normal" | "Warning"; readonly reason: string; readonly message: string }

/** What a controller says when a Service's allocation changed; nothing where nothing did. */
export const allocationEvents = (
  service: Pick<Service, "name" | "reported">,
  before: Allocation | undefined,
  now: Allocation | undefined,
): readonly ServiceEvent[] => {
  if (now === undefined || before === now) return []
  const events: ServiceEvent[] = []
  const lost = now.kind === "released" ? undefined : now.lost
  if (lost !== undefined && lostOf(before) !== lost)
    events.push({
      type: "Normal",
      reason: "ClearAssignment",
      message: `Clearing ${ips(lost.addresses)}: ${because(lost.because)}`,
    })
  switch (now.kind) {
    case "given":
      events.push({ type: "Normal", reason: "IPAllocated", message: `Assigned IP ${ips(now.addresses)}` })
      break
    case "kept":
      events.push(...keptEvents(service, before, now))
      break
    case "pending":
      events.push(pendingEvent(service.name, now.because))
      break
    case "released":
      break
  }
  return events
}

const lostOf = (allocation: Allocation | undefined): unknown =>
  allocation === undefined || allocation.kind === "released" ? undefined : allocation.lost

const keptEvents = (
  service: Pick<Service, "reported">,
  before: Allocation | undefined,
  { addresses, added, passedOver }: Allocation & { readonly kind: "kept" },
): readonly ServiceEvent[] => {
  const events: ServiceEvent[] = []
  if (added.some((address) => !service.reported.includes(address)))
    events.push({ type: "Normal", reason: "IPAllocated", message: `Assigned additional IP ${added.map(ip).join(" ")}` })
  const misunderstood = passedOver.filter((reason) => wishes.has(reason.code))
  const wasMisunderstood = before?.kind === "kept" && before.passedOver.some((reason) => wishes.has(reason.code))
  if (misunderstood.length > 0 && !wasMisunderstood)
    events.push({
      type: "Warning",
      reason: "LoadBalancerFailed",
      message: `${ips(addresses)} stays: ${because(misunderstood)}`,
    })
  const second = passedOver.filter(({ code }) => noSecond.has(code))
  const knewSecond =
    before?.kind === "kept" && before.passedOver.some((reason) => second.some(({ code }) => code === reason.code))
  if (second.length > 0 && added.length === 0 && !knewSecond)
    events.push({ type: "Normal", reason: "AdditionalAssignFailed", message: `No second address: ${because(second)}` })
  return events
}

const noSecond: ReadonlySet<AllocationReason["code"]> = new Set(["pool-full", "pool-lacks-family", "release-awaited"])

const wishes: ReadonlySet<AllocationReason["code"]> = new Set([
  "contradicting-wishes",
  "malformed-wish",
  "wished-families-differ",
])

const pendingEvent = (name: ServiceName, reasons: NonEmpty<AllocationReason>): ServiceEvent => {
  const [first] = reasons
  const reason = eventReasons.get(first.code) ?? "AllocationFailed"
  return { type: "Warning", reason, message: `Failed to allocate IP for "${name}": ${because(reasons)}` }
}

/** The blanks in the third are MetalLB's. */
const eventReasons: ReadonlyMap<AllocationReason["code"], string> = new Map<AllocationReason["code"], string>([
  ["no-cluster-address", "noclusterIPsIPFamily"],
  ["unclear-families", "noclusterIPsIPFamily"],
  ["second-family-missing", "not enough clusterips"],
])

/** MetalLB's phrase where it has one, then ours, which says more. */
const because = (reasons: readonly AllocationReason[]): string =>
  reasons
    .map((reason) =>
      [metallbPhrase(reason), allocationSentence(reason)].filter((text) => text !== undefined).join(": "),
    )
    .join("; also: ")

/** The fragments that people search logs and events for. */
const metallbPhrase = (reason: AllocationReason): string | undefined => {
  switch (reason.code) {
    case "outside-every-pool":
    case "buggy-address":
      return `["${printAddress(reason.address)}"] is not allowed in config`
    case "pool-not-for-service":
      return `pool ${reason.pool} not compatible for ip assignment`
    case "unknown-pool":
      return `unknown pool "${reason.pool}"`
    case "no-pools":
      return "no available IPs"
    case "pool-full":
    case "pool-lacks-family":
      return `no available IPs in pool ${reason.pool}`
    case "wished-families-differ":
      return `requested loadBalancer IP(s) ${ips(reason.wished)} does not match the ipFamily of the service`
    case "outside-wished-pool":
      return `requested loadBalancer IP(s) ["${printAddress(reason.address)}"] is not compatible with requested address pool ${reason.wished}`
    case "contradicting-wishes":
      return "service can not have both metallb.io/loadBalancerIPs and svc.Spec.LoadBalancerIP"
    case "sharing-refused":
      return reason.refusal.rule === "port-taken"
        ? `port ${reason.refusal.port.protocol}/${reason.refusal.port.port} is already in use on "${printAddress(reason.address)}"`
        : `can't change sharing key for this Service, address also in use by ${reason.with}`
    case "contested":
    case "family-changed":
    case "malformed-wish":
    case "no-cluster-address":
    case "not-in-ledger":
    case "of-two-pools":
    case "pool-unreadable":
    case "release-awaited":
    case "reserved":
    case "second-family-missing":
    case "unclear-families":
    case "wish-changed":
      return undefined
  }
}

const ip = (address: Address): string => `"${printAddress(address)}"`
const ips = (addresses: readonly Address[]): string => `[${addresses.map(ip).join(" ")}]`

/** Said by a node's speaker when it begins to answer for a Service. */
export const nodeAssigned = (node: NodeName): ServiceEvent => ({
  type: "Normal",
  reason: "nodeAssigned",
  message: `announcing from node "${node}" with protocol "layer2"`,
})

/** Said once for a Service with annotations of the old prefix. */
export const deprecatedAnnotation = (names: readonly string[]): ServiceEvent => ({
  type: "Warning",
  reason: "deprecatedAnnotation",
  message: `${names.join(", ")}: the prefix metallb.universe.tf is deprecated; write metallb.io`,
})
