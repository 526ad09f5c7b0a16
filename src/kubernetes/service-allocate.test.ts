import assert from "node:assert/strict"
import { test } from "node:test"
import type { Json, JsonObject } from "./http.ts"
import { field, listAt, numberAt, objectAt, textAt, textsAt } from "./json.ts"
import { createStoreFixture } from "./store-fixture.ts"

const SERVICES = "/api/v1/namespaces/default/services"
const DUAL = { serviceCidrs: ["10.96.0.0/16", "fd00:10:96::/112"] }

test("a LoadBalancer Service gets what a real server fills in", () => {
  const { must } = createStoreFixture()
  const made = must("POST", SERVICES, service("web", { type: "LoadBalancer", ports: [{ port: 80 }] }))
  assert.deepEqual(made["spec"], {
    type: "LoadBalancer",
    ports: [{ port: 80, protocol: "TCP", targetPort: 80, nodePort: 30_086 }],
    sessionAffinity: "None",
    externalTrafficPolicy: "Cluster",
    internalTrafficPolicy: "Cluster",
    allocateLoadBalancerNodePorts: true,
    ipFamilyPolicy: "SingleStack",
    ipFamilies: ["IPv4"],
    clusterIP: "10.96.1.1",
    clusterIPs: ["10.96.1.1"],
  })
  assert.deepEqual(made["status"], { loadBalancer: {} })
})

test("both families are given where asked for and offered, in the order asked for", () => {
  const { must } = createStoreFixture(DUAL)
  const prefers = must("POST", SERVICES, service("a", { ports: [{ port: 80 }], ipFamilyPolicy: "PreferDualStack" }))
  assert.deepEqual(textsAt(prefers, "spec", "clusterIPs"), ["10.96.1.1", "fd00:10:96::101"])
  const v6First = { ports: [{ port: 80 }], ipFamilyPolicy: "RequireDualStack", ipFamilies: ["IPv6"] }
  const requires = must("POST", SERVICES, service("b", v6First))
  assert.deepEqual(textsAt(requires, "spec", "ipFamilies"), ["IPv6", "IPv4"])
})

test("on a cluster of one family preferring two gives one, and requiring two is refused", () => {
  const { ask, must } = createStoreFixture()
  const prefers = must("POST", SERVICES, service("a", { ports: [{ port: 80 }], ipFamilyPolicy: "PreferDualStack" }))
  assert.deepEqual(textsAt(prefers, "spec", "ipFamilies"), ["IPv4"])
  const requires = ask("POST", SERVICES, service("b", { ports: [{ port: 80 }], ipFamilyPolicy: "RequireDualStack" }))
  assert.match(messageOf(requires.body), /this cluster is not configured for dual-stack services/)
})

test("SingleStack gives the second family back", () => {
  const { must, patch } = createStoreFixture(DUAL)
  must("POST", SERVICES, service("a", { ports: [{ port: 80 }], ipFamilyPolicy: "PreferDualStack" }))
  const { body } = patch(`${SERVICES}/a`, { spec: { ipFamilyPolicy: "SingleStack" } })
  assert.deepEqual(textsAt(body, "spec", "clusterIPs"), ["10.96.1.1"])
})

test("one number serves TCP and UDP of a port, and a health port is given for Local", () => {
  const { must } = createStoreFixture()
  const ports = [
    { name: "udp", port: 53, protocol: "UDP" },
    { name: "tcp", port: 53 },
  ]
  const made = must("POST", SERVICES, service("dns", { type: "LoadBalancer", externalTrafficPolicy: "Local", ports }))
  const [udp, tcp] = listAt(made, "spec", "ports").map((port) => numberAt(port, "nodePort"))
  assert.equal(udp, tcp)
  const health = numberAt(made, "spec", "healthCheckNodePort") ?? 0
  assert.ok(health >= 30_000 && health !== udp)
})

test("no node ports where they are declined", () => {
  const { must } = createStoreFixture()
  const spec = { type: "LoadBalancer", allocateLoadBalancerNodePorts: false, ports: [{ port: 80 }] }
  assert.equal(field(listAt(must("POST", SERVICES, service("a", spec)), "spec", "ports")[0], "nodePort"), undefined)
})

