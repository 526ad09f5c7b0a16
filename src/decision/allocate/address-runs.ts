import type { Address } from "../../net/address.ts"

/**
 * A set of addresses of one family as runs of neighbours, so that the lowest free address behind 10,000 used ones is
 * one look away, in a /64 as in a /24.
 */
export type AddressRuns = {
  readonly add: (address: Address) => void
  readonly remove: (address: Address) => void
  /** Last address of the run that holds `address`, or undefined where it is not in the set. */
  readonly endOfRun: (address: Address) => Address | undefined
}

type Run = { first: Address; last: Address }

export const createAddressRuns = (): AddressRuns => {
  const runs: Run[] = []

  /** Index of the last run that begins at or below the address, or -1. */
  const below = (address: Address): number => {
    let low = 0
    let high = runs.length
    while (low < high) {
      const middle = (low + high) >>> 1
      if (runs[middle]!.first <= address) low = middle + 1
      else high = middle
    }
    return low - 1
  }

  return {
    endOfRun: (address) => {
      const run = runs[below(address)]
      return run !== undefined && address <= run.last ? run.last : undefined
    },

    add: (address) => {
      const at = below(address)
      const [left, right] = [runs[at], runs[at + 1]]
      if (left !== undefined && address <= left.last) return
      const joinsLeft = left !== undefined && nextAddress(left.last) === address
      const joinsRight = right !== undefined && nextAddress(address) === right.first
      if (joinsLeft && joinsRight) {
        left.last = right.last
        runs.splice(at + 1, 1)
      } else if (joinsLeft) left.last = address
      else if (joinsRight) right.first = address
      else runs.splice(at + 1, 0, { first: address, last: address })
    },

    remove: (address) => {
      const at = below(address)
      const run = runs[at]
      if (run === undefined || address > run.last) return
      const before = address > run.first ? [{ first: run.first, last: previousAddress(address) }] : []
      const behind = address < run.last ? [{ first: nextAddress(address), last: run.last }] : []
      runs.splice(at, 1, ...before, ...behind)
    },
  }
}

export const nextAddress = (address: Address): Address =>
  (typeof address === "number" ? address + 1 : address + 1n) as Address

const previousAddress = (address: Address): Address =>
  (typeof address === "number" ? address - 1 : address - 1n) as Address
