import { strangerClause, strangerRemedy } from "../../wording/stranger.ts"
import type { AddressExplanation } from "./address-explanation.ts"
import { type LineOptions, serviceLines } from "./service-lines.ts"

/** The whole explanation for people; a Service that has the address is explained below it. */
export const addressLines = (address: AddressExplanation, options: LineOptions): readonly string[] => {
  const { style } = options
  const states = address.states.map(({ says }) => says.replace(`${address.about.name} is `, "")).join("; ")
  const pool = address.pool === undefined ? "" : ` (pool ${address.pool})`
  const strangers = address.services.length > 0 ? [] : address.strangers
  return [
    `${style.bold(address.about.name)}   ${states}${pool}`,
    ...strangers.map(
      ({ mac, class: is, node, seenBy }) =>
        `${style.bad} it ${strangerClause(mac, is, node)}, as ${seenBy} saw: it is not given to anybody; ${strangerRemedy(is)}`,
    ),
    ...address.services.flatMap((service) => ["", ...serviceLines(service, options)]),
  ]
}
