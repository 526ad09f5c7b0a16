import type { JsonObject } from "../../kubernetes/http.ts"
import { type Address, printAddress } from "../../net/address.ts"
import { printMac } from "../../net/mac.ts"
import type { Finding as SegmentFinding } from "../../ownership/finding.ts"
import { type StrangerClass, strangerRemedy, strangerWords } from "../../wording/stranger.ts"
import type { Finding } from "../announcer/finding.ts"

/** A finding as the Speaker object, the log and `inspect` tell it: its code, a sentence, and its facts as texts. */
export type ToldFinding = { readonly code: string; readonly message: string; readonly facts: JsonObject }

/** Says what happened, to what, why, and what to do next. */
export const tellFinding = (finding: Finding): ToldFinding => {
  switch (finding.code) {
    case "segment":
      return tellSegment(finding.finding, finding.link, finding.nodes)
    case "foreign-answer": {
      const { link, stranger } = finding
      const [address, mac] = [printAddress(finding.address), printMac(finding.mac)]
      const node = "node" in stranger ? stranger.node : undefined
      const is: StrangerClass = stranger.is
      const does = is === "other-cluster" ? "wants" : "also answers for"
      const message = `${mac} on ${link} ${does} ${address}: it is ${strangerWords(is, node)}. The address is kept; ${strangerRemedy(is)}`
      return told("foreign-answer", message, { link, address, mac, class: is, ...(node !== undefined && { node }) })
    }
    case "gateway-silent": {
      const [address, gateway] = [printAddress(finding.address), printAddress(finding.gateway)]
      const message = `the gateway ${gateway} on ${finding.link} has not answered about ${address}: it may still send packets to where the address was. See whether it answers ping, and clear its ARP entry if it does`
      return told("gateway-silent", message, { link: finding.link, address, gateway })
    }
    case "heard-by-others":
      return told(
        finding.code,
        `what ${finding.node} sends does not arrive on ${finding.link}, while other nodes hear it: packets are lost between these two nodes, in this direction at least. Nothing moves because of it; look at the cables and switch ports between them`,
        { link: finding.link, node: finding.node },
      )
    case "duplicate-node": {
      const macs = finding.macs.map(printMac)
      return told(
        finding.code,
        `${macs.join(" and ")} on ${finding.link} both say that they are the node ${finding.node}: only the one known first is believed. Give each speaker the name of its own node; if the names are right, somebody repeats recorded beats`,
        { link: finding.link, node: finding.node, macs },
      )
    }
    case "link-without-address":
      return told(
        finding.code,
        `${finding.link} has no address, so other speakers cannot be told anything there and nothing is announced on it: give it an address, or exclude it by name`,
        { link: finding.link },
      )
    case "same-network":
      return told(
        finding.code,
        `${finding.link} is in the network of another interface of this node, which speaks for both: exclude one of them by name if that is the wrong one`,
        { link: finding.link },
      )
    case "no-interface": {
      const wanted = finding.wanted.join(", ")
      const key = printAddress(finding.key)
      const message = `${key} may be announced on ${wanted} only, and this node has none of them in use: correct the L2Advertisement's interfaces or its nodeSelectors`
      return told(finding.code, message, { address: key, wanted: [...finding.wanted] })
    }
    case "node-id-collision": {
      const [one, other] = finding.nodes
      const message = `the nodes ${one} and ${other} have the same id, so their speakers cannot be told apart: rename one of them`
      return told(finding.code, message, { nodes: [one, other] })
    }
  }
}

const told = (code: string, message: string, facts: JsonObject): ToldFinding => ({ code, message, facts })

const tellSegment = (finding: SegmentFinding, link: string, nodes: readonly string[]): ToldFinding => {
  const say = (message: string, facts: JsonObject): ToldFinding => told(finding.code, message, { link, ...facts })
  const who = nodes.join(", ")
  switch (finding.code) {
    case "beats-blocked":
      return say(
        `${who} answers questions on ${link}, but its beats do not arrive: something filters UDP port ${finding.port} between the nodes. Failover still works, slower; open the port`,
        { node: who, port: finding.port },
      )
    case "nobody-heard":
      return say(
        `none of ${finding.members} other speakers is heard on ${link}, though it is connected: either all are down, or something filters UDP port ${finding.port} and ARP between the nodes`,
        { members: finding.members, port: finding.port },
      )
    case "gateway-lost":
      return say(
        `the gateway has stopped answering this node on ${link}, and answers ${who}: what it sends through the gateway may be lost, so its addresses are offered to other nodes. Look at the path between this node and the gateway: switch ports, ARP filters, port security`,
        { node: who },
      )
    case "hears-nothing":
      return say(`nothing at all arrives on ${link}: look at its cable, its switch port and its VLAN`, {})
    case "stranger-answers":
    case "answered-without-token": {
      const [address, mac] = [printAddress(finding.address), printMac(finding.mac)]
      return say(`${mac} on ${link} answers for ${address}`, { address, mac })
    }
    case "member-answers":
      return sayAddress(finding.address, say, (address) => [
        `the kernel of ${who} answers for ${address} although its speaker does not hold it: set strictARP in kube-proxy's configuration`,
        { node: who },
      ])
    case "nobody-takes":
      return sayAddress(finding.address, say, (address) => [
        `${address} should move away from this node and nobody takes it${who === "" ? "" : ` (asked: ${who})`}. It is kept; look at the readiness of the other nodes`,
        { tried: [...nodes] },
      ])
    case "no-witness":
      return sayAddress(finding.address, say, (address) => [
        `this node hears nobody answer for ${address}, and cannot tell that it is connected itself: it hears no other speaker, gateway or client on ${link}`,
        {},
      ])
    case "malformed-claim":
      return sayAddress(finding.address, say, (address) => [
        `${who} claimed ${address} with an epoch that leaves no room for a successor; it is ignored. Look at that node's clock`,
        { node: who },
      ])
    case "stalled":
      return say(
        `this speaker was not run for ${Math.round(finding.gapMs)} ms: its addresses were silent until others confirmed them. Give it CPU; a CPU limit stops it for up to 90 ms in each 100`,
        { gapMs: Math.round(finding.gapMs) },
      )
  }
}

const sayAddress = (
  address: Address,
  say: (message: string, facts: JsonObject) => ToldFinding,
  words: (address: string) => readonly [string, JsonObject],
): ToldFinding => {
  const text = printAddress(address)
  const [message, facts] = words(text)
  return say(message, { address: text, ...facts })
}
