import { type Address, printAddress } from "../../net/address.ts"
import { sha256 } from "../../net/sha256.ts"
import { utf8Bytes } from "../../net/utf8.ts"
import type { NodeName } from "../../cluster/name.ts"

/** SHA-256 of `node#ballot`, as MetalLB hashes: node as in Kubernetes, the address in its canonical text. */
export const electionDigest = (node: NodeName, ballotText: string): Uint8Array =>
  sha256(utf8Bytes(`${node}#${ballotText}`))

/**
 * The order of nodes by digest, an address each: the only thing that outlives a snapshot, for a million digests cost
 * half a second. Nodes have slots: a node that goes keeps its slot, a new one is put in its place when next asked.
 */
export type Ranking = {
  /** Slots of these nodes, made as needed. Gone nodes are forgotten, with all orders, once they outnumber the rest. */
  readonly slots: (nodes: Iterable<NodeName>) => readonly number[]
  readonly nodeAt: (slot: number) => NodeName
  /** Every slot, lowest digest first. */
  readonly order: (ballot: Address) => Uint16Array
  /** Forgets an address nobody asks for any more. */
  readonly forget: (ballot: Address) => void
}

/** First 32 bits of each slot's digest beside the order: enough to place a new node, but for one case in four billion. */
type Ranked = { readonly order: Uint16Array; readonly heads: Uint32Array }

/** Gone nodes whose slots are kept whatever the number of living ones. */
const goneMax = 64

export const createRanking = (): Ranking => {
  let slotOf = new Map<NodeName, number>()
  let nodes: NodeName[] = []
  let ranked = new Map<Address, Ranked>()

  const startOver = (): void => {
    slotOf = new Map()
    nodes = []
    ranked = new Map()
  }

  const slotFor = (node: NodeName): number => {
    const known = slotOf.get(node)
    if (known !== undefined) return known
    slotOf.set(node, nodes.length)
    return nodes.push(node) - 1
  }

  return {
    nodeAt: (slot) => nodes[slot]!,

    slots: (wanted) => {
      const list = [...wanted]
      if (nodes.length > 2 * list.length + goneMax) startOver()
      return list.map(slotFor)
    },

    order: (ballot) => {
      const known = ranked.get(ballot)
      if (known !== undefined && known.order.length === nodes.length) return known.order
      const made = rank(nodes, ballot, known)
      ranked.set(ballot, made)
      return made.order
    },

    forget: (ballot) => void ranked.delete(ballot),
  }
}

const rank = (nodes: readonly NodeName[], ballot: Address, known: Ranked | undefined): Ranked => {
  const text = printAddress(ballot)
  const heads = new Uint32Array(nodes.length)
  const from = known?.order.length ?? 0
  if (known !== undefined) heads.set(known.heads)
  for (let slot = from; slot < nodes.length; slot++) heads[slot] = headOf(electionDigest(nodes[slot]!, text))
  const order = new Uint16Array(nodes.length)
  for (let slot = 0; slot < nodes.length; slot++) order[slot] = slot
  order.sort((a, b) => heads[a]! - heads[b]! || compareDigests(nodes[a]!, nodes[b]!, text))
  return { order, heads }
}

const headOf = (digest: Uint8Array): number =>
  ((digest[0]! << 24) | (digest[1]! << 16) | (digest[2]! << 8) | digest[3]!) >>> 0

/** Byte by byte, for two nodes whose first 32 bits are equal. */
const compareDigests = (a: NodeName, b: NodeName, text: string): number => {
  const [ours, theirs] = [electionDigest(a, text), electionDigest(b, text)]
  const at = ours.findIndex((byte, index) => byte !== theirs[index])
  return at < 0 ? 0 : ours[at]! - theirs[at]!
}
