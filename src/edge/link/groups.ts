import { addressBytes, type Ipv6, printAddress } from "../../net/address.ts"
import { type Failure, failure } from "../failure.ts"
import { AF_INET6, IPPROTO_IPV6, IPV6_JOIN_GROUP, IPV6_LEAVE_GROUP, SOCK_CLOEXEC, SOCK_DGRAM } from "./abi.ts"
import * as libc from "./libc.ts"

/** Sockets a link may use up: at some 360 groups each on the oldest kernels (20 KiB optmem_max) enough for 23,000 addresses. */
const shardsMax = 64

/** Multicast groups of one link, so that switches which snoop MLD pass solicitations for our addresses. */
export type GroupMembership = {
  /** Joins what is new, leaves what is gone. A failure names the first group that could not be joined; the others are. */
  readonly set: (groups: ReadonlySet<Ipv6>) => Failure | undefined
  /** Tries again what could not be joined. */
  readonly retry: () => Failure | undefined
  /** Joins all anew: after the link was down or IPv6 was off, the kernel may have forgotten, and switches have. */
  readonly renew: () => Failure | undefined
  readonly close: () => void
}

/**
 * Memberships by IPV6_JOIN_GROUP: only they send MLD reports (a packet socket's own are deaf behind a snooping switch,
 * measured). A socket holds a few hundred to 2,340 groups, then ENOMEM: the next ones go to another socket.
 */
export const openGroups = (link: { readonly index: number; readonly name: string }): GroupMembership => {
  /** The newest, which has room, first. */
  const shards: number[] = []
  const shardOf = new Map<Ipv6, number>()
  let wanted: ReadonlySet<Ipv6> = new Set()

  const join = (group: Ipv6): number => {
    for (const shard of shards) {
      const result = libc.setsockopt(shard, IPPROTO_IPV6, IPV6_JOIN_GROUP, request(group, link.index))
      if (result >= 0) shardOf.set(group, shard)
      if (!isFull(result)) return result
    }
    if (shards.length === shardsMax) return noMemory
    const added = libc.socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0)
    if (added < 0) return added
    shards.unshift(added)
    return join(group)
  }
  const leave = (group: Ipv6, shard: number): void => {
    libc.setsockopt(shard, IPPROTO_IPV6, IPV6_LEAVE_GROUP, request(group, link.index))
    shardOf.delete(group)
  }
  const set = (groups: ReadonlySet<Ipv6>): Failure | undefined => {
    wanted = groups
    for (const [group, shard] of shardOf) if (!groups.has(group)) leave(group, shard)
    let trouble: Failure | undefined
    for (const group of groups) {
      const result = shardOf.has(group) ? 0 : join(group)
      if (result < 0) trouble ??= deaf(link.name, group, result)
    }
    return trouble
  }
  const renew = (): Failure | undefined => {
    for (const [group, shard] of shardOf) leave(group, shard)
    return set(wanted)
  }
  const close = (): void => {
    for (const shard of shards.splice(0)) libc.close(shard)
    shardOf.clear()
  }
  return { set, retry: () => set(wanted), renew, close }
}

/** Minus ENOMEM, as the kernel says it. */
const noMemory = -12

const isFull = (result: number): boolean => libc.is(result, "ENOMEM") || libc.is(result, "ENOBUFS")

/** struct ipv6_mreq. */
const request = (group: Ipv6, index: number): Uint8Array<ArrayBuffer> => {
  const bytes = libc.memory(20)
  bytes.set(addressBytes(group))
  new DataView(bytes.buffer).setUint32(16, index, true)
  return bytes
}

const deaf = (name: string, group: Ipv6, result: number): Failure =>
  failure(
    libc.codeOf(result),
    `could not join ${printAddress(group)} on ${name} (${libc.codeOf(result)}): behind a switch that snoops MLD its addresses are not asked for; is IPv6 on there?`,
  )
