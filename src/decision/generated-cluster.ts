/** Clusters as properties want them: small enough that everything collides, with every rule in play. */
import * as fc from "fast-check"
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

/** Undefined `often` times for once that it is there. */
const rarely = <T>(value: fc.Arbitrary<T>, often: number): fc.Arbitrary<T | undefined> =>
  fc.oneof({ weight: often, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: value })

const selector: fc.Arbitrary<Json> = fc.constantFrom<Json[]>(
  { matchLabels: { tier: "front" } },
  { matchExpressions: [{ key: "tier", operator: "Exists" }] },
)

const restriction = fc
  .record({
    priority: rarely(fc.constantFrom(0, 1, 5), 1),
    namespaces: rarely(fc.subarray(namespaces), 1),
    serviceSelectors: rarely(fc.array(selector, { maxLength: 1 }), 2),
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
        serviceAllocation: rarely(restriction, 4),
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
    "metallb.io/allow-shared-ip": fc.constantFrom(undefined, "k", "k", "k", "k", "j", ""),
    "metallb.io/address-pool": rarely(fc.constantFrom("p0", "p1", "p9"), 12),
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
    externalTrafficPolicy: fc.constantFrom("Cluster", "Cluster", "Cluster", "Local"),
    ipFamilies: fc.constantFrom(["IPv4", "IPv6"], ["IPv6", "IPv4"]),
    selector: fc.constantFrom({ app: "one" }, { app: "two" }),
    loadBalancerClass: rarely(fc.constant("other/class"), 20),
    loadBalancerIP: rarely(fc.constantFrom(...addresses), 16),
  })
  .map(fields)

const familyChoices: readonly (readonly [readonly string[], string])[] = [
  [["10.96.0.1"], "SingleStack"],
  [["10.96.0.1"], "SingleStack"],
  [["10.96.0.1"], "PreferDualStack"],
  [["fd00::1"], "SingleStack"],
  [["10.96.0.1", "fd00::1"], "PreferDualStack"],
  [["10.96.0.1", "fd00::1"], "PreferDualStack"],
  [["10.96.0.1", "fd00::1"], "RequireDualStack"],
  [["10.96.0.1"], "RequireDualStack"],
]

const service = (name: string): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      createdAt: fc.constantFrom("2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"),
      uid: fc.constantFrom("u1", "u1", "u1", "u2"),
      annotations,
      spec,
      labels: fc.constantFrom<JsonObject[]>({}, { tier: "front" }),
      ports: fc.constantFrom(["80/TCP"], ["443/TCP"], ["80/UDP", "443/TCP"]),
      families: fc.constantFrom(...familyChoices),
      has: rarely(fc.subarray(addresses, { maxLength: 2 }), 1).map((some) => some ?? []),
    })
    .map(({ families: [clusterIPs, ipFamilyPolicy], spec, ...story }) =>
      serviceObject(name, { ...story, clusterIPs, spec: { ...spec, ipFamilyPolicy } }),
    )

const names = namespaces.flatMap((namespace) => ["s", "t", "s-x"].map((name) => `${namespace}/${name}`))

const services: fc.Arbitrary<readonly JsonObject[]> = fc
  .subarray(names, { minLength: 2 })
  .chain((some) => fc.tuple(...some.map(service)))

const nodeNamed = (name: string): fc.Arbitrary<JsonObject> =>
  fc
    .record({
      zone: fc.constantFrom("x", "y"),
      excluded: rarely(fc.constant(true), 8),
      unavailable: rarely(fc.constant(true), 8),
      drain: rarely(fc.constant(true), 8),
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
      master: rarely(fc.constant("br0"), 8),
      wireless: fc.boolean(),
      near: fc.boolean(),
    })
    .map(({ up, link, master, wireless, near }) =>
      speakerObject(name, [
        fields({
          name: link,
          up,
          master,
          wireless,
          addresses: [near ? "10.0.0.9/16" : "172.16.0.9/16", "2001:db8::9/32"],
        }),
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
      ipAddressPools: rarely(fc.subarray(["p0", "p1", "p2", "p3"], { minLength: 1 }), 4),
      nodeSelectors: rarely(
        fc.tuple(zone).map((list) => [...list]),
        3,
      ),
      interfaces: rarely(fc.subarray(["eth0", "eth1"], { minLength: 1 }), 5),
      serviceSelectors: rarely(
        fc.tuple(selector).map((list) => [...list]),
        9,
      ),
      preferredNodeSelectors: rarely(
        fc.tuple(zone, fc.constantFrom(1, 50)).map(([preference, weight]) => [{ preference, weight }]),
        2,
      ),
    })
    .map((spec) => advertisementObject(name, fields(spec)))

const slices = fc
  .array(
    fc.oneof(
      { weight: 1, arbitrary: fc.subarray(nodes) },
      { weight: 3, arbitrary: fc.subarray(nodes, { minLength: 2 }) },
    ),
    { minLength: names.length, maxLength: names.length },
  )
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
