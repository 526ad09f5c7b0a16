import type { Address } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { prefixHolds } from "../../net/prefix.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"
import type { NodeId } from "../../ownership/beat.ts"
import type { Member as SegmentMember } from "../../ownership/group.ts"
import type { Instant } from "../../time/instant.ts"
import type { Member } from "../intent.ts"
import type { Link } from "./link.ts"

/** The first 32 bits of SHA-256 of a node's name. */
export const nodeIdOf = (node: string): NodeId => {
  const digest = sha256(utf8Bytes(node))
  return (((digest[0]! << 24) | (digest[1]! << 16) | (digest[2]! << 8) | digest[3]!) >>> 0) as NodeId
}

/** Two names of the list whose ids are equal: nobody could tell them apart in a beat. */
export const collidingNodes = (nodes: readonly string[]): readonly [string, string] | undefined => {
  const names = new Map<NodeId, string>()
  for (const node of nodes) {
    const other = names.get(nodeIdOf(node))
    if (other !== undefined && other !== node) return [other, node]
    names.set(nodeIdOf(node), node)
  }
  return undefined
}

/** Who else speaks on one link: by id, where its beats go, and by which MAC its frames are known. */
export class MemberDirectory {
  readonly #self: NodeId
  readonly #names = new Map<NodeId, string>()
  readonly #addresses = new Map<NodeId, Address>()
  readonly #learned = new Map<NodeId, Address>()
  readonly #macs = new Map<NodeId, Mac>()
  readonly #nodesByMac = new Map<Mac, NodeId>()
  readonly #heardAt = new Map<NodeId, Instant>()
  /** Every interface that Speaker objects report, this node's too. It tells whose a MAC is, not who may speak by it. */
  readonly #owners = new Map<Mac, NodeId>()
  /** A name is hashed once, not once a group and candidate. */
  readonly #ids = new Map<string, NodeId>()

  constructor(self: string) {
    this.#self = nodeIdOf(self)
    this.#names.set(this.#self, self)
  }

  /** Replaces the list. An address there: its InternalIP if inside the link's networks, else one its Speaker object reports. */
  list(members: readonly Member[], link: Link): readonly SegmentMember[] {
    this.#names.clear()
    this.#addresses.clear()
    this.#owners.clear()
    const here = (address: Address): boolean =>
      link.prefixes.some((prefix) => prefixHolds(prefix, address)) && !link.addresses.includes(address)
    for (const { node, addresses, reported } of members) {
      const id = this.idOf(node)
      this.#names.set(id, node)
      for (const { mac } of reported) if (mac !== undefined) this.#owners.set(mac, id)
      if (id === this.#self) continue
      const found = [...addresses, ...reported.flatMap((one) => one.addresses)].find(here)
      if (found !== undefined) this.#addresses.set(id, found)
      for (const one of reported)
        if (one.mac !== undefined && !this.#macs.has(id) && one.addresses.some(here)) this.meet(id, one.mac)
    }
    return [...this.#names.keys()]
      .filter((node) => node !== this.#self)
      .map((node) => ({ node, reachable: this.addressOf(node) !== undefined }))
  }

  /** A beat came: whoever signs with the key is heard and answered, in the list or not. */
  hear(node: NodeId, address: Address, mac: Mac, now: Instant): void {
    this.#learned.set(node, address)
    this.#heardAt.set(node, now)
    this.meet(node, mac)
  }

  meet(node: NodeId, mac: Mac): void {
    const before = this.#macs.get(node)
    if (before === mac) return
    if (before !== undefined) this.#nodesByMac.delete(before)
    this.#macs.set(node, mac)
    this.#nodesByMac.set(mac, node)
  }

  idOf(node: string): NodeId {
    const id = this.#ids.get(node) ?? nodeIdOf(node)
    this.#ids.set(node, id)
    return id
  }

  /** When its last beat came. */
  heardAt(node: NodeId): Instant | undefined {
    return this.#heardAt.get(node)
  }

  addressOf(node: NodeId): Address | undefined {
    return this.#addresses.get(node) ?? this.#learned.get(node)
  }

  macOf(node: NodeId): Mac | undefined {
    return this.#macs.get(node)
  }

  nodeOf(mac: Mac): NodeId | undefined {
    return this.#nodesByMac.get(mac)
  }

  /** The node that has the MAC on any of its interfaces. */
  ownerOf(mac: Mac): NodeId | undefined {
    return this.#nodesByMac.get(mac) ?? this.#owners.get(mac)
  }

  isSelf(node: NodeId): boolean {
    return node === this.#self
  }

  /** The name of an id, or the id in hexadecimal where no list has it. */
  nameOf(node: NodeId): string {
    return this.#names.get(node) ?? `node ${node.toString(16).padStart(8, "0")}`
  }
}
