import { type PodActor, startPodActor } from "../actors/pod-actor.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, numberAt, textAt } from "../../kubernetes/json.ts"
import { keyOf, labPod, nodeOf } from "./lab-pod.ts"
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
