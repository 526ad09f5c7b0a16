import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { compareAddresses, parseAddress, printAddress, type Ipv4, type Ipv6 } from "../../net/address.ts"
import { parsePrefix } from "../../net/prefix.ts"
import type { LabPod, NodeShare } from "../topology/layout.ts"

/** A Pod object without an address gets one from here up; the scenarios name theirs below. */
const firstFreeHost = 100

export const nodeOf = (pod: JsonObject): string => textAt(pod, "spec", "nodeName") ?? ""

export const keyOf = (pod: JsonObject): string =>
  `${textAt(pod, "metadata", "namespace") ?? "default"}/${textAt(pod, "metadata", "name") ?? ""}`

/** A Pod object as what runs on its node; addresses it does not name are the next of the node's share. */
export const labPod = (object: JsonObject, share: NodeShare, taken: readonly string[]): LabPod => {
  const named = [
    ...listAt(object, "status", "podIPs").map((entry) => textAt(entry, "ip")),
    textAt(object, "status", "podIP"),
  ]
  const own = [...new Set(named.filter((address) => address !== undefined))]
  const [namespace = "", name = ""] = keyOf(object).split("/")
  return {
    namespace,
    name,
    node: nodeOf(object),
    addresses: own.length > 0 ? own : share.podCidrs.map((cidr) => freeAddress(cidr, taken)),
  }
}

const freeAddress = (cidr: string, taken: readonly string[]): string => {
  const network = parsePrefix(cidr)?.address
  if (network === undefined) throw new Error(`${cidr} is no prefix`)
  const used = taken.flatMap((text) => parseAddress(text) ?? [])
  for (let host = firstFreeHost; ; host++) {
    const address = typeof network === "number" ? ((network + host) as Ipv4) : ((network + BigInt(host)) as Ipv6)
    if (!used.some((other) => compareAddresses(other, address) === 0)) return printAddress(address)
  }
}
