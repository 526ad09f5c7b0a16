import { printAge } from "../age.ts"
import { moveLine } from "../explain/node-lines.ts"
import { rangesText, useText } from "../explain/pool-lines.ts"
import type { Style } from "../style.ts"
import { table } from "../table.ts"
import { sideBySide } from "./side-by-side.ts"
import type { NodeRow, ServiceRow, StatusReport } from "./status-report.ts"

export type StatusLineOptions = {
  readonly style: Style
  readonly all: boolean
  readonly wide: boolean
  /** Width of the screen; undefined: as wide as it takes. */
  readonly columns: number | undefined
}

/** Services listed without `--all`: what leaves room for the rest on one screen. */
const servicesMax = 15
/** Nodes listed without `--all`: those that hold most. */
const nodesMax = 10

/** The whole report for people: trouble first. */
export const statusLines = (report: StatusReport, options: StatusLineOptions): readonly string[] => {
  const { style } = options
  const pools = poolLines(report, options)
  const move = moveText(report)
  return [
    summary(report, style),
    ...report.troubles.flatMap((trouble) => troubleLine(trouble, style)),
    "",
    ...serviceLines(report.services, options),
    "",
    ...sideBySide(nodeLines(report.nodes, options), [...pools, "", ...move], options.columns),
  ]
}

/** Troubles that take "all announced" back: the reports contradict each other. */
const doubtful: ReadonlySet<string> = new Set(["nobody-hears-anybody", "split"])

const summary = (
  { name, counts, source, ageSeconds, troubles, services: rows }: StatusReport,
  style: Style,
): string => {
  const { services, announced, nodes, speakers } = counts
  const lacking = rows.filter(({ addresses }) => addresses.length === 0).length
  const state =
    services === 0
      ? "none wants an address of ours"
      : speakers === 0
        ? `${lacking === 0 ? (services === 1 ? "it has" : "all have") : `${services - lacking} ${services - lacking === 1 ? "has" : "have"}`} an address, nobody says who announces`
        : announced === services && !troubles.some(({ code }) => doubtful.has(code))
          ? "all announced"
          : troubles.some(({ code }) => doubtful.has(code))
            ? "who announces is not sure: the speakers' reports contradict each other"
            : `${announced} announced`
  return [
    style.bold(name),
    `${count(services, "Service")}, ${state}`,
    `${count(nodes, "node")}, ${count(speakers, "speaker")}`,
    `${source}, ${printAge(ageSeconds)} old`,
  ].join("   ")
}

const count = (number: number, what: string): string => `${number} ${what}${number === 1 ? "" : "s"}`

const unreadable: ReadonlySet<string> = new Set(["left-out", "part-left-out", "last-valid-kept"])

const troubleLine = (
  { severity, about, says, next, code }: StatusReport["troubles"][number],
  style: Style,
): readonly string[] => {
  const mark = severity === "broken" ? style.bad : style.warn
  // The sentence about an object that cannot be read begins with its name.
  const named = unreadable.has(code) ? "" : `${about.name} `
  return [`${mark} ${named}${says}     ${next}`]
}

const serviceLines = (services: readonly ServiceRow[], { style, all, wide }: StatusLineOptions): readonly string[] => {
  if (services.length === 0) return []
  const everything = all || wide || services.length <= servicesMax
  const [troubled, well] = [services.filter((row) => !isWell(row)), services.filter(isWell)]
  const shown = everything ? services : [...troubled, ...well.slice(0, Math.max(0, servicesMax - troubled.length))]
  const head = ["SERVICE", "ADDRESS", "NODE", wide ? "THEN" : "NEXT", "ROUTER SAW IT", "PORTS"]
  const rest = services.length - shown.length
  return [
    ...table([head, ...shown.map((row) => serviceCells(row, style, wide))]),
    ...(rest > 0 ? [`... ${rest} more, all well: --all`] : []),
  ]
}

const isWell = ({ situation }: ServiceRow): boolean =>
  situation === "announced" || situation === "unreported" || situation === "starting"

const serviceCells = (row: ServiceRow, style: Style, wide: boolean): readonly string[] => {
  const holders = [...new Set(row.holds.map(({ node }) => node))]
  const seen = row.holds.map(({ gatewaySawItSecondsAgo }) => gatewaySawItSecondsAgo).filter((age) => age !== undefined)
  const others = row.order.filter((node) => !holders.includes(node))
  return [
    row.name,
    row.addresses.join(" ") || style.none,
    holders.join(" ") || (row.situation === "unreported" ? style.unknown : style.none),
    (wide ? others.join(" ") : row.next) || style.none,
    seen.length === 0 ? style.none : `${printAge(Math.max(...seen))} ago`,
    row.ports.map((port) => port.replace("/tcp", "")).join(" "),
  ]
}

const nodeLines = (nodes: readonly NodeRow[], { style, all, wide }: StatusLineOptions): readonly string[] => {
  const able = nodes.filter(({ holds, candidateFor }) => holds > 0 || candidateFor > 0)
  const shown =
    all || wide
      ? nodes
      : able
          .toSorted((a, b) => b.holds - a.holds)
          .slice(0, nodesMax)
          .toSorted(byName)
  const rest = nodes.length - shown.length
  return [
    ...table([["NODE", "SPEAKER", "HOLDS", "LAN", "HEARD BY"], ...shown.map((node) => nodeCells(node, style))]),
    ...(rest > 0 ? [`... ${rest} more${able.length > shown.length ? "" : ", which may hold nothing"}: --all`] : []),
  ]
}

const byName = (a: NodeRow, b: NodeRow): number => (a.name < b.name ? -1 : 1)

const nodeCells = (node: NodeRow, style: Style): readonly string[] => [
  node.name,
  node.speaker ?? style.unknown,
  node.speaker === undefined ? style.unknown : String(node.holds),
  node.links.map(({ name, up }) => `${name} ${up ? "up" : "down"}`).join(" ") || style.unknown,
  node.heardBy === undefined ? style.unknown : node.heardBy.join(" ") || "nobody",
]

/** Ranges of one pool listed without `--all`: what people write by hand is fewer. */
const rangesMax = 4

const poolLines = ({ pools, withheld }: StatusReport, { style, all }: StatusLineOptions): readonly string[] =>
  pools.length === 0
    ? withheld.includes("IPAddressPool")
      ? ["Pools are not among what could be read."]
      : [`${style.bad} There is no pool.     kubectl explain ipaddresspool.spec`]
    : table([
        ["POOL", "RANGE", "GIVEN"],
        ...pools.map(({ name, ranges, use }) => [
          name,
          rangesText(ranges, all ? undefined : rangesMax),
          use.map(useText).join("; "),
        ]),
      ])

const moveText = ({ lastMove, counts }: StatusReport): readonly string[] => {
  if (lastMove !== undefined) return [`Last move: ${moveLine(lastMove)}`]
  return counts.speakers === 0 ? [] : ["Last move: none in any speaker's journal"]
}
