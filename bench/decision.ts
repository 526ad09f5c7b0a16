/** How long deciding takes at 10,000 Services and 100 nodes. `node bench/decision.ts` */
import { allKinds, createSnapshot } from "../src/cluster/read/snapshot.ts"
import type { KindName, Knowledge } from "../src/cluster/cluster.ts"
import { createDecider } from "../src/decision/decide.ts"
import { apply } from "../src/decision/settle.ts"
import type { JsonObject } from "../src/kubernetes/http.ts"

const serviceCount = 10_000
const nodeCount = 100
const runs = 25
const wallSeconds = 1_800_000_000

const snapshot = createSnapshot({ namespace: "metallb-system", loadBalancerClass: undefined, kinds: allKinds })
const put = (kind: KindName, metadata: JsonObject, rest: JsonObject): void =>
  snapshot.take(kind, { kind: "upserted", object: { metadata, ...rest } })

const look = (): Knowledge & { readonly state: "complete" } => {
  const knowledge = snapshot.look()
  if (knowledge.state === "listing") throw new Error("Every kind was said to be synced.")
  return knowledge
}

const service = (index: number, port: number): void =>
  put(
    "Service",
    { name: `s${index}`, namespace: "d", uid: `u${index}`, creationTimestamp: "2026-01-01T00:00:00Z" },
    {
      spec: { type: "LoadBalancer", clusterIPs: [`10.96.${index >> 8}.${index & 255}`], ports: [{ port }] },
    },
  )

put("IPAddressPool", { name: "p", namespace: "metallb-system" }, { spec: { addresses: ["10.0.0.0/16"] } })
put("L2Advertisement", { name: "a", namespace: "metallb-system" }, { spec: {} })
for (let index = 0; index < serviceCount; index++) {
  service(index, 80)
  const labels = { "kubernetes.io/service-name": `s${index}` }
  const endpoint = { addresses: ["10.244.0.1"], nodeName: `n${index % nodeCount}`, conditions: { ready: true } }
  put("EndpointSlice", { name: `s${index}-x`, namespace: "d", labels }, { endpoints: [endpoint] })
}
for (let index = 0; index < nodeCount; index++) {
  put("Node", { name: `n${index}` }, {})
  const interfaces = [{ name: "eth0", up: true, addresses: [`10.0.200.${index}/16`] }]
  put("Speaker", { name: `n${index}` }, { status: { interfaces } })
}
for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })

const timed = (what: string, times: number, act: (run: number) => void): void => {
  const took: number[] = []
  for (let run = 0; run < times; run++) {
    const start = performance.now()
    act(run)
    took.push(performance.now() - start)
  }
  const [least, median] = [Math.min(...took), took.toSorted((a, b) => a - b)[times >> 1] ?? 0]
  console.log(`${what.padEnd(44)} ${times === 1 ? "" : `least ${least.toFixed(2)} ms, `}median ${median.toFixed(2)} ms`)
}

const everything = { kind: "everything" } as const
const decider = createDecider()
let { cluster } = look()
timed("allocating all, nothing given yet", 1, () => {
  const { allocations } = decider.decide(cluster, everything, wallSeconds)
  cluster = apply(cluster, allocations, wallSeconds)
})
timed("deciding all, no ranking yet", 1, () => void decider.decide(cluster, everything, wallSeconds))
timed("deciding all, nothing differs", runs, () => void decider.decide(cluster, everything, wallSeconds))
timed("deciding all, another pool came", runs, (run) => {
  const pools = new Map(cluster.configuration.pools)
  const name = `more${run}` as Parameters<typeof pools.get>[0]
  pools.set(name, { ...[...pools.values()][0]!, name, ranges: [] })
  cluster = { ...cluster, configuration: { ...cluster.configuration, pools } }
  decider.decide(cluster, everything, wallSeconds)
})
timed("deciding all, a node may no longer", runs, (run) => {
  const nodes = new Map(cluster.nodes)
  const [name, node] = [...nodes][run]!
  nodes.set(name, { ...node, marks: new Set(["excluded"]) })
  cluster = { ...cluster, nodes }
  decider.decide(cluster, everything, wallSeconds)
})
const services = cluster.services as Map<
  Parameters<typeof cluster.services.get>[0],
  NonNullable<ReturnType<typeof cluster.services.get>>
>
const names = [...services.keys()]
timed("deciding after one Service changed", 200, (run) => {
  const name = names[run * 7]!
  services.set(name, { ...services.get(name)!, ports: [{ protocol: "TCP", port: 1000 + run }] })
  decider.decide(cluster, { kind: "services", names: new Set([name]) }, wallSeconds)
})
