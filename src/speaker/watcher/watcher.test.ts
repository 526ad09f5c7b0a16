import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, numberAt, objectAt, textAt } from "../../kubernetes/json.ts"
import { type Address, parseAddress } from "../../net/address.ts"
import { printRange } from "../../net/range.ts"
import type { AnnouncerReport } from "../announcer/report.ts"
import { InMemoryCluster } from "./in-memory-cluster.ts"
import { type Change, give, poolKind, runningCluster, service } from "./running-cluster.ts"

const radarrAddress = parseAddress("10.69.1.156")!

test("a Service with an address becomes an intent: candidates in MetalLB's order, once everything was listed", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  const hold = cluster.holds.get(radarrAddress)
  assert.deepEqual(hold?.order.map(({ node }) => node).toSorted(), ["w1", "w2", "w3"])
  assert.equal(hold?.grant, 1)
  assert.equal(hold?.ready, true)
  assert.equal(hold?.links, undefined)
})

test("before the first whole list of every kind nothing is told; an empty cluster is told as a whole view", () => {
  const cluster = new InMemoryCluster(crds)
  cluster.feed({ kind: "wake" })
  assert.equal(
    cluster.outputs.some(({ kind }) => kind === "intents"),
    false,
  )
  cluster.run(100)
  assert.deepEqual(
    cluster.outputs.find(({ kind }) => kind === "intents"),
    { kind: "intents", page: [], complete: true },
  )
})

test("members are the nodes with their addresses, and the pools' ranges are what filters let in", () => {
  const cluster = running()
  const { members, ranges, cluster: uid, controls } = cluster.surroundings!
  assert.deepEqual(members.map(({ node }) => node).toSorted(), ["w1", "w2", "w3"])
  assert.deepEqual(members[0]?.addresses.length, 1)
  assert.equal(ranges.length, 1)
  assert.match(uid, /^[0-9a-f-]{36}$/)
  assert.deepEqual(controls, [parseAddress("10.69.1.165")])
})

test("what another speaker reports of its links becomes a way to reach it", () => {
  const cluster = running()
  cluster.must("POST", "/apis/porchlight.dev/v1alpha1/speakers", {
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "Speaker",
    metadata: { name: "w2" },
  })
  const interfaces = [{ name: "eth1", mac: "52:54:00:00:01:05", up: true, addresses: ["172.16.9.105/24"] }]
  cluster.must("PATCH", "/apis/porchlight.dev/v1alpha1/speakers/w2/status", { status: { interfaces } })
  cluster.run(20)
  const w2 = cluster.surroundings?.members.find(({ node }) => node === "w2")
  assert.deepEqual(w2?.reported[0]?.addresses, [parseAddress("172.16.9.105")])
})

test("an address in a status that its ledger does not give to that Service is not announced", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  service(cluster, "thief", "10.69.1.156")
  cluster.run(20)
  assert.deepEqual([...cluster.holds.keys()], [radarrAddress])
  assert.deepEqual(
    cluster.watcher.view.servicesOf(radarrAddress).map(({ name }) => name),
    ["media/radarr"],
  )
})

test("a Service without endpoints stays known with nobody in order; deleted, it is let go", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  cluster.must("DELETE", "/apis/discovery.k8s.io/v1/namespaces/media/endpointslices/radarr-1")
  cluster.run(20)
  assert.deepEqual(cluster.holds.get(radarrAddress)?.order, [])
  cluster.must("DELETE", "/api/v1/namespaces/media/services/radarr")
  cluster.run(20)
  assert.equal(cluster.holds.size, 0)
})

