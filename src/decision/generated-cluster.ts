/** Clusters as properties want them: small enough that everything collides, with every rule in play. */
import fc from "fast-check"
import {
  advertisementObject,
  nodeObject,
  poolObject,
  serviceObject,
  sliceObject,
  speakerObject,
} from "../cluster/cluster-fixture.ts"
import type { Json, JsonObject } from "../kubernetes/http.ts"

export type Story = {
  readonly pools: readonly JsonObject[]
  readonly services: readonly JsonObject[]
  readonly surroundings: readonly JsonObject[]
}

export const objectsOf = ({ pools, services, surroundings }: Story): readonly JsonObject[] => [
  ...pools,
  ...services,
  ...surroundings,
]

const ranges = ["10.0.0.254-10.0.1.2", "10.0.2.0/30", "10.0.3.0/31", "2001:db8::/126", "2001:db8:1::/127"]
const namespaces = ["a", "b-c", "b"]
const nodes = ["n1", "n2", "n3", "n4"]
const addresses = [
  "10.0.0.254",
  "10.0.0.255",
  "10.0.1.1",
  "10.0.2.0",
  "10.0.2.1",
  "10.0.3.0",
  "2001:db8::",
  "2001:db8::1",
  "10.9.9.9",
]

const fields = (value: { readonly [key: string]: Json | undefined }): JsonObject =>
  Object.fromEntries(Object.entries(value).filter((entry): entry is [string, Json] => entry[1] !== undefined))

const selector: fc.Arbitrary<Json> = fc.constantFrom<Json[]>(
  { matchLabels: { tier: "front" } },
  { matchExpressions: [{ key: "tier", operator: "Exists" }] },
)

const restriction = fc
  .record({
    priority: fc.option(fc.constantFrom(0, 1, 5), { nil: undefined }),
    namespaces: fc.option(fc.subarray(namespaces), { nil: undefined }),
    serviceSelectors: fc.option(fc.array(selector, { maxLength: 1 }), { nil: undefined }),
  })
  .map(fields)

/** Every range belongs to one pool of up to four. */
const pools: fc.Arbitrary<readonly JsonObject[]> = fc
  .tuple(
    fc.array(fc.nat(4), { minLength: ranges.length, maxLength: ranges.length }),
    fc.array(
      fc.record({
        autoAssign: fc.constantFrom(true, true, true, false),
        avoidBuggyIPs: fc.boolean(),
        serviceAllocation: fc.option(restriction, { nil: undefined }),
      }),
      { minLength: 4, maxLength: 4 },
    ),
  )
  .map(([owners, specs]) =>
    specs.flatMap((spec, index) => {
      const own = ranges.filter((_, at) => owners[at] === index)
      return own.length === 0 ? [] : [poolObject(`p${index}`, own, fields(spec))]
    }),
  )

const annotations = fc
  .record({
    "metallb.io/allow-shared-ip": fc.option(fc.constantFrom("k", "j", ""), { nil: undefined, freq: 2 }),
    "metallb.io/address-pool": fc.option(fc.constantFrom("p0", "p1", "p9"), { nil: undefined, freq: 2 }),
    "metallb.io/loadBalancerIPs": fc.option(
      fc.oneof(
        fc.constantFrom(...addresses, "10.0.0", ""),
        fc.tuple(fc.constantFrom(...addresses), fc.constantFrom(...addresses)).map(([a, b]) => `${a}, ${b}`),
      ),
      { nil: undefined, freq: 1 },
    ),
  })
  .map(fields)

const spec = fc
  .record({
    type: fc.constantFrom("LoadBalancer", "LoadBalancer", "LoadBalancer", "LoadBalancer", "ClusterIP"),
    externalTrafficPolicy: fc.constantFrom("Cluster", "Cluster", "Local"),
    ipFamilyPolicy: fc.constantFrom("SingleStack", "PreferDualStack", "RequireDualStack"),
    ipFamilies: fc.constantFrom(["IPv4", "IPv6"], ["IPv6", "IPv4"]),
    selector: fc.constantFrom({ app: "one" }, { app: "two" }),
    loadBalancerClass: fc.option(fc.constant("other/class"), { nil: undefined, freq: 2 }),
    loadBalancerIP: fc.option(fc.constantFrom(...addresses), { nil: undefined, freq: 2 }),
  })
  .map(fields)

