import { table } from "../table.ts"
import type { FamilyUse, PoolExplanation } from "./pool-explanation.ts"
import { section } from "./section.ts"
import { clauseOf } from "../told.ts"
import type { LineOptions } from "./service-lines.ts"

/** Given addresses and ranges listed without `-o wide`. */
const shownMax = 20

/** The whole explanation for people. */
export const poolLines = (pool: PoolExplanation, { style, wide }: LineOptions): readonly string[] => {
  const given = wide ? pool.given : pool.given.slice(0, shownMax)
  const more = pool.given.length - given.length
  return [
    `${style.bold(pool.about.name)}   ${rangesText(pool.ranges, wide ? undefined : shownMax)}   ${pool.use.map(useText).join("; ")}`,
    "",
    ...section("For", ruleLines(pool)),
    ...section("Announced", [
      pool.advertisements.length > 0
        ? `by L2Advertisement ${pool.advertisements.join(", ")}`
        : `${style.bad} by nobody: no L2Advertisement speaks of it     kubectl explain l2advertisement.spec`,
    ]),
    ...section("Given", [
      ...table(given.map(({ address, services }) => [address, services.join(" ")])),
      ...(more > 0 ? [`... and ${more} more: -o wide`] : []),
    ]),
    ...section(
      "Resting",
      pool.resting.length === 0
        ? []
        : [`${pool.resting.join(" ")}   freed a short while ago; a wish by name takes them at once`],
    ),
    ...section(
      "Reserved",
      pool.reserved.map(({ addresses, reason }) => `${addresses}   ${clauseOf(reason.says).replace(/^\S+ is /, "")}`),
    ),
    ...section(
      "Problems",
      pool.problems.map(({ says, next }) => `${style.bad} ${says}     ${next}`),
    ),
  ]
}

/** The first of them; all where `max` is undefined. */
export const rangesText = (ranges: readonly string[], max: number | undefined): string =>
  max === undefined || ranges.length <= max
    ? ranges.join(" ")
    : `${ranges.slice(0, max).join(" ")} and ${ranges.length - max} more`

/** `12 of 16 given, next 10.69.1.162`. */
export const useText = ({ given, size, next }: FamilyUse): string =>
  `${given} of ${sizeText(BigInt(size))} given, ${next === undefined ? "none left" : `next ${next}`}`

/** From here on people say powers of two: a /64 has 2^64. */
const sayPowersFrom = 2n ** 32n

/** `256`, `2^64`; `over 2^64` where it is no power of two. */
export const sizeText = (size: bigint): string => {
  if (size < sayPowersFrom) return String(size)
  const exponent = size.toString(2).length - 1
  return size === 2n ** BigInt(exponent) ? `2^${exponent}` : `over 2^${exponent}`
}

const ruleLines = ({ onlyFor, autoAssign, avoidsBuggyAddresses }: PoolExplanation): readonly string[] => {
  const whom =
    onlyFor === undefined
      ? "every Service"
      : [
          onlyFor.namespaces === undefined
            ? "any namespace"
            : `namespaces ${onlyFor.namespaces.join(", ") || "(none)"}`,
          ...(onlyFor.services.length === 0 ? [] : [`Services with ${onlyFor.services.join(" or ")}`]),
          `priority ${onlyFor.priority}`,
        ].join("; ")
  return [
    whom,
    ...(autoAssign ? [] : ["only those that ask for it: autoAssign is false"]),
    ...(avoidsBuggyAddresses ? ["never an address that ends in .0 or .255"] : []),
  ]
}