for (const [what, path] of [
  ["a pool", "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/first-pool"],
  ["the definition of pools", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/ipaddresspools.metallb.io"],
] as const)
  test(`${what} that somebody deletes takes no address from who was given it, nor the packets that ask for it`, () => {
    const cluster = running()
    give(cluster, "radarr", "10.69.1.156")
    cluster.run(20)
    const [before, heard] = [cluster.holds.get(radarrAddress), cluster.surroundings?.ranges]
    assert.equal(before?.order.length, 3)
    cluster.must("DELETE", path)
    cluster.run(60_000)
    assert.deepEqual(cluster.holds.get(radarrAddress), before)
    assert.deepEqual(cluster.surroundings?.ranges, heard)
  })

test("a pool that loses its range goes on hearing who asks for what the ledger gives", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  const before = cluster.holds.get(radarrAddress)
  cluster.must("PATCH", "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/first-pool", {
    spec: { addresses: ["10.69.2.0/24"] },
  })
  cluster.run(20)
  assert.deepEqual(cluster.holds.get(radarrAddress), before)
  assert.deepEqual(cluster.surroundings?.ranges.map(printRange), ["10.69.2.0-10.69.2.255", "10.69.1.156"])
})

test("the next page waits until the last was taken", () => {
  const cluster = running()
  cluster.acknowledges = false
  const before = cluster.outputs.filter(({ kind }) => kind === "intents").length
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  give(cluster, "sonarr", "10.69.1.157")
  cluster.run(20)
  assert.equal(cluster.outputs.filter(({ kind }) => kind === "intents").length, before + 1)
  cluster.feed({ kind: "acknowledged" })
  cluster.run(20)
  assert.equal(cluster.holds.size, 2)
})

test("a node whose service proxy is behind is not ready until the proxy has synced", () => {
  const cluster = running({ proxy: { is: "synced", syncedAt: 1_795_283_000, queuedAt: undefined } })
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(200)
  assert.equal(cluster.holds.get(radarrAddress)?.ready, false)
  cluster.proxy = { is: "synced", syncedAt: 1_795_284_001, queuedAt: undefined }
  cluster.run(100)
  assert.equal(cluster.holds.get(radarrAddress)?.ready, true, "seen within 50 ms")
})

test("the Speaker object is made at the first report; twenty changes are told at once, then one in ten seconds on average", () => {
  const cluster = running()
  cluster.feed({ kind: "report", report: report() })
  cluster.run(20)
  const speaker = cluster.must("GET", "/apis/porchlight.dev/v1alpha1/speakers/w1")
  assert.equal(textAt(speaker, "status", "state"), "active")
  assert.equal(
    textAt(speaker, "metadata", "ownerReferences") ?? listAt(speaker, "metadata", "ownerReferences").length,
    1,
  )
  const writes = (): number => cluster.asked("PATCH", "/speakers/w1/status").length
  assert.equal(writes(), 1)
  for (let i = 0; i < 25; i++) {
    cluster.feed({ kind: "report", report: report([String(i)]) })
    cluster.run(1000)
  }
  assert.ok(writes() <= 20, `${writes()} writes in 25 s`)
  cluster.run(60_000)
  const settled = writes()
  cluster.run(60_000)
  assert.equal(writes(), settled, "nothing changes, nothing is written")
})

test("however much changed before, what a node holds is told within ten seconds", () => {
  const cluster = running()
  cluster.feed({ kind: "report", report: report() })
  cluster.run(20)
  for (let i = 0; i < 30; i++) {
    cluster.feed({ kind: "report", report: report([String(i)]) })
    cluster.run(100)
  }
  cluster.feed({ kind: "report", report: holding() })
  cluster.run(10_100)
  const speaker = cluster.must("GET", "/apis/porchlight.dev/v1alpha1/speakers/w1")
  assert.equal(listAt(speaker, "status", "holds").length, 1)
})

test("a Speaker object that somebody deletes is made again", () => {
  const cluster = running()
  cluster.feed({ kind: "report", report: report() })
  cluster.run(20)
  cluster.must("DELETE", "/apis/porchlight.dev/v1alpha1/speakers/w1")
  cluster.run(15_000)
  assert.equal(textAt(cluster.must("GET", "/apis/porchlight.dev/v1alpha1/speakers/w1"), "status", "state"), "active")
})

