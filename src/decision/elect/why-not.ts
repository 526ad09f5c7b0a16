import type { Cluster } from "../../cluster/cluster.ts"
import type { NodeName, ServiceName } from "../../cluster/name.ts"
import { asNonEmpty } from "../allocate/occupancy.ts"
import { surroundingsOf } from "../allocate/surroundings.ts"
import { addressesToAnnounce } from "./address-group.ts"
import { fitnessOf, interfacesOf, isInSubnet } from "./candidacy.ts"
import type { Bar, Behind, Candidate, Election, WhyNot } from "./election.ts"
import { voiceOf, type Voice } from "./voice.ts"
import { anySelects } from "../../cluster/selector.ts"

/** Why a node is not the one to answer for a group. Derived when somebody asks: a million stored reasons cost 89 MB. */
export const whyNot = (cluster: Cluster, election: Election, node: NodeName): WhyNot => {
  const voices = voicesOf(cluster, election)
  const bars = asNonEmpty(barsOf(cluster, election, voices, node))
  if (bars !== undefined) return { kind: "barred", bars }
  if (election.outcome.kind === "nobody") return { kind: "group-silent", because: election.outcome.because }
  const { order } = election.outcome
  const at = order.findIndex((candidate) => candidate.node === node)
  if (at < 0) return { kind: "barred", bars: [{ code: "leaving" }] }
  const own = order[at]!
  const ahead = order[at - 1]
  return ahead === undefined
    ? { kind: "first" }
    : { kind: "behind", behind: behind(cluster, election, voices, ahead, own) }
}

/** Interfaces a node answers on for a group; undefined: all it has. */
export const interfacesFor = (
  cluster: Cluster,
  election: Election,
  node: NodeName,
): ReadonlySet<string> | undefined => {
  const labels = cluster.nodes.get(node)?.labels
  const voice = voicesOf(cluster, election)[0]
  if (labels === undefined || voice === undefined) return undefined
  return interfacesOf(voice.advertisements.filter(({ nodes }) => nodes.length === 0 || anySelects(nodes, labels)))
}

const voicesOf = (cluster: Cluster, { group }: Election): readonly Voice[] => {
  const around = surroundingsOf(cluster)
  return group.services.flatMap((name: ServiceName) => {
    const service = cluster.services.get(name)
    const address = service === undefined ? undefined : addressesToAnnounce(around, service)[0]
    if (service === undefined || address === undefined) return []
    const voice = voiceOf(cluster, around, service, address)
    return "code" in voice ? [] : [voice]
  })
}

const barsOf = (cluster: Cluster, { outcome }: Election, voices: readonly Voice[], name: NodeName): readonly Bar[] => {
  const node = cluster.nodes.get(name)
  if (node === undefined) return [{ code: "unknown-node" }]
  const bars = new Map<string, Bar>()
  const ordered = outcome.kind === "ordered" && outcome.order.some((candidate) => candidate.node === name)
  for (const { service, advertisements, local } of voices) {
    const fitness = fitnessOf(advertisements, service, node, cluster.speakers.get(name))
    if (fitness.kind === "barred") for (const bar of fitness.bars) bars.set(JSON.stringify(bar), bar)
    const hasPod = local === undefined || (local.serving.has(name) && (ordered || !local.terminating.has(name)))
    if (!hasPod) bars.set(`local ${service.name}`, { code: "no-local-endpoint", service: service.name })
  }
  if (node.marks.has("leaving") && !ordered) bars.set("leaving", { code: "leaving" })
  return [...bars.values()]
}

const behind = (
  cluster: Cluster,
  { group }: Election,
  voices: readonly Voice[],
  ahead: Candidate,
  own: Candidate,
): Behind => {
  if (ahead.score !== own.score) return { node: ahead.node, by: "preference" }
  const placeOf = (node: NodeName): { readonly near: boolean; readonly wireless: boolean } => {
    const found = cluster.nodes.get(node)
    const voice = voices[0]
    if (found === undefined || voice === undefined) return { near: false, wireless: false }
    const fitness = fitnessOf(voice.advertisements, voice.service, found, cluster.speakers.get(node))
    if (fitness.kind === "barred") return { near: false, wireless: false }
    return { near: isInSubnet(fitness.subnets, group.addresses[0]), wireless: fitness.wireless }
  }
  const [first, second] = [placeOf(ahead.node), placeOf(own.node)]
  if (first.near !== second.near) return { node: ahead.node, by: "subnet" }
  return { node: ahead.node, by: first.wireless === second.wireless ? "hash" : "cable" }
}
