import assert from "node:assert/strict"
import { get } from "node:http"
import { Socket } from "node:net"
import { ask } from "../actors/ask.ts"
import { createPodRunner } from "../kubelet/pods.ts"
import { openSocket } from "../namespace.ts"
import { packetTest } from "../packet-test.ts"
import { atticLayout, atticPods, atticShares } from "../topology/attic.ts"
import { buildNetwork, runInNamespace } from "../topology/build.ts"
import { type EndpointSliceObject, readProxiedPorts, type ServiceObject } from "./proxied-ports.ts"
import { type ProxyView, type ServiceProxy, startServiceProxy } from "./proxy.ts"

packetTest(import.meta.url, "an update that changes no rule does not hold up the next one", async () => {
  const update = await cluster({ policy: "Cluster" })
  await update({ policy: "Cluster" })
  await update({ policy: "Local" })
  await enterAt("attic-2")
  assert.equal(await seenBy("laptop", balanced), "192.168.40.23")
})

/** The only pod is on attic-2. What it sees is that of the flannel VXLAN rows of the source address table. */
packetTest(import.meta.url, "Cluster, entering at another node: the pod sees that node's flannel.1", async () => {
  await cluster({ policy: "Cluster" })
  await enterAt("attic-1")
  assert.equal(await seenBy("laptop", balanced), "10.244.1.0")
  assert.equal(await seenBy("laptop", nodePort("attic-1")), "10.244.1.0")
})

packetTest(import.meta.url, "Cluster, entering at the pod's node: the pod sees that node's cni0", async () => {
  await cluster({ policy: "Cluster" })
  await enterAt("attic-2")
  assert.equal(await seenBy("laptop", balanced), "10.244.2.1")
  assert.equal(await seenBy("laptop", nodePort("attic-2")), "10.244.2.1")
})

packetTest(import.meta.url, "Local, entering at the pod's node: the pod sees the client", async () => {
  await cluster({ policy: "Local" })
  await enterAt("attic-2")
  assert.equal(await seenBy("laptop", balanced), "192.168.40.23")
  assert.equal(await seenBy("laptop", nodePort("attic-2")), "192.168.40.23")
})

packetTest(import.meta.url, "Local, entering at a node without a pod: dropped, not refused", async () => {
  await cluster({ policy: "Local" })
  await enterAt("attic-1")
  assert.equal(await seenBy("laptop", balanced, patience.silenceMs), "timeout")
  assert.equal(await seenBy("laptop", nodePort("attic-1"), patience.silenceMs), "timeout")
})

packetTest(
  import.meta.url,
  "the cluster address shows a pod its visitor pod, and hides strangers and nodes",
  async () => {
    await cluster({ policy: "Cluster" })
    await runInNamespace("laptop", ["ip", "route", "add", inner.address, "via", "192.168.40.31"])
    assert.equal(await seenBy("pod.demo.pod-1", inner), "10.244.1.10")
    assert.equal(await seenBy("attic-1", inner), "10.244.1.0")
    assert.equal(await seenBy("laptop", inner), "10.244.1.0")
  },
)

packetTest(
  import.meta.url,
  "a pod that asks the outer address is hidden with Cluster and shown with Local",
  async () => {
    const update = await cluster({ policy: "Cluster" })
    assert.equal(await seenBy("pod.demo.pod-1", balanced), "10.244.1.0")
    await update({ policy: "Local" })
    assert.equal(await seenBy("pod.demo.pod-1", balanced), "10.244.1.10")
  },
)

packetTest(import.meta.url, "a node without a pod reaches a Local Service all the same, hidden", async () => {
  await cluster({ policy: "Local" })
  assert.equal(await seenBy("attic-1", balanced), "10.244.1.0")
})

packetTest(import.meta.url, "a pod reaches itself through its Service, hidden behind cni0", async () => {
  await cluster({ policy: "Cluster" })
  assert.equal(await seenBy("pod.demo.pod-2", inner), "10.244.2.1")
})

packetTest(import.meta.url, "a Service without pods refuses, at every address", async () => {
  await cluster({ policy: "Cluster", ready: false })
  await enterAt("attic-1")
  assert.equal(await seenBy("laptop", balanced), "refused")
  assert.equal(await seenBy("laptop", nodePort("attic-1")), "refused")
  assert.equal(await seenBy("pod.demo.pod-1", inner), "refused")
})

packetTest(import.meta.url, "source ranges guard the outer address and not the node port", async () => {
  await cluster({ policy: "Cluster", sourceRanges: ["10.0.0.0/8"] })
  await enterAt("attic-1")
  assert.equal(await seenBy("laptop", balanced, patience.silenceMs), "timeout")
  assert.equal(await seenBy("laptop", nodePort("attic-1")), "10.244.1.0")
})

packetTest(import.meta.url, "datagrams go the same way", async () => {
  await cluster({ policy: "Cluster" })
  await enterAt("attic-1")
  assert.equal(await seenBy("laptop", { address: balanced.address, port: 53, protocol: "UDP" }), "10.244.1.0")
})

packetTest(import.meta.url, "IPv6 has the same rules", async () => {
  const update = await cluster({ policy: "Cluster" })
  await runInNamespace("laptop", ["ip", "route", "add", "fd00:40::200/128", "via", "fd00:40::31"])
  assert.equal(await seenBy("laptop", { ...balanced, address: "fd00:40::200" }), "fd00:244:1::")
  await update({ policy: "Local" })
  assert.equal(await seenBy("laptop", { ...balanced, address: "fd00:40::200" }, patience.silenceMs), "timeout")
})

