import { type Address, type NonEmpty } from "../../net/address.ts"
import { type Prefix, prefixHolds, prefixOf, printPrefix } from "../../net/prefix.ts"
import type { L2Advertisement } from "../../cluster/advertisement.ts"
import type { Cluster, Configuration } from "../../cluster/cluster.ts"
import type { Node } from "../../cluster/node.ts"
import type { Pool } from "../../cluster/pool.ts"
import { anySelects, selects } from "../../cluster/selector.ts"
import type { Service } from "../../cluster/service.ts"
import type { ReportedInterface, SpeakerReport } from "../../cluster/speaker-report.ts"
import type { Bar } from "./election.ts"

/** Advertisements of a pool, in order of their names. */
export const advertisementsOf = ({ configuration }: Cluster, pool: Pool): readonly L2Advertisement[] => {
  const known = attached.get(configuration) ?? new Map<Pool["name"], readonly L2Advertisement[]>()
  attached.set(configuration, known)
  const made =
    known.get(pool.name) ?? configuration.advertisements.filter(({ pools }) => pools === "all" || pools.has(pool.name))
  known.set(pool.name, made)
  return made
}

/** Made once a Configuration, which is never changed. */
const attached = new WeakMap<Configuration, Map<Pool["name"], readonly L2Advertisement[]>>()

/** Those that speak of a Service; the same list where that is all of them. */
export const matching = (advertisements: readonly L2Advertisement[], service: Service): readonly L2Advertisement[] =>
  advertisements.every(({ services }) => services.length === 0)
    ? advertisements
    : advertisements.filter(({ services }) => services.length === 0 || anySelects(services, service.labels))

const selectsNode = ({ nodes }: L2Advertisement, node: Node): boolean =>
  nodes.length === 0 || anySelects(nodes, node.labels)

/** What one node is to a Service whose advertisements these are, endpoints aside. */
export type Fitness =
  | { readonly kind: "barred"; readonly bars: NonEmpty<Bar> }
  | {
      readonly kind: "fit"
      /** Sum of the weights of all preferences that match the node. */
      readonly score: number
      /** Connected prefixes of the interfaces it would answer on; empty where its speaker has not reported. */
      readonly subnets: readonly Prefix[]
      /** It would answer over Wi-Fi only. */
      readonly wireless: boolean
      /** Drained: it answers only if nobody else can. */
      readonly leaving: boolean
    }

export const fitnessOf = (
  advertisements: readonly L2Advertisement[],
  service: Service,
  node: Node,
  report: SpeakerReport | undefined,
): Fitness => {
  const [first, ...rest] = [...markBars(node), ...selectionBars(advertisements, service, node)]
  if (first !== undefined) return { kind: "barred", bars: [first, ...rest] }
  const here = advertisements.filter((advertisement) => selectsNode(advertisement, node))
  const allowed = interfacesOf(here)
  const bar = report === undefined ? undefined : interfaceBar(allowed, report)
  if (bar !== undefined) return { kind: "barred", bars: [bar] }
  const links = (report?.interfaces ?? []).filter((link) => isUsable(link, allowed))
  const wireless = links.length > 0 && links.every((link) => link.wireless)
  const leaving = node.marks.has("leaving")
  return { kind: "fit", score: scoreOf(here, node), subnets: links.flatMap(prefixesOf), wireless, leaving }
}

const markBars = ({ marks }: Node): readonly Bar[] => [
  ...(marks.has("excluded") ? [{ code: "excluded" } as const] : []),
  ...(marks.has("network-unavailable") ? [{ code: "network-unavailable" } as const] : []),
]

const selectionBars = (advertisements: readonly L2Advertisement[], service: Service, node: Node): readonly Bar[] => {
  if (advertisements.some((advertisement) => selectsNode(advertisement, node))) return []
  const [first, ...rest] = advertisements.map(({ name }) => name)
  return first === undefined ? [] : [{ code: "not-selected", service: service.name, advertisements: [first, ...rest] }]
}

/** The union of what the advertisements allow; undefined: any interface. */
export const interfacesOf = (advertisements: readonly L2Advertisement[]): ReadonlySet<string> | undefined =>
  advertisements.some(({ interfaces }) => interfaces.length === 0)
    ? undefined
    : new Set(advertisements.flatMap(({ interfaces }) => interfaces))

const isUsable = (link: ReportedInterface, allowed: ReadonlySet<string> | undefined): boolean =>
  link.up && link.master === undefined && (allowed === undefined || allowed.has(link.name))

const interfaceBar = (allowed: ReadonlySet<string> | undefined, { interfaces }: SpeakerReport): Bar | undefined => {
  const there = interfaces.filter(({ name }) => allowed === undefined || allowed.has(name))
  if (there.some((link) => isUsable(link, allowed))) return undefined
  const [first, ...rest] = there.filter(({ up }) => !up).map(({ name }) => name)
  const slave = there.find(({ master }) => master !== undefined)
  if (slave?.master !== undefined) return { code: "interface-enslaved", interface: slave.name, master: slave.master }
  return first === undefined
    ? { code: "no-interface", wanted: [...(allowed ?? [])] }
    : { code: "interface-down", interfaces: [first, ...rest] }
}

const prefixesOf = ({ addresses }: ReportedInterface): readonly Prefix[] =>
  addresses.flatMap(({ address, length }) =>
    length > (typeof address === "number" ? 32 : 128) ? [] : [prefixOf(address, length)],
  )

const scoreOf = (advertisements: readonly L2Advertisement[], node: Node): number => {
  let score = 0
  for (const { preferences } of advertisements)
    for (const { weight, selector } of preferences) if (selects(selector, node.labels)) score += weight
  return score
}

export const isInSubnet = (subnets: readonly Prefix[], ballot: Address): boolean =>
  subnets.some((prefix) => prefixHolds(prefix, ballot))

/** Prefixes as one text, so that nodes on the same networks are judged once an address. */
export const subnetsKey = (subnets: readonly Prefix[]): string =>
  [...new Set(subnets.map(printPrefix))].sort().join(" ")
