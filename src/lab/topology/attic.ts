import type { JsonObject } from "../../kubernetes/http.ts"
import type { Layout, Machine, NodeShare } from "./layout.ts"

/** A small network of both families for tests: three nodes, a laptop, a router with an outside, three pods. */
export const atticLayout: Layout = {
  networks: ["lan", "internet"],
  podNetworks: ["10.244.0.0/16", "fd00:244::/32"],
  client: "laptop",
  nodeGraceMs: 40_000,
  machines: [
    {
      name: "router",
      role: "router",
      gateways: [],
      links: [
        { network: "lan", interface: "eth0", mac: "52:54:00:28:00:fe", addresses: ["192.168.40.1/24"] },
        { network: "internet", interface: "eth1", mac: "52:54:00:28:02:fe", addresses: ["203.0.113.7/24"] },
      ],
    },
    attic(1),
    attic(2),
    attic(3),
    {
      name: "laptop",
      role: "host",
      gateways: ["192.168.40.1"],
      links: [
        {
          network: "lan",
          interface: "eth0",
          mac: "52:54:00:28:00:17",
          addresses: ["192.168.40.23/24", "fd00:40::23/64"],
        },
      ],
    },
    {
      name: "outside",
      role: "host",
      gateways: [],
      links: [{ network: "internet", interface: "eth0", mac: "52:54:00:28:02:63", addresses: ["203.0.113.99/24"] }],
    },
  ],
}

function attic(number: number): Machine {
  return {
    name: `attic-${number}`,
    role: "node",
    gateways: ["192.168.40.1"],
    links: [
      {
        network: "lan",
        interface: "eth0",
        mac: `52:54:00:28:00:0${number}`,
        addresses: [`192.168.40.3${number}/24`, `fd00:40::3${number}/64`],
      },
    ],
  }
}

export const atticShares: ReadonlyMap<string, NodeShare> = new Map(
  [1, 2, 3].map((number) => [`attic-${number}`, { podCidrs: [`10.244.${number}.0/24`, `fd00:244:${number}::/64`] }]),
)

/** pod-1 and twin-1 on attic-1, pod-2 on attic-2; attic-3 has none. */
export const atticPods: readonly JsonObject[] = [pod("pod-1", 1, 10), pod("twin-1", 1, 11), pod("pod-2", 2, 10)]

function pod(name: string, node: number, host: number): JsonObject {
  return {
    kind: "Pod",
    metadata: { namespace: "demo", name },
    spec: {
      nodeName: `attic-${node}`,
      containers: [{ name: "web", ports: [{ containerPort: 8080 }, { containerPort: 5353, protocol: "UDP" }] }],
    },
    status: { phase: "Running", podIPs: [{ ip: `10.244.${node}.${host}` }, { ip: `fd00:244:${node}::${host}` }] },
  }
}
