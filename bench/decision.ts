import type { JsonObject } from "../src/kubernetes/http.ts"
import {
  clusterOf,
  ledgerObject,
  nodeObject,
  poolObject,
  advertisementObject,
  serviceObject,
  sliceObject,
  speakerObject,
} from "../src/cluster/cluster-fixture.ts"
import type { Cluster, KindName, Touched } from "../src/cluster/cluster.ts"
import { printLedgerSpec } from "../src/cluster/read/ledger.ts"
import { allKinds, createSnapshot, type Snapshot } from "../src/cluster/read/snapshot.ts"
import { createDecider, type Decider } from "../src/decision/decide.ts"
import { settle } from "../src/decision/settle.ts"
import { printAddress } from "../src/net/address.ts"
import type { Measurement } from "./measurement.ts"
import { median, printMiB, printMs, summaryOf } from "./statistics.ts"
import { monotonicMs } from "./wire/clock.ts"

const services = 10_000
const nodes = 100
const wholeBarMs = 50
const oneBarMs = 1
const nowSeconds = 1_800_000_000

/** The decision alone, in this process: no packet, no API server. */
export const decision: Measurement = {
  name: "decision",
  about:
    "10,000 Services x 100 nodes, two endpoints each: who gets which address, who may announce it and in which order",
  measure: async ({ report, quick }) => {
    const objects = clusterObjects()
    const before = heapBytes()
    const { snapshot, cluster } = settledSnapshot(objects)
    const snapshotBytes = heapBytes() - before
    const everything: Touched = { kind: "everything" }
    const cold = times(quick ? 2 : 20, () => void createDecider().decide(cluster, everything, nowSeconds))
    const decider = createDecider()
    const empty = heapBytes()
    decider.decide(cluster, everything, nowSeconds)
    const deciderBytes = heapBytes() - empty
    const whole = times(quick ? 3 : 40, () => void decider.decide(cluster, everything, nowSeconds))
    const one = oneChanged(snapshot, decider, quick ? 20 : 400)
    report.times("cold: everything, nothing remembered", summaryOf(cold))
    report.times("warm: everything again", summaryOf(whole))
    report.times("warm: one Service changed, read and decided", summaryOf(one))
    report.figure("memory", `snapshot ${printMiB(snapshotBytes)}, what the decider remembers ${printMiB(deciderBytes)}`)
    report.bar(`whole decision warm under ${wholeBarMs} ms, median`, printMs(median(whole)), median(whole) < wholeBarMs)
    report.bar(`one changed Service under ${oneBarMs} ms, median`, printMs(median(one)), median(one) < oneBarMs)
  },
}

const nodeName = (index: number): string => `node-${index % nodes}`
const serviceName = (index: number): string => `team-${index % 50}/service-${index}`

const service = (index: number, port: number, has: readonly string[]): JsonObject =>
  serviceObject(serviceName(index), {
    ports: [`${port}/TCP`],
    has,
    annotations: has.length === 0 ? {} : { "metallb.io/ip-allocated-from-pool": "main" },
  })

const clusterObjects = (): readonly JsonObject[] => [
  poolObject("main", ["10.64.0.0/16"]),
  advertisementObject("main", { ipAddressPools: ["main"] }),
  ...Array.from({ length: nodes }, (_, index) => nodeObject(nodeName(index), { rack: `r${index % 8}` })),
  ...Array.from({ length: nodes }, (_, index) =>
    speakerObject(nodeName(index), [{ name: "eth0", up: true, addresses: [`10.64.255.${index + 1}/16`] }]),
  ),
  ...Array.from({ length: services }, (_, index) => service(index, 80, [])),
  ...Array.from({ length: services }, (_, index) =>
    sliceObject(serviceName(index), [nodeName(index), nodeName(index + 37)]),
  ),
]

/** As a controller finds it: every address given, written in ledger and status, and read again. */
const settledSnapshot = (objects: readonly JsonObject[]): { snapshot: Snapshot; cluster: Cluster } => {
  const { cluster: settled } = settle(clusterOf(...objects), nowSeconds)
  const snapshot = createSnapshot({ namespace: "metallb-system", loadBalancerClass: undefined, kinds: allKinds })
  const take = (object: JsonObject): void => snapshot.take(object["kind"] as KindName, { kind: "upserted", object })
  for (const object of objects) if (object["kind"] !== "Service") take(object)
  for (const { name, pool, ...rest } of settled.ledger.objects.values())
    take({ ...ledgerObject(name, pool, []), spec: printLedgerSpec({ pool, ...rest }) })
  for (let index = 0; index < services; index++) take(service(index, 80, addressesOf(settled, index)))
  for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
  return { snapshot, cluster: looked(snapshot).cluster }
}

const addressesOf = (cluster: Cluster, index: number): readonly string[] =>
  (cluster.services.get(serviceName(index) as never)?.reported ?? []).map((address) => printAddress(address))

const looked = (snapshot: Snapshot): { readonly cluster: Cluster; readonly touched: Touched } => {
  const knowledge = snapshot.look()
  if (knowledge.state === "listing") throw new Error("every kind was synced")
  return knowledge
}

/** A Service's port changes, another one each time; the first tenth warms up. */
const oneChanged = (snapshot: Snapshot, decider: Decider, runs: number): readonly number[] => {
  looked(snapshot)
  const { cluster } = looked(snapshot)
  let index = 0
  const all = times(runs, () => {
    index += 1
    const object = service(index, 81, addressesOf(cluster, index))
    return () => {
      snapshot.take("Service", { kind: "upserted", object })
      const { cluster, touched } = looked(snapshot)
      const { changed } = decider.decide(cluster, touched, nowSeconds)
      if (touched.kind !== "services" || touched.names.size !== 1) throw new Error(`${changed.services.size} touched`)
    }
  })
  return all.slice(Math.floor(runs / 10))
}

/** `work` may prepare, and hand back what is to be timed. */
const times = (runs: number, work: () => void | (() => void)): readonly number[] =>
  Array.from({ length: runs }, () => {
    let began = monotonicMs()
    const prepared = work()
    if (prepared !== undefined) {
      began = monotonicMs()
      prepared()
    }
    return monotonicMs() - began
  })

const heapBytes = (): number => {
  globalThis.gc?.()
  return process.memoryUsage().heapUsed
}