packetTest(import.meta.url, "an open connection outlives a change of rules", async () => {
  const update = await cluster({ policy: "Cluster" })
  await enterAt("attic-1")
  const socket = new Socket({ fd: openSocket("laptop", "tcp", 4) }).connect({
    host: balanced.address,
    port: balanced.port,
  })
  await new Promise((resolve) => socket.once("connect", resolve))
  await update({ policy: "Local" })
  socket.end("GET / HTTP/1.0\r\n\r\n")
  assert.match(String(await new Promise((resolve) => socket.once("data", resolve))), /hello, you are 10\.244\.1\.0/)
})

packetTest(
  import.meta.url,
  "the health check port counts the pods of its node, and the metrics say when it last synced",
  async () => {
    await cluster({ policy: "Local" })
    assert.equal((await fetchFrom("laptop", "192.168.40.32", 32100)).status, 200)
    assert.equal((await fetchFrom("laptop", "192.168.40.31", 32100)).status, 503)
    assert.match(
      (await fetchFrom("attic-1", "127.0.0.1", 10249)).body,
      /kubeproxy_sync_proxy_rules_last_timestamp_seconds \d{10}/,
    )
    assert.equal((await fetchFrom("laptop", "192.168.40.31", 10256)).status, 200)
  },
)

const balanced = { address: "192.168.40.200", port: 80, protocol: "TCP" as const }
const inner = { address: "10.96.0.10", port: 80, protocol: "TCP" as const }
const nodePort = (node: string) => ({ address: `192.168.40.3${node.at(-1)}`, port: 30080, protocol: "TCP" as const })

type Made = {
  readonly policy: "Cluster" | "Local"
  readonly ready?: boolean
  readonly sourceRanges?: readonly string[]
}

const cluster = async (made: Made): Promise<(made: Made) => Promise<void>> => {
  await buildNetwork(atticLayout, atticShares)
  await createPodRunner(atticShares).ensure(atticPods)
  let view: ProxyView = { services: [], slices: [], ports: [] }
  const proxies = [1, 2, 3].map((number) => startProxy(number, () => view))
  const update = async (made: Made): Promise<void> => {
    const [services, endpointSlices] = [[service(made)], slices(made)]
    view = { services, slices: endpointSlices, ports: readProxiedPorts(services, endpointSlices) }
    for (const proxy of proxies) proxy.update()
    await Promise.all(proxies.map((proxy) => proxy.settled()))
  }
  await update(made)
  return update
}

const startProxy = (number: number, view: () => ProxyView): ServiceProxy =>
  startServiceProxy(
    {
      name: `attic-${number}`,
      addresses: { ip: `192.168.40.3${number}`, ip6: `fd00:40::3${number}` },
      podNetworks: { ip: "10.244.0.0/16", ip6: "fd00:244::/32" },
    },
    view,
    (message) => assert.fail(message),
    2,
  )

/** Until speakers answer for the address, the laptop is told by hand where it is. */
const enterAt = (node: string): Promise<void> =>
  runInNamespace("laptop", ["ip", "route", "add", balanced.address, "via", `192.168.40.3${node.at(-1)}`])

/** Long for a busy machine; short where silence is expected. */
const patience = { answerMs: 5000, silenceMs: 500 } as const

const seenBy = async (
  from: string,
  target: { address: string; port: number; protocol: "TCP" | "UDP" },
  waitMs: number = patience.answerMs,
): Promise<string> => {
  const answer = await ask(from, target, waitMs)
  return answer.kind === "answered" ? (answer.greeting?.seen ?? "nothing") : answer.kind
}

const service = ({ policy, sourceRanges = [] }: Made): ServiceObject => ({
  metadata: { namespace: "demo", name: "whoami" },
  spec: {
    type: "LoadBalancer",
    clusterIPs: ["10.96.0.10", "fd00:96::10"],
    externalTrafficPolicy: policy,
    loadBalancerSourceRanges: sourceRanges,
    ...(policy === "Local" ? { healthCheckNodePort: 32100 } : {}),
    ports: [
      { name: "http", port: 80, nodePort: 30080 },
      { name: "dns", port: 53, protocol: "UDP" },
    ],
  },
  status: { loadBalancer: { ingress: [{ ip: "192.168.40.200", ipMode: "VIP" }, { ip: "fd00:40::200" }] } },
})

const slices = ({ ready = true }: Made): EndpointSliceObject[] =>
  [
    { addressType: "IPv4", address: "10.244.2.10" },
    { addressType: "IPv6", address: "fd00:244:2::10" },
  ].map(({ addressType, address }) => ({
    metadata: { namespace: "demo", name: `whoami-${addressType}`, labels: { "kubernetes.io/service-name": "whoami" } },
    addressType,
    endpoints: [{ addresses: [address], nodeName: "attic-2", conditions: { ready } }],
    ports: [
      { name: "http", port: 8080 },
      { name: "dns", port: 5353, protocol: "UDP" },
    ],
  }))

const fetchFrom = (machine: string, host: string, port: number): Promise<{ status: number; body: string }> =>
  new Promise((resolve, reject) => {
    const createConnection = (): Socket => new Socket({ fd: openSocket(machine, "tcp", 4) }).connect({ host, port })
    get({ host, port, createConnection }, (response) => {
      let body = ""
      response.setEncoding("utf8").on("data", (more: string) => (body += more))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body }))
    }).on("error", reject)
  })
