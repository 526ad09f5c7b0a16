import { strangerClause, strangerRemedy } from "../../wording/stranger.ts"
import { parseTimestamp } from "../../kubernetes/timestamp.ts"
import { printAge, printMoment } from "../age.ts"
import { shellWord } from "../survey/dump-facts.ts"
import type { Style } from "../style.ts"
import { table } from "../table.ts"
import { type HoldView, nextAfter, type OrderView } from "./candidate-view.ts"
import { section } from "./section.ts"
import type { AllocationView, ServiceExplanation } from "./service-explanation.ts"

export type LineOptions = {
  readonly style: Style
  /** All losers, with the reason of each; else the first few. */
  readonly wide: boolean
  /** Added to a command that asks the same place again. */
  readonly again: string
}

/** Candidates and nodes shown without `-o wide`. */
const shownMax = 6

/** The whole explanation for people. */
export const serviceLines = (explanation: ServiceExplanation, options: LineOptions): readonly string[] => {
  const { allocation, order, reports } = explanation
  return [
    headline(explanation, options),
    "",
    ...(explanation.releaseWaits === undefined
      ? []
      : section("Waits", [`${options.style.bad} ${explanation.releaseWaits}`])),
    ...(allocation === undefined ? [] : section("Address", allocationLines(explanation, allocation, options))),
    ...(order === undefined
      ? []
      : section("Node", [
          ...orderLines(order, reports.holds, options),
          ...wishLines(explanation),
          ...notFirstLines(order, explanation),
        ])),
    ...(reports.strangers.length === 0 ? [] : section("Strangers", strangerLines(explanation, options))),
    ...(order === undefined ? [] : section("Clients", [clientLine(explanation)])),
    ...(explanation.problems.length === 0
      ? []
      : section(
          "Problems",
          explanation.problems.map(({ says, next }) => `${options.style.bad} ${says}     ${next}`),
        )),
    ...(allocation === undefined ? [] : waysOutLines(allocation)),
  ]
}

const headline = (explanation: ServiceExplanation, { style }: LineOptions): string =>
  [style.bold(explanation.about.name), explanation.addresses.join(" "), stateText(explanation)]
    .filter((part) => part !== "")
    .join("   ")

/** How it stands, in a few words. */
const stateText = (explanation: ServiceExplanation): string => {
  const { situation, reports, ports } = explanation
  switch (situation) {
    case "announced":
      return `announced by ${[...new Set(reports.holds.map(({ node }) => node))].join(" and ")}, ports ${ports.join(" ").replaceAll("/tcp", "")}`
    case "pending":
      return "has no address"
    case "no-load-balancer":
      return "is no LoadBalancer Service: it needs no address"
    case "other-class":
      return "has a loadBalancerClass that another controller serves"
    case "unknown":
      return `cannot be said: ${reports.missing.join(", ")} could not be read`
    case "unwritten":
      return "decided, but no controller has written it: is it running?"
    case "silent":
      return "nobody announces it"
    case "contested":
      return "somebody else answers for it"
    case "release-waits":
      return "a release of many addresses at once waits for a person; until then it keeps what it has"
    case "doubted":
      return "only a speaker that no other hears says that it announces it"
    case "unheld":
      return "no speaker says that it announces it"
    case "starting":
      return "given a moment ago; speakers report within 10 s who announces it"
    case "unreported":
      return "nobody says who announces it: no speaker reports are among the facts"
  }
}

const allocationLines = (
  { releaseWaits }: ServiceExplanation,
  allocation: AllocationView,
  { style }: LineOptions,
): readonly string[] => [
  ...(allocation.kind === "pending"
    ? allocation.because.filter(({ code }) => code !== "sharing-refused").map(({ says }) => `${style.bad} ${says}`)
    : [allocation.says]),
  ...(allocation.pools ?? []),
  ...allocation.passedOver.map(({ says }) => `passed over: ${says}`),
  ...(allocation.lost === undefined
    ? []
    : [
        `it ${releaseWaits === undefined ? "lost" : "would lose"} ${allocation.lost.addresses.join(" ")}: ${allocation.lost.because.map(({ says }) => says).join("; ")}`,
      ]),
  ...allocation.sharing.flatMap((check) => [
    `${style.bad} ${check.address} belongs to ${check.with} and may not be shared:`,
    ...table(
      check.rules.map(({ rule, holds, says }) => [holds ? style.good : style.bad, rule, says]),
      "  ",
    ),
  ]),
]

const waysOutLines = ({ kind, waysOut }: AllocationView): readonly string[] => {
  if (kind !== "pending") return []
  if (waysOut.length === 0) return []
  return section(
    "Ways out",
    waysOut.flatMap(({ says, does }, index) => [`${index + 1}  ${says}`, `   ${does}`]),
  )
}

