import type { At } from "../time/instant.ts"

/** Gives out uids and generated names from the entropy of each step: the same steps give the same names. */
export type StoreIdentities = {
  /** A version 4 UUID. */
  readonly uid: (at: At) => string
  /** `generateName` with five letters behind it. */
  readonly generatedName: (base: string, at: At) => string
}

/** MurmurHash3's finalizer: every bit of the result depends on every bit given. */
const mix = (value: number): number => {
  let word = Math.imul(value ^ (value >>> 16), 0x85ebca6b)
  word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
  return (word ^ (word >>> 16)) >>> 0
}

/** Kubernetes leaves out vowels and what looks like another letter, so that no word appears. */
const NAME_LETTERS = "bcdfghjklmnpqrstvwxz2456789"
const NAME_SUFFIX_CHARS = 5
/** RFC 1123: a label has at most 63 characters, and `generateName` is cut to leave room. */
const GENERATED_BASE_CHARS_MAX = 63 - NAME_SUFFIX_CHARS

export const createStoreIdentities = (): StoreIdentities => {
  /** Tells two objects made in one step apart. */
  let made = 0
  const words = (at: At): readonly number[] => {
    made = (made + 1) >>> 0
    return [1, 2, 3, 4].map((lane) => mix(at.entropy ^ mix(made ^ mix(lane))))
  }
  return {
    uid: (at) => uuidOf(words(at)),
    generatedName: (base, at) => base.slice(0, GENERATED_BASE_CHARS_MAX) + suffixOf(words(at)[0] ?? 0),
  }
}

const uuidOf = (words: readonly number[]): string => {
  const hex = words.map((word) => word.toString(16).padStart(8, "0")).join("")
  const variant = ((Number.parseInt(hex[16] ?? "0", 16) & 3) | 8).toString(16)
  const parts = [hex.slice(0, 8), hex.slice(8, 12), `4${hex.slice(13, 16)}`, variant + hex.slice(17, 20), hex.slice(20)]
  return parts.join("-")
}

const suffixOf = (word: number): string => {
  let bits = word
  let suffix = ""
  for (let index = 0; index < NAME_SUFFIX_CHARS; index += 1) {
    suffix += NAME_LETTERS[bits % NAME_LETTERS.length] ?? "x"
    bits = Math.floor(bits / NAME_LETTERS.length)
  }
  return suffix
}