test("an address or port that somebody has is refused, and free again after its Service", () => {
  const { ask, must } = createStoreFixture()
  const spec = { type: "NodePort", clusterIP: "10.96.0.10", ports: [{ port: 80, nodePort: 30_001 }] }
  must("POST", SERVICES, service("a", spec))
  assert.match(messageOf(ask("POST", SERVICES, service("b", spec)).body), /provided IP is already allocated/)
  const other = { ...spec, clusterIP: "10.96.0.11" }
  assert.match(messageOf(ask("POST", SERVICES, service("b", other)).body), /provided port is already allocated/)
  must("DELETE", `${SERVICES}/a`)
  must("POST", SERVICES, service("b", spec))
})

test("a freed address rests: the next one is given before it", () => {
  const { must } = createStoreFixture()
  const ip = (name: string): string =>
    textAt(must("POST", SERVICES, service(name, { ports: [{ port: 80 }] })), "spec", "clusterIP") ?? ""
  assert.equal(ip("a"), "10.96.1.1")
  must("DELETE", `${SERVICES}/a`)
  assert.equal(ip("b"), "10.96.1.2")
})

test("a full range is said so", () => {
  const { ask, must } = createStoreFixture({ serviceCidrs: ["10.96.0.0/29"] })
  for (const name of ["a", "b", "c", "d", "e", "f"]) must("POST", SERVICES, service(name, { ports: [{ port: 80 }] }))
  assert.match(messageOf(ask("POST", SERVICES, service("g", { ports: [{ port: 80 }] })).body), /range is full/)
})

test("a manifest without what the server chose keeps it", () => {
  const { must } = createStoreFixture()
  const plain = service("a", { type: "LoadBalancer", externalTrafficPolicy: "Local", ports: [{ port: 80 }] })
  const made = must("POST", SERVICES, plain)
  assert.deepEqual(must("PUT", `${SERVICES}/a`, plain)["spec"], made["spec"])
})

test("a Service that stops being a LoadBalancer loses its ports, its class and its addresses", () => {
  const { must, patch } = createStoreFixture()
  must(
    "POST",
    SERVICES,
    service("a", { type: "LoadBalancer", loadBalancerClass: "attic.example/l2", ports: [{ port: 80 }] }),
  )
  patch(`${SERVICES}/a/status`, { status: { loadBalancer: { ingress: [{ ip: "192.168.40.200" }] } } })
  const { body } = patch(`${SERVICES}/a`, { spec: { type: "ClusterIP" } })
  const spec = objectAt(body, "spec")
  for (const name of ["loadBalancerClass", "externalTrafficPolicy", "allocateLoadBalancerNodePorts"])
    assert.equal(spec[name], undefined, name)
  assert.equal(field(listAt(spec, "ports")[0], "nodePort"), undefined)
  assert.deepEqual(field(body, "status"), { loadBalancer: {} })
})

test("an address in a status is stored with its mode, and metadata changes through /status stay", () => {
  const { must, patch } = createStoreFixture()
  must("POST", SERVICES, service("a", { type: "LoadBalancer", ports: [{ port: 80 }] }))
  const status = { loadBalancer: { ingress: [{ ip: "192.168.40.200" }] } }
  const spec = { externalTrafficPolicy: "Local" }
  const { body } = patch(`${SERVICES}/a/status`, { status, metadata: { annotations: { by: "us" } }, spec })
  assert.deepEqual(listAt(body, "status", "loadBalancer", "ingress"), [{ ip: "192.168.40.200", ipMode: "VIP" }])
  assert.equal(textAt(body, "metadata", "annotations", "by"), "us")
  assert.equal(textAt(body, "spec", "externalTrafficPolicy"), "Cluster")
})

