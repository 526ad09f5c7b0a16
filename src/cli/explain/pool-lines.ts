import { table } from "../table.ts"
import type { FamilyUse, PoolExplanation } from "./pool-explanation.ts"
import { section } from "./section.ts"
import { clauseOf } from "../told.ts"
import type { LineOptions } from "./service-lines.ts"

/** Given addresses listed without `-o wide`. */
const shownMax = 20

/** The whole explanation for people. */
export const poolLines = (pool: PoolExplanation, { style, wide }: LineOptions): readonly string[] => {
  const given = wide ? pool.given : pool.given.slice(0, shownMax)
  const more = pool.given.length - given.length
  return [
    `${style.bold(pool.about.name)}   ${pool.ranges.join(" ")}   ${pool.use.map(useText).join("; ")}`,
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

/** `12 of 16 given, next 10.69.1.162`. */
export const useText = ({ given, capacity, next }: FamilyUse): string =>
  `${given} of ${capacity} given, ${next === undefined ? "none left" : `next ${next}`}`

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
