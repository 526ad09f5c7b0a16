/** A stream of numbers that a seed determines (sfc32). Nothing in the simulation is drawn from anywhere else. */
export type Random = {
  /** 0 <= n < 1 */
  readonly unit: () => number
  /** A 32-bit number. */
  readonly word: () => number
  /** lowest <= n < highest */
  readonly between: (lowest: number, highest: number) => number
  /** 0 <= n < count, whole. */
  readonly below: (count: number) => number
  readonly chance: (probability: number) => boolean
  readonly pick: <T>(list: readonly T[]) => T
  readonly shuffle: <T>(list: readonly T[]) => T[]
}

export const createRandom = (seed: number): Random => {
  const word = sfc32(seed)
  const unit = (): number => word() / 2 ** 32
  const below = (count: number): number => Math.floor(unit() * count)
  return {
    unit,
    word,
    below,
    between: (lowest, highest) => lowest + unit() * (highest - lowest),
    chance: (probability) => unit() < probability,
    pick: (list) => list[below(list.length)]!,
    shuffle: (list) => {
      const copy = [...list]
      for (let i = copy.length - 1; i > 0; i--) {
        const j = below(i + 1)
        ;[copy[i], copy[j]] = [copy[j]!, copy[i]!]
      }
      return copy
    },
  }
}

const sfc32 = (seed: number): (() => number) => {
  let a = seed >>> 0
  let b = Math.floor(seed / 2 ** 32) >>> 0
  let c = 0x9e3779b9
  let counter = 1
  const word = (): number => {
    const t = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (c << 21) | (c >>> 11)
    c = (c + t) | 0
    return t >>> 0
  }
  for (let i = 0; i < 12; i++) word()
  return word
}
