import { namespaceOf, type NodeName, type PoolName, type ServiceName } from "../../cluster/name.ts"
import { nearestName } from "../../cluster/nearest.ts"
import { type Address, parseAddress } from "../../net/address.ts"
import type { Survey } from "./survey.ts"

/** What a question is about. */
export type Subject =
  | { readonly kind: "service"; readonly name: ServiceName }
  | { readonly kind: "node"; readonly name: NodeName }
  | { readonly kind: "pool"; readonly name: PoolName }
  | { readonly kind: "address"; readonly address: Address }

export type Found =
  | Subject
  /** Several fit: each as it can be typed. */
  | { readonly kind: "ambiguous"; readonly candidates: readonly string[] }
  | { readonly kind: "nothing"; readonly nearest: readonly string[] }

type Named = Exclude<Subject, { readonly kind: "address" }>

/** Prefixes that say which kind is meant, as in kubectl. */
const kindWords: Readonly<Record<string, Named["kind"]>> = {
  service: "service",
  services: "service",
  svc: "service",
  node: "node",
  nodes: "node",
  pool: "pool",
  pools: "pool",
  ipaddresspool: "pool",
}

/** What a word means: an address, `kind/name`, `namespace/name`, or a bare name where only one thing has it. */
export const findSubject = (survey: Survey, text: string, namespace: string | undefined): Found => {
  const address = parseAddress(text)
  if (address !== undefined) return { kind: "address", address }
  const all = everything(survey, namespace)
  const slash = text.indexOf("/")
  const kind = slash < 0 ? undefined : kindWords[text.slice(0, slash).toLowerCase()]
  const wanted = kind === undefined ? text : text.slice(slash + 1)
  const eligible = kind === undefined ? all : all.filter((subject) => subject.kind === kind)
  const whole = all.find((subject) => subject.name === text)
  if (whole !== undefined && slash >= 0) return whole
  const found = eligible.filter((subject) => subject.name === wanted || shortName(subject) === wanted)
  const [only, ...others] = found
  if (only === undefined) return { kind: "nothing", nearest: nearest(wanted, eligible) }
  return others.length === 0 ? only : { kind: "ambiguous", candidates: [only, ...others].map(typed) }
}

const everything = ({ cluster }: Survey, namespace: string | undefined): readonly Named[] => [
  ...[...cluster.services.keys()]
    .filter((name) => namespace === undefined || namespaceOf(name) === namespace)
    .map((name) => ({ kind: "service", name }) as const),
  ...[...cluster.nodes.keys()].map((name) => ({ kind: "node", name }) as const),
  ...[...cluster.configuration.pools.keys()].map((name) => ({ kind: "pool", name }) as const),
]

/** `radarr` of `media/radarr`. */
const shortName = ({ name }: Named): string => name.slice(name.indexOf("/") + 1)

/** A Service by its whole name; the kind in front where the bare name would be ambiguous again. */
const typed = (subject: Named): string =>
  subject.kind === "service" ? subject.name : `${subject.kind}/${subject.name}`

const nearest = (text: string, subjects: readonly Named[]): readonly string[] => {
  const names = new Set(subjects.flatMap((subject) => [subject.name as string, shortName(subject)]))
  const found = nearestName(text, names)
  return found === undefined
    ? []
    : subjects.filter((subject) => subject.name === found || shortName(subject) === found).map(typed)
}