test("a connection table that is nearly full is a finding of the Speaker object", () => {
  const cluster = running()
  cluster.feed({ kind: "report", report: report() })
  cluster.run(10_100)
  assert.equal(cluster.outputs.filter(({ kind }) => kind === "probe-host").length, 2)
  cluster.feed({ kind: "host", evidence: { connections: { count: 99, max: 100 }, throttledMs: undefined } })
  cluster.run(20)
  const speaker = cluster.must("GET", "/apis/porchlight.dev/v1alpha1/speakers/w1")
  assert.deepEqual(
    listAt(speaker, "status", "findings").map((finding) => textAt(finding, "code")),
    ["conntrack-full"],
  )
})

test("what is held is told in MetalLB's words: an event on the Service, and a ServiceL2Status", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  cluster.feed({
    kind: "moved",
    move: { at: 0, link: "eth0", key: radarrAddress, from: undefined, to: "w1", because: { code: "first-claim" } },
  })
  cluster.feed({ kind: "report", report: holding() })
  cluster.run(2000)
  const [event] = listAt(cluster.must("GET", "/api/v1/namespaces/media/events"), "items")
  assert.equal(textAt(event, "message"), 'announcing from node "w1" with protocol "layer2"')
  assert.deepEqual([textAt(event, "reason"), textAt(event, "source", "component")], ["nodeAssigned", "metallb-speaker"])
  const statuses = (): readonly JsonObject[] =>
    listAt(
      cluster.must("GET", "/apis/metallb.io/v1beta1/namespaces/metallb-system/servicel2statuses"),
      "items",
    ) as JsonObject[]
  assert.deepEqual(objectAt(statuses()[0], "status"), { node: "w1", serviceName: "radarr", serviceNamespace: "media" })
  cluster.feed({ kind: "report", report: report() })
  cluster.run(2000)
  assert.deepEqual(statuses(), [])
})

test("a stranger that becomes known for what it is, is another warning", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  const seen = { code: "foreign-answer", link: "eth0", address: radarrAddress, mac: 0x525400000009 }
  for (const is of ["unknown", "other-cluster", "other-cluster"]) {
    const finding = { ...seen, stranger: { is } }
    cluster.feed({ kind: "report", report: { ...report(), findings: [finding as never] } })
    cluster.run(2000)
  }
  const events = listAt(cluster.must("GET", "/api/v1/namespaces/media/events"), "items")
  assert.deepEqual(
    events.map((event) => /it is (.*)\. The address is kept; /.exec(textAt(event, "message") ?? "")?.[1]),
    [
      "a machine that is none of this cluster's nodes and not the gateway",
      "a speaker of another cluster, or with another key",
    ],
  )
})

test("that nobody takes an address is told while somebody may have it, and not while it is withdrawn", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  const codes = (): readonly (string | undefined)[] => {
    const finding = { code: "nobody-takes", address: radarrAddress, tried: [] }
    const findings = [{ code: "segment", link: "eth0", finding, nodes: [] } as never]
    cluster.feed({ kind: "report", report: { ...report(), findings } })
    cluster.run(12_000)
    const speaker = cluster.must("GET", "/apis/porchlight.dev/v1alpha1/speakers/w1")
    return listAt(speaker, "status", "findings").map((told) => textAt(told, "code"))
  }
  assert.deepEqual(codes(), ["nobody-takes"])
  cluster.must("DELETE", "/apis/discovery.k8s.io/v1/namespaces/media/endpointslices/radarr-1")
  cluster.run(100)
  assert.deepEqual(codes(), [])
})

test("a stranger's answer becomes one warning on the Service", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  const contested = {
    code: "foreign-answer",
    link: "eth0",
    address: radarrAddress,
    mac: 0x525400000009,
    stranger: { is: "unknown" },
  }
  for (let i = 0; i < 3; i++) {
    cluster.feed({ kind: "report", report: { ...report(), findings: [contested as never] } })
    cluster.run(2000)
  }
  const events = listAt(cluster.must("GET", "/api/v1/namespaces/media/events"), "items")
  assert.equal(events.length, 1)
  assert.match(textAt(events[0], "message") ?? "", /^52:54:00:00:00:09 on eth0 also answers for 10\.69\.1\.156/)
  assert.equal(numberAt(events[0], "count"), 1)
})