const service = (name: string): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      createdAt: fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
      uid: fc.constantFrom("u1", "u1", "u1", "u2"),
      annotations,
      spec,
      labels: fc.constantFrom<JsonObject[]>({}, { tier: "front" }),
      ports: fc.constantFrom(["80/TCP"], ["443/TCP"], ["80/UDP", "443/TCP"]),
      clusterIPs: fc.constantFrom(["10.96.0.1"], ["10.96.0.1"], ["fd00::1"], ["10.96.0.1", "fd00::1"]),
      has: fc.option(fc.subarray(addresses, { maxLength: 2 }), { nil: [] }),
    })
    .map((story) => serviceObject(name, story))

const names = namespaces.flatMap((namespace) => ["s", "t", "s-x"].map((name) => `${namespace}/${name}`))

const services: fc.Arbitrary<readonly JsonObject[]> = fc.subarray(names).chain((some) => fc.tuple(...some.map(service)))

const nodeNamed = (name: string): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      zone: fc.constantFrom("x", "y"),
      excluded: fc.option(fc.constant(true), { nil: false, freq: 2 }),
      unavailable: fc.option(fc.constant(true), { nil: false, freq: 2 }),
      drain: fc.option(fc.constant(true), { nil: false, freq: 2 }),
    })
    .map(({ zone, excluded, unavailable, drain }) =>
      nodeObject(
        name,
        { zone, ...(excluded ? { "node.kubernetes.io/exclude-from-external-load-balancers": "" } : {}) },
        { conditions: [{ type: "NetworkUnavailable", status: unavailable ? "True" : "False" }] },
        drain ? { "porchlight.dev/drain": "true" } : {},
      ),
    )

const speakerNamed = (name: string): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      up: fc.constantFrom(true, true, false),
      link: fc.constantFrom("eth0", "eth1"),
      master: fc.option(fc.constant("br0"), { nil: undefined, freq: 2 }),
      near: fc.boolean(),
    })
    .map(({ up, link, master, near }) =>
      speakerObject(name, [
        fields({ name: link, up, master, addresses: [near ? "10.0.0.9/16" : "172.16.0.9/16", "2001:db8::9/32"] }),
      ]),
    )

const zone: fc.Arbitrary<Json> = fc.constantFrom<Json[]>(
  { matchLabels: { zone: "x" } },
  { matchExpressions: [{ key: "zone", operator: "NotIn", values: ["y"] }] },
  {},
)

const advertisement = (name: string): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      ipAddressPools: fc.option(fc.subarray(["p0", "p1", "p2", "p3"], { minLength: 1 }), { nil: undefined, freq: 2 }),
      nodeSelectors: fc.option(
        fc.tuple(zone).map((list) => [...list]),
        { nil: undefined, freq: 2 },
      ),
      interfaces: fc.option(fc.subarray(["eth0", "eth1"], { minLength: 1 }), { nil: undefined, freq: 2 }),
      serviceSelectors: fc.option(
        fc.tuple(selector).map((list) => [...list]),
        { nil: undefined, freq: 5 },
      ),
      preferredNodeSelectors: fc.option(
        fc.tuple(zone, fc.constantFrom(1, 50)).map(([preference, weight]) => [{ preference, weight }]),
        { nil: undefined, freq: 2 },
      ),
    })
    .map((spec) => advertisementObject(name, fields(spec)))

const slices = fc
  .array(fc.subarray(nodes), { minLength: names.length, maxLength: names.length })
  .map((places) => names.map((name, index) => sliceObject(name, places[index] ?? [])))

const surroundings: fc.Arbitrary<readonly JsonObject[]> = fc
  .tuple(
    fc.tuple(...nodes.map(nodeNamed)),
    fc.tuple(...nodes.map(speakerNamed)).chain((all) => fc.subarray(all)),
    fc.tuple(advertisement("ad1"), advertisement("ad2")).chain((all) => fc.subarray(all, { minLength: 1 })),
    slices,
  )
  .map((parts) => parts.flat())

export const generatedStory: fc.Arbitrary<Story> = fc.record({ pools, services, surroundings })
