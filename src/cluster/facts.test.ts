import assert from "node:assert/strict"
import { test } from "node:test"
import { printRange } from "../net/range.ts"
import type { JsonObject } from "../kubernetes/http.ts"
import { clusterOf, networkObject } from "./cluster-fixture.ts"
import { readNetwork } from "./facts.ts"
import { faultsOf } from "./read/fault.ts"

test("facts give addresses to gateways, leases, hosts, routers and virtual addresses, and never to resolvers", () => {
  const { reserved, problems } = clusterOf(networkObject(attic))
  assert.deepEqual(problems, [])
  assert.deepEqual(
    reserved.map(({ kind, name, range }) => `${kind} ${name} ${printRange(range)}`),
    [
      "gateway lan 192.168.40.1",
      "subnet-edge lan 192.168.40.0",
      "subnet-edge lan 192.168.40.255",
      "dhcp-range lan 192.168.40.100-192.168.40.180",
      "dhcp-reservation attic-1 192.168.40.31",
      "host printer 192.168.40.90",
      "router router 192.168.40.1",
      "router router 192.168.41.1",
      "virtual-address control-plane 192.168.40.30",
    ],
  )
})

test("a dual-stack cluster's CIDRs are written as Kubernetes writes them", () => {
  const cluster = { podCIDR: "10.42.0.0/16,fd00:10:42::/56", serviceCIDR: "10.96.0.0/16,fd00:10:96::/112" }
  const faults = faultsOf("Network", "home")
  assert.deepEqual(readNetwork(networkObject({ cluster }), faults)?.spec, { cluster })
  assert.deepEqual(faults.problems, [])
})

for (const [what, spec, field, remedy] of [
  ["a misspelt field", { subnets: [{ name: "lan", cdir: "192.168.40.0/24" }] }, "spec.subnets[0].cdir", "write cidr"],
  ["a field of another place", { gateway: "192.168.40.1" }, "spec.gateway", /^write one of cluster, subnets/],
  [
    "an address that is none",
    { hosts: [{ name: "h", address: "192.168.40" }] },
    "spec.hosts[0].address",
    /^write it like/,
  ],
  ["a missing name", { hosts: [{ address: "192.168.40.9" }] }, "spec.hosts[0]", "add name"],
  ["a choice that is none", { cluster: { cni: "weave" } }, "spec.cluster.cni", /^write one of flannel-vxlan/],
  [
    "a CIDR list with a blank item",
    { cluster: { podCIDR: "10.42.0.0/16," } },
    "spec.cluster.podCIDR",
    /^write it like/,
  ],
  ["a MAC that YAML made a number", { nodes: [{ name: "n", mac: 525400 }] }, "spec.nodes[0].mac", /in quotes/],
  ["a list that is none", { urls: "http://x" }, "spec.urls", "write it as a list"],
  ["no object at all", "home" as unknown as JsonObject, "spec", /^write its fields/],
] as const)
  test(`${what} is told with its place and what to write, and the rest is read`, () => {
    const faults = faultsOf("Network", "home")
    const extra =
      typeof spec === "string" ? spec : { ...spec, virtualAddresses: [{ name: "v", address: "192.168.40.30" }] }
    const network = readNetwork(networkObject(extra), faults)
    assert.equal(faults.problems.length, 1, JSON.stringify(faults.problems))
    assert.equal(faults.problems[0]?.field, field)
    if (typeof remedy === "string") assert.equal(faults.problems[0]?.remedy, remedy)
    else assert.match(faults.problems[0]?.remedy ?? "", remedy)
    assert.equal(network?.reserved.length, typeof spec === "string" ? 0 : 1)
  })

const attic: JsonObject = {
  cluster: {
    podCIDR: "10.42.0.0/16",
    serviceCIDR: "10.43.0.0/16",
    cni: "flannel-vxlan",
    proxyMode: "iptables",
    strictARP: false,
  },
  subnets: [
    {
      name: "lan",
      cidr: "192.168.40.0/24",
      gateway: "192.168.40.1",
      vlan: 1,
      trusted: true,
      dns: ["192.168.40.53"],
      reaches: ["iot"],
      dhcp: {
        ranges: ["192.168.40.100-192.168.40.180"],
        reservations: [{ address: "192.168.40.31", name: "attic-1", mac: "52:54:00:28:00:01" }],
      },
    },
  ],
  hosts: [{ name: "printer", address: "192.168.40.90", kind: "printer" }],
  nodes: [
    {
      name: "attic-1",
      mac: "52:54:00:28:00:01",
      interfaces: [{ name: "eth0", addresses: ["192.168.40.31/24"], mtu: 1500, medium: "ethernet" }],
      hypervisor: { name: "attic", macFilter: true },
    },
  ],
  routers: [
    {
      name: "router",
      addresses: ["192.168.40.1", "192.168.41.1"],
      wan: "cgnat",
      natLoopback: "none",
      arpTimeoutSeconds: 1200,
      bgp: { asn: 64512, maximumPaths: 8 },
      aliases: { porch: ["192.168.40.200"], apps: ["192.168.40.201-192.168.40.205"] },
      portForwards: [{ name: "https", protocol: "TCP", port: 443, to: "porch", toPort: 443, sourceNat: false }],
      dnsForwards: [{ zone: "attic.example", to: "192.168.40.53" }],
    },
  ],
  dns: [
    {
      view: "internal",
      name: "shop.attic.example",
      type: "A",
      value: "192.168.40.200",
      ttlSeconds: 3600,
      keptIn: "pihole",
    },
  ],
  tunnels: [{ name: "cdn", names: ["shop.attic.example"], endsAt: "web/ingress", via: "clusterIP" }],
  urls: ["http://shop.attic.example"],
  trust: [
    { name: "player-local", service: "media/player", meaning: "local", cidrs: ["192.168.40.0/24"], via: "direct" },
  ],
  logins: [{ service: "media/player", required: false }],
  virtualAddresses: [{ name: "control-plane", address: "192.168.40.30", heldBy: ["attic-1"] }],
  observed: [{ service: "web/ingress", clientAddress: "10.42.0.0", count: 2522, period: "24h" }],
  plans: [{ name: "grow-pool", pool: "porch", addresses: ["192.168.40.200-192.168.40.225"] }],
}
