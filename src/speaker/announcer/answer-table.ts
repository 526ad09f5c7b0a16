import type { Address, Ipv4 } from "../../net/address.ts"
import type { Grant } from "../../ownership/beat.ts"

/** What an entry says: this link's own MAC answers, under this grant. */
export type Answer = { readonly grant: Grant }

/** Interface indexes above this would not fit beside an IPv4 address in a whole number that is exact. */
const linkIndexMax = 2 ** 21 - 1

/** Numbers for IPv4, bigints for IPv6: the address stands in the digits V8 hashes first. */
type Key = number | bigint

const keyOf = (linkIndex: number, address: Address): Key =>
  typeof address === "number" ? linkIndex * 2 ** 32 + address : (address << 21n) | BigInt(linkIndex)

/** Who answers on which link for which address: the only thing on the path of an ARP request. */
export type AnswerTable = {
  readonly get: (linkIndex: number, address: Address) => Answer | undefined
  readonly set: (linkIndex: number, address: Address, answer: Answer) => void
  readonly delete: (linkIndex: number, address: Address) => void
  readonly dropLink: (linkIndex: number) => void
  readonly entries: () => readonly { readonly linkIndex: number; readonly address: Address; readonly grant: Grant }[]
}

/** An empty table. Link indexes above 2^21 - 1 are a broken invariant: the kernel counts up from 1. */
export const createAnswerTable = (): AnswerTable => {
  const answers = new Map<Key, Answer>()
  return {
    get: (linkIndex, address) => answers.get(keyOf(linkIndex, address)),
    set: (linkIndex, address, answer) => {
      if (linkIndex > linkIndexMax) throw new Error(`interface index ${linkIndex} is above ${linkIndexMax}`)
      answers.set(keyOf(linkIndex, address), answer)
    },
    delete: (linkIndex, address) => void answers.delete(keyOf(linkIndex, address)),
    dropLink: (linkIndex) => {
      for (const key of answers.keys()) if (readKey(key).linkIndex === linkIndex) answers.delete(key)
    },
    entries: () => [...answers].map(([key, { grant }]) => ({ ...readKey(key), grant })),
  }
}

const readKey = (key: Key): { readonly linkIndex: number; readonly address: Address } =>
  typeof key === "number"
    ? { linkIndex: Math.floor(key / 2 ** 32), address: (key % 2 ** 32) as Ipv4 }
    : { linkIndex: Number(key & 0x1fffffn), address: (key >> 21n) as Address }