test("with the API away nothing is let go, and when it is back what changed meanwhile is told", () => {
  const cluster = running()
  give(cluster, "radarr", "10.69.1.156")
  cluster.run(20)
  cluster.goOffline()
  cluster.run(3_600_000)
  assert.equal(cluster.holds.size, 1)
  cluster.online = true
  give(cluster, "sonarr", "10.69.1.157")
  cluster.run(60_000)
  assert.equal(cluster.holds.size, 2)
})

test("told to stop, it asks for its own Node once and says what the stop means", () => {
  const cluster = running()
  cluster.feed({ kind: "stop" })
  cluster.run(20)
  assert.deepEqual(
    cluster.outputs.find(({ kind }) => kind === "stop"),
    { kind: "stop", how: "restarting", because: "restart" },
  )
  assert.equal(cluster.asked("GET", "/nodes/w1").length, 1)
})

test("told to stop on a drained node, it hands over", () => {
  const cluster = running()
  cluster.must("PATCH", "/api/v1/nodes/w1", { metadata: { annotations: { "porchlight.dev/drain": "true" } } })
  cluster.feed({ kind: "stop" })
  cluster.run(20)
  assert.deepEqual(
    cluster.outputs.find(({ kind }) => kind === "stop"),
    { kind: "stop", how: "leaving", because: "node-drained" },
  )
})

test("told to stop while the API is silent, it hands over after half a second", () => {
  const cluster = running()
  cluster.goOffline()
  cluster.feed({ kind: "stop" })
  cluster.run(500)
  assert.deepEqual(
    cluster.outputs.find(({ kind }) => kind === "stop"),
    { kind: "stop", how: "leaving", because: "api-silent" },
  )
})

test("a pool that cannot be read is said once, by object and field, and the others work", () => {
  const cluster = running()
  cluster.must("POST", "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools", {
    ...poolKind,
    metadata: { name: "broken", namespace: "metallb-system" },
    spec: { addresses: ["10.70.0.9-10.70.0.1"] },
  })
  cluster.run(1000)
  const said = cluster.outputs.flatMap((output) =>
    output.kind === "log" && output.severity === "warn" ? [output.message] : [],
  )
  assert.equal(
    said.filter((message) => message.includes("IPAddressPool") && message.includes("broken")).length,
    1,
    said.join("\n"),
  )
  assert.equal(cluster.surroundings?.ranges.length, 1)
})

test("an excluded node is no candidate, unless told to ignore the label", () => {
  for (const ignoresExcludeLabel of [false, true]) {
    const cluster = running({ ignoresExcludeLabel })
    give(cluster, "radarr", "10.69.1.156")
    cluster.must("PATCH", "/api/v1/nodes/w1", {
      metadata: { labels: { "node.kubernetes.io/exclude-from-external-load-balancers": "" } },
    })
    cluster.run(20)
    const names = cluster.holds.get(radarrAddress)?.order.map(({ node }) => node)
    assert.equal(names?.includes("w1"), ignoresExcludeLabel)
  }
})

const crds = globSync(join(import.meta.dirname, "../../../deploy/crds/*.yaml")).map(
  (path) => parse(readFileSync(path, "utf8")) as JsonObject,
)

const running = (change: Change = {}): InMemoryCluster => runningCluster(crds, change)

const report = (hears: readonly string[] = ["w2", "w3"]): AnnouncerReport => ({
  links: [],
  segments: [{ segment: "10.69.1.0/24", link: "eth0", state: "active", connection: "connected", hears }],
  holds: [],
  contested: [],
  findings: [],
  moves: [],
})

const holding = (): AnnouncerReport => ({
  ...report(),
  holds: [
    {
      key: radarrAddress,
      addresses: [radarrAddress] satisfies Address[],
      link: "eth0",
      grant: 1,
      epoch: 1,
      since: 1_795_284_000,
      gatewayConfirmedAt: undefined,
    },
  ],
})