const orderLines = (
  order: OrderView,
  holds: readonly HoldView[],
  { style, wide, again }: LineOptions,
): readonly string[] => {
  const holders = holds.map(({ node }) => node)
  const next = nextAfter(order, holders)
  const shown = wide ? order.candidates : order.candidates.slice(0, shownMax)
  const outsiders = holds.filter(({ node }) => !order.candidates.some((candidate) => candidate.node === node))
  const rows = [
    ...shown.map(({ node, behind, unheard }, index) => {
      const held = holds.filter((hold) => hold.node === node)
      const roles = unheard
        ? [`${style.bad} not heard by any other speaker: porchlight explain node/${node}${again}`]
        : held.length > 0
          ? holdCells(held)
          : [node === next && holders.length > 0 ? "next" : ""]
      return [String(index + 1), node, ...roles, ...(wide && behind !== undefined ? [behind.says] : [])]
    }),
    ...outsiders.map((hold) => ["-", hold.node, ...holdCells([hold]), "although it may not (any more)"]),
  ]
  const more = order.candidates.length - shown.length
  return [
    ...order.silent.map(({ says }) => `${style.bad} nobody may announce it: ${says}`),
    ...table(rows),
    ...(more > 0 ? [`... and ${more} more: -o wide`] : []),
    ...order.barred.map(
      ({ nodes, reasons }) => `-   ${namesOf(nodes, wide)}   may not: ${reasons.map(({ says }) => says).join("; ")}`,
    ),
    ...orderedBy(order),
    ...(order.services.length > 1 ? [`one node for all who share: ${order.services.join(", ")}`] : []),
  ]
}

/** A wish that was fulfilled stays in the annotation, so one that names another node than the holder may be old. */
const wishLines = ({ moveWish, reports }: ServiceExplanation): readonly string[] => {
  const wished = moveWish?.split(" ")[0]
  const holders = reports.holds.map(({ node }) => node)
  if (wished === undefined || holders.length === 0 || holders.includes(wished)) return []
  return [`porchlight.dev/move-to names ${wished}: ${holders[0]} has not given it up yet, or took it after that`]
}

/** Why the holder is not the first in order, and how to change that. */
const notFirstLines = (order: OrderView, { about, reports, moveWish }: ServiceExplanation): readonly string[] => {
  const [first] = order.candidates
  const holder = reports.holds[0]?.node
  if (first === undefined || holder === undefined || first.node === holder) return []
  const why = reports.cameBy === undefined ? "it came first, and nothing falls back by itself" : reports.cameBy.says
  const [namespace = "", name = ""] = about.name.split("/")
  // One that stands behind the holder is no better place.
  const at = order.candidates.findIndex(({ node }) => node === holder)
  const before = at < 0 ? order.candidates : order.candidates.slice(0, at)
  const to = nextAfter({ ...order, candidates: before }, [holder])
  if (to === undefined) return [`${holder} though ${first.node} is first: ${why}`]
  const value = moveWish?.split(" ")[0] === to ? `${moveWish} again` : to
  const wish = shellWord(`porchlight.dev/move-to=${value}`)
  return [
    `${holder} though ${first.node} is first: ${why}`,
    `to move it: kubectl annotate --overwrite service -n ${namespace} ${name} ${wish}`,
  ]
}

const namesOf = (nodes: readonly string[], wide: boolean): string =>
  wide || nodes.length <= shownMax
    ? nodes.join(" ")
    : `${nodes.slice(0, shownMax).join(" ")} and ${nodes.length - shownMax} more`

const holdCells = (holds: readonly HoldView[]): readonly string[] => {
  const [hold] = holds
  if (hold === undefined) return []
  const since = hold.since === undefined ? undefined : parseTimestamp(hold.since)
  const heard = hold.heardBy === undefined || hold.heardBy.length === 0 ? [] : [`heard by ${hold.heardBy.join(" ")}`]
  const seen =
    hold.gatewaySawItSecondsAgo === undefined ? [] : [`router saw it ${printAge(hold.gatewaySawItSecondsAgo)} ago`]
  return [
    `announces${hold.link === "" ? "" : ` on ${hold.link}`}${since === undefined ? "" : ` since ${printMoment(since)}`}`,
    [...heard, ...seen].join(", "),
  ]
}

/** What the order goes by; each place's reason is in `-o wide`. */
const orderedBy = ({ candidates, addresses }: OrderView): readonly string[] => {
  if (candidates.length < 2) return []
  const by = new Set(candidates.flatMap(({ behind }) => behind?.code ?? []))
  const first = [
    ...(by.has("preference") ? ["preferredNodeSelectors"] : []),
    ...(by.has("subnet") ? ["being on the address' network"] : []),
    ...(by.has("cable") ? ["Wi-Fi last"] : []),
    `lowest SHA-256 of node#${addresses[0] ?? ""} among those who may, as in MetalLB`,
  ]
  return [`order: ${first.join(", then ")}`]
}

const strangerLines = ({ reports }: ServiceExplanation, { style }: LineOptions): readonly string[] =>
  reports.strangers.map(
    ({ address, mac, class: is, node, seenBy }) =>
      `${style.bad} ${address} ${strangerClause(mac, is, node)} too, as ${seenBy} saw. The address is kept; ${strangerRemedy(is)}`,
  )

const clientLine = ({ policy }: ServiceExplanation): string =>
  policy === "Local"
    ? "policy Local: a pod sees its clients' own addresses; only nodes with a ready pod may announce"
    : "policy Cluster: a pod may see a node's address in place of its client's"
