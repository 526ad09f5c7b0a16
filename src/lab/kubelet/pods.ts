import { type PodActor, startPodActor } from "../actors/pod-actor.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, numberAt, textAt } from "../../kubernetes/json.ts"
import { compareAddresses, parseAddress, printAddress, type Ipv4, type Ipv6 } from "../../net/address.ts"
import { parsePrefix } from "../../net/prefix.ts"
import { applyPlan, removeNamespaces } from "../topology/build.ts"
import { type LabPod, type NodeShare, podNamespace } from "../topology/layout.ts"
import { planPod } from "../topology/plan.ts"

/** The pods of all nodes: a network namespace and a small program each. */
export type PodRunner = {
  /** Makes running what these Pod objects say and ends what they do not; Pods without a node wait. */
  readonly ensure: (pods: readonly JsonObject[]) => Promise<void>
  /** Lets a pod answer on one more port, as a Service's target port may be one that the Pod object does not name. */
  readonly listen: (pod: string, protocol: "TCP" | "UDP", port: number) => void
  readonly addressesOf: (pod: string) => readonly string[]
  readonly close: () => void
}

type Running = { readonly pod: LabPod; readonly actor: PodActor }

/** A Pod object without an address gets one from here up; the scenarios name theirs below. */
const firstFreeHost = 100

export const createPodRunner = (shares: ReadonlyMap<string, NodeShare>): PodRunner => {
  const running = new Map<string, Running>()
  let cables = 0
  let last: Promise<void> = Promise.resolve()

  const ensure = async (pods: readonly JsonObject[]): Promise<void> => {
    const wanted = new Map(pods.filter((pod) => shares.has(nodeOf(pod))).map((pod) => [keyOf(pod), pod]))
    await stop([...running.keys()].filter((key) => !wanted.has(key)))
    const fresh: [string, LabPod, JsonObject][] = []
    for (const [key, object] of wanted) {
      if (running.has(key)) continue
      const taken = [...running.values(), ...fresh.map(([, pod]) => ({ pod }))].flatMap(({ pod }) => pod.addresses)
      fresh.push([key, labPod(object, shares.get(nodeOf(object))!, taken), object])
    }
    if (fresh.length > 0)
      await applyPlan(...fresh.map(([, pod]) => planPod(pod, shares.get(pod.node)!, `veth${cables++}`)))
    for (const [key, pod, object] of fresh) running.set(key, { pod, actor: startActor(pod, object) })
  }
  const stop = async (keys: readonly string[]): Promise<void> => {
    const ended = keys.flatMap((key) => running.get(key) ?? [])
    for (const { actor } of ended) actor.close()
    for (const key of keys) running.delete(key)
    if (ended.length > 0) await removeNamespaces(ended.map(({ pod }) => podNamespace(pod)))
  }
  return {
    // One after another: two at once would make the same namespace twice.
    ensure: (pods) => (last = last.catch(() => undefined).then(() => ensure(pods))),
    listen: (pod, protocol, port) => running.get(pod)?.actor.listen(protocol, port),
    addressesOf: (pod) => running.get(pod)?.pod.addresses ?? [],
    close: () => {
      for (const { actor } of running.values()) actor.close()
    },
  }
}

const startActor = (pod: LabPod, object: JsonObject): PodActor => {
  const actor = startPodActor(podNamespace(pod), pod.name, pod.node)
  for (const port of listAt(object, "spec", "containers").flatMap((container) => listAt(container, "ports"))) {
    const number = numberAt(port, "containerPort")
    if (number !== undefined) actor.listen(textAt(port, "protocol") === "UDP" ? "UDP" : "TCP", number)
  }
  return actor
}

const nodeOf = (pod: JsonObject): string => textAt(pod, "spec", "nodeName") ?? ""

export const keyOf = (pod: JsonObject): string =>
  `${textAt(pod, "metadata", "namespace") ?? "default"}/${textAt(pod, "metadata", "name") ?? ""}`

const labPod = (object: JsonObject, share: NodeShare, taken: readonly string[]): LabPod => {
  const named = [
    ...listAt(object, "status", "podIPs").map((entry) => textAt(entry, "ip")),
    textAt(object, "status", "podIP"),
  ]
  const own = [...new Set(named.filter((address) => address !== undefined))]
  const [namespace = "", name = ""] = keyOf(object).split("/")
  return {
    namespace,
    name,
    node: nodeOf(object),
    addresses: own.length > 0 ? own : share.podCidrs.map((cidr) => freeAddress(cidr, taken)),
  }
}

const freeAddress = (cidr: string, taken: readonly string[]): string => {
  const network = parsePrefix(cidr)?.address
  if (network === undefined) throw new Error(`${cidr} is no prefix`)
  const used = taken.flatMap((text) => parseAddress(text) ?? [])
  for (let host = firstFreeHost; ; host++) {
    const address = typeof network === "number" ? ((network + host) as Ipv4) : ((network + BigInt(host)) as Ipv6)
    if (!used.some((other) => compareAddresses(other, address) === 0)) return printAddress(address)
  }
}
