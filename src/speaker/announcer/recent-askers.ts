import type { Ipv4 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"

/** Somebody who asked for an address, and so remembers an answer that a move makes wrong. */
export type Asker = { readonly address: Ipv4; readonly mac: Mac; readonly askedFor: Ipv4 }

/** How many are remembered a link: so many directed frames a mass move costs at most, besides those to the gateway. */
export const askersMax = 32

/** The last askers of one link, a (asker, address) pair once, newest last. */
export type RecentAskers = {
  readonly note: (asker: Asker) => void
  readonly of: (askedFor: Ipv4) => readonly Asker[]
}

export const createRecentAskers = (): RecentAskers => {
  const ring: Asker[] = []
  return {
    note: (asker) => {
      const known = ring.findIndex((one) => one.address === asker.address && one.askedFor === asker.askedFor)
      if (known >= 0) ring.splice(known, 1)
      else if (ring.length >= askersMax) ring.shift()
      ring.push(asker)
    },
    of: (askedFor) => ring.filter((one) => one.askedFor === askedFor),
  }
}