test("only a LoadBalancer has addresses in its status, and only real ones", () => {
  const { must, patch } = createStoreFixture()
  must("POST", SERVICES, service("a", { ports: [{ port: 80 }] }))
  must("POST", SERVICES, service("b", { type: "LoadBalancer", ports: [{ port: 80 }] }))
  const status = (ip: string): JsonObject => ({ status: { loadBalancer: { ingress: [{ ip }] } } })
  assert.match(messageOf(patch(`${SERVICES}/a/status`, status("1.2.3.4")).body), /may only be used when `spec.type` is/)
  assert.match(
    messageOf(patch(`${SERVICES}/b/status`, status("1.2.3")).body),
    /ingress\[0\]\.ip: Invalid value: "1\.2\.3"/,
  )
})

const REFUSED: readonly (readonly [string, JsonObject, string])[] = [
  ["no ports", {}, "spec.ports: Required value"],
  ["two ports without names", { ports: [{ port: 80 }, { port: 81 }] }, "spec.ports[0].name: Required value"],
  ["port 0", { ports: [{ port: 0 }] }, "spec.ports[0].port: Invalid value: 0: must be between 1 and 65535, inclusive"],
  [
    "a protocol of its own",
    { ports: [{ port: 1, protocol: "X" }] },
    'spec.ports[0].protocol: Unsupported value: "X": supported values: "SCTP", "TCP", "UDP"',
  ],
  ["a type of its own", { type: "X", ports: [{ port: 1 }] }, "spec.type: Unsupported value"],
  [
    "Local inside the cluster",
    { externalTrafficPolicy: "Local", ports: [{ port: 1 }] },
    "may only be set for externally-accessible services",
  ],
  ["a class for a ClusterIP", { loadBalancerClass: "a/b", ports: [{ port: 1 }] }, "spec.loadBalancerClass: Forbidden"],
  [
    "a source range without a length",
    { loadBalancerSourceRanges: ["1.2.3.4"], ports: [{ port: 1 }] },
    "must be a valid CIDR value",
  ],
  [
    "a cluster IP outside the range",
    { clusterIP: "10.1.1.1", ports: [{ port: 1 }] },
    "does not match the current range",
  ],
  [
    "a node port outside the range",
    { type: "NodePort", ports: [{ port: 1, nodePort: 80 }] },
    "spec.ports[0].nodePort: Invalid value: 80",
  ],
]

for (const [what, spec, why] of REFUSED)
  test(`refuses ${what} in the words of Kubernetes`, () => {
    const { ask } = createStoreFixture()
    const answer = ask("POST", SERVICES, service("web", spec))
    assert.equal(answer.status, 422)
    assert.ok(messageOf(answer.body).startsWith('Service "web" is invalid: '), messageOf(answer.body))
    assert.ok(messageOf(answer.body).includes(why), messageOf(answer.body))
    assert.ok(listAt(answer.body, "details", "causes").length > 0)
  })

test("what may not change does not", () => {
  const { must, patch } = createStoreFixture(DUAL)
  must(
    "POST",
    SERVICES,
    service("a", { type: "LoadBalancer", loadBalancerClass: "attic.example/l2", ports: [{ port: 80 }] }),
  )
  const why = (spec: JsonObject): string => messageOf(patch(`${SERVICES}/a`, { spec }).body)
  assert.match(why({ loadBalancerClass: "attic.example/other" }), /spec\.loadBalancerClass: .*may not change once set/)
  assert.match(
    why({ clusterIP: "10.96.0.9", clusterIPs: ["10.96.0.9"] }),
    /spec\.clusterIPs\[0\]: .*may not change once set/,
  )
  assert.match(why({ ipFamilies: ["IPv6"] }), /may not change once set/)
})

test("headless and external Services get no address", () => {
  const { must } = createStoreFixture()
  const headless = must("POST", SERVICES, service("a", { clusterIP: "None", selector: { app: "a" } }))
  assert.deepEqual(textsAt(headless, "spec", "clusterIPs"), ["None"])
  const external = must("POST", SERVICES, service("b", { type: "ExternalName", externalName: "nas.home" }))
  assert.deepEqual(field(external, "spec"), { type: "ExternalName", externalName: "nas.home", sessionAffinity: "None" })
})

const service = (name: string, spec: JsonObject): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec,
})
const messageOf = (body: Json | undefined): string => textAt(body, "message") ?? ""
