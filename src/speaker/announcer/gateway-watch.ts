import type { Address } from "../../net/address.ts"
import { Deadlines } from "../../time/deadlines.ts"
import { after, type Instant } from "../../time/instant.ts"

/** After taking an address over the gateway is asked at once and again after these: an answer proves its entry. */
const repeatsMs = [200, 900, 1900] as const
/** A gateway that has not asked for an address that long, nor answered for it, is asked again. Router caches last from minutes to hours. */
export const refreshMs = 60_000

type Watched = { readonly address: Address; asked: number; confirmedAt: Instant | undefined }

/** The age of the gateway's knowledge of each address held on one link. An address is watched from claim to release. */
export type GatewayWatch = {
  /** Taken over or announced again: prove it anew. */
  readonly begin: (address: Address, now: Instant) => void
  readonly end: (address: Address) => void
  readonly isWatching: (address: Address) => boolean
  /** The gateway answered for this address, or asked for it and was answered. True where that was not known for half a minute. */
  readonly confirm: (address: Address, now: Instant) => boolean
  /** Addresses to ask the gateway about now. */
  readonly due: (now: Instant) => readonly Address[]
  readonly wakeAt: () => Instant | undefined
  readonly confirmedAt: (address: Address) => Instant | undefined
  /** Addresses about which the gateway has been asked four times in vain. */
  readonly unanswered: () => readonly Address[]
}

export const createGatewayWatch = (): GatewayWatch => {
  const watched = new Map<Address, Watched>()
  const deadlines = new Deadlines<Address>()
  const ask = (address: Address, now: Instant): void => {
    const one = watched.get(address)!
    const repeatMs = repeatsMs[one.asked++]
    deadlines.set(address, after(now, repeatMs ?? refreshMs))
  }
  return {
    begin: (address, now) => {
      watched.set(address, { address, asked: 0, confirmedAt: undefined })
      deadlines.set(address, now)
    },
    end: (address) => {
      watched.delete(address)
      deadlines.clear(address)
    },
    isWatching: (address) => watched.has(address),
    confirm: (address, now) => {
      const one = watched.get(address)
      if (one === undefined) return false
      watched.set(address, { address, asked: 0, confirmedAt: now })
      deadlines.set(address, after(now, refreshMs))
      return one.confirmedAt === undefined || now >= after(one.confirmedAt, refreshMs / 2)
    },
    due: (now) => {
      const addresses = deadlines.due(now)
      for (const address of addresses) ask(address, now)
      return addresses
    },
    wakeAt: () => deadlines.next(),
    confirmedAt: (address) => watched.get(address)?.confirmedAt,
    unanswered: () =>
      [...watched.values()].filter(({ asked }) => asked > repeatsMs.length).map(({ address }) => address),
  }
}
