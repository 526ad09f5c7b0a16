import assert from "node:assert/strict"
import { test } from "node:test"
import {
  asEndpointSlice,
  asService,
  type EndpointSliceObject,
  readProxiedPorts,
  type ServiceObject,
} from "./proxied-ports.ts"
import { printRuleset, type ProxyNode } from "./ruleset.ts"

test("Cluster always masks the visitor, wherever the pod is", () => {
  assert.match(rules(service({})), /chain outer-0 \{ jump mark-for-masquerade; goto any-0; \}/)
})

test("Local offers strangers only the pods of this node, and pods of the cluster all of them", () => {
  const text = rules(service({ externalTrafficPolicy: "Local" }))
  const outer = /chain outer-0 \{([^}]*)\}/.exec(text)?.[1] ?? ""
  assert.match(outer, /ip saddr 10\.244\.0\.0\/16 goto any-0/)
  assert.match(outer, /goto pod-0-0\s*$/)
  assert.doesNotMatch(outer, /drop|pod-0-1/)
})

test("Local drops strangers where this node has no pod", () => {
  const text = rules(service({ externalTrafficPolicy: "Local" }), [
    slice([{ address: "10.244.2.10", node: "attic-2" }]),
  ])
  assert.match(/chain outer-0 \{([^}]*)\}/.exec(text)?.[1] ?? "", /drop\s*$/)
})

test("a Service without pods is refused before any translation", () => {
  const text = rules(service({}), [slice([])])
  for (const key of ["10.96.0.10 . tcp . 80", "192.168.40.200 . tcp . 80", "tcp . 30080"])
    assert.ok(text.includes(`${key} : goto refuse`), key)
  assert.doesNotMatch(text, /dnat to/)
})

test("a pod that is not ready gets nobody; while none is ready, those that still serve do", () => {
  const beside = rules(service({}), [slice([{ address: "10.244.1.10", node: "attic-1" }, dyingOn("attic-2")])])
  assert.match(beside, /chain any-0 \{ goto pod-0-0; \}/)
  assert.match(rules(service({}), [slice([dyingOn("attic-2")])]), /dnat to 10\.244\.2\.10:8080/)
  const neverReady = { ...dyingOn("attic-2"), conditions: { ready: false, serving: false, terminating: false } }
  assert.doesNotMatch(rules(service({}), [slice([neverReady])]), /dnat to/)
})

test("under policy Local each node goes by its own pods: one that still serves takes strangers though another node has a ready one", () => {
  const local = service({ externalTrafficPolicy: "Local" })
  const text = rules(local, [slice([{ address: "10.244.1.10", node: "attic-2" }, dyingOn("attic-1")])])
  assert.match(/chain outer-0 \{([^}]*)\}/.exec(text)?.[1] ?? "", /goto any-0\s*goto pod-0-1\s*$/)
  assert.match(text, /chain any-0 \{ goto pod-0-0; \}/)
})

test("an address with ipMode Proxy is not caught", () => {
  const text = rules({
    ...service({}),
    status: { loadBalancer: { ingress: [{ ip: "192.168.40.200", ipMode: "Proxy" }] } },
  })
  assert.doesNotMatch(text, /192\.168\.40\.200 \./)
})

test("node ports answer on the node's own first address alone", () => {
  assert.match(rules(service({})), /ip daddr 192\.168\.40\.31 meta l4proto \. th dport vmap @node-ports/)
})

test("two Services with one address and port: the first keeps it, and the rules stay valid", () => {
  const second = {
    ...service({ clusterIPs: ["10.96.0.11"], ports: [{ name: "http", port: 80 }] }),
    metadata: { namespace: "demo", name: "second" },
  }
  const text = printRuleset(node, readProxiedPorts([service({}), second], [...slices, ...slices.map(ofSecond)]))
  assert.deepEqual(text.match(/192\.168\.40\.200 \. tcp \. 80 : goto .*/g), [
    "192.168.40.200 . tcp . 80 : goto outer-0",
  ])
})

test("client affinity picks by the client's address, not by chance", () => {
  assert.match(rules(service({ sessionAffinity: "ClientIP" })), /chain any-0 \{ jhash ip saddr mod 2 vmap/)
  assert.match(rules(service({})), /chain any-0 \{ numgen random mod 2 vmap/)
})

test("each family has its own table, and only its own addresses", () => {
  const text = rules(service({ clusterIPs: ["10.96.0.10", "fd00:96::10"] }), [
    ...slices,
    slice([{ address: "fd00:244:1::10", node: "attic-1" }], "IPv6"),
  ])
  const ipv6 = text.slice(text.indexOf("table ip6"))
  assert.match(ipv6, /dnat to \[fd00:244:1::10\]:8080/)
  assert.doesNotMatch(ipv6, /10\.96/)
})

test("a headless Service, and what is no Service, have no rules", () => {
  assert.deepEqual(readProxiedPorts([service({ clusterIPs: ["None"] })], slices), [])
  assert.equal(asService({ metadata: { name: "x" } }), undefined)
  assert.equal(asEndpointSlice({ metadata: { namespace: "a", name: "x" } }), undefined)
})

const dyingOn = (node: string) => ({
  address: "10.244.2.10",
  node,
  conditions: { ready: false, serving: true, terminating: true },
})

const node: ProxyNode = {
  name: "attic-1",
  addresses: { ip: "192.168.40.31", ip6: "fd00:40::31" },
  podNetworks: { ip: "10.244.0.0/16", ip6: "fd00:244::/32" },
}

const rules = (service: ServiceObject, from: readonly EndpointSliceObject[] = slices): string =>
  printRuleset(node, readProxiedPorts([service], from))

const service = (spec: Partial<ServiceObject["spec"]>): ServiceObject => ({
  metadata: { namespace: "demo", name: "whoami" },
  spec: {
    type: "LoadBalancer",
    clusterIPs: ["10.96.0.10"],
    ports: [{ name: "http", port: 80, nodePort: 30080 }],
    ...spec,
  },
  status: { loadBalancer: { ingress: [{ ip: "192.168.40.200" }] } },
})

type Pod = {
  readonly address: string
  readonly node: string
  readonly conditions?: { readonly ready?: boolean; readonly serving?: boolean; readonly terminating?: boolean }
}

const slice = (pods: readonly Pod[], addressType = "IPv4"): EndpointSliceObject => ({
  metadata: { namespace: "demo", name: "whoami-1", labels: { "kubernetes.io/service-name": "whoami" } },
  addressType,
  endpoints: pods.map(({ address, node, conditions = { ready: true } }) => ({
    addresses: [address],
    nodeName: node,
    conditions,
  })),
  ports: [{ name: "http", port: 8080 }],
})

const ofSecond = (slice: EndpointSliceObject): EndpointSliceObject => ({
  ...slice,
  metadata: { ...slice.metadata, labels: { "kubernetes.io/service-name": "second" } },
})

const slices = [
  slice([
    { address: "10.244.1.10", node: "attic-1" },
    { address: "10.244.2.10", node: "attic-2" },
  ]),
]
