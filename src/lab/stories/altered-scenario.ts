import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, objectAt, textAt, withField, withoutField } from "../../kubernetes/json.ts"
import type { Scenario } from "../scenario.ts"
import type { Link, Machine } from "../topology/layout.ts"

/** The same network with IPv6 beside IPv4 everywhere: machine number n of the file is `fd00:40::` and 30 + n. */
export const withBothFamilies = (scenario: Scenario): Scenario => {
  const { layout } = scenario
  const machines = layout.machines.map((machine, index) => {
    const [link] = machine.links
    const addresses: Link["addresses"] = [...link.addresses, `fd00:40::${30 + index}/64`]
    return { ...machine, links: [{ ...link, addresses }] as const }
  })
  const serviceCIDR = "10.96.0.0/16,fd00:10:96::/112"
  const facts = scenario.facts.map((network) => withField(network, ["spec", "cluster", "serviceCIDR"], serviceCIDR))
  return { ...scenario, facts, layout: { ...layout, machines }, objects: scenario.objects.map(withSecondFamily) }
}

const withSecondFamily = (object: JsonObject): JsonObject => {
  const number = textAt(object, "metadata", "name")?.at(-1)
  switch (textAt(object, "kind")) {
    case "Node": {
      const podCIDRs = [...listAt(object, "spec", "podCIDRs"), `fd00:244:${number}::/64`]
      return withField(object, ["spec", "podCIDRs"], podCIDRs)
    }
    case "IPAddressPool":
      return withField(object, ["spec", "addresses"], [...listAt(object, "spec", "addresses"), "fd00:40::200/120"])
    case "Pod":
      return withField(object, ["status", "podIPs"], [...listAt(object, "status", "podIPs"), { ip: "fd00:244:1::a" }])
    case "Service": {
      const spec = withoutField(objectAt(object, "spec"), "clusterIP", "clusterIPs", "ipFamilies")
      return { ...object, spec: { ...spec, ipFamilyPolicy: "RequireDualStack" } }
    }
    case undefined:
    default:
      return object
  }
}

/**
 * Every node has a second card on a network of its own, 192.168.41.0/24, where the pool lies and a phone asks; the first
 * card and its network stay as they were.
 */
export const withSecondCard = (scenario: Scenario): Scenario => {
  const { layout } = scenario
  const machines = layout.machines.map((machine, index): Machine => {
    if (machine.role !== "node") return machine
    const second: Link = {
      network: "garden",
      interface: "eth1",
      mac: `52:54:00:29:00:0${index}`,
      addresses: [`192.168.41.3${index}/24`],
    }
    return { ...machine, links: [machine.links[0], second] }
  })
  const phone: Machine = {
    name: "phone",
    role: "host",
    gateways: [],
    links: [{ network: "garden", interface: "eth0", mac: "52:54:00:29:00:17", addresses: ["192.168.41.23/24"] }],
  }
  return {
    ...scenario,
    layout: { ...layout, networks: [...layout.networks, "garden"], machines: [...machines, phone], client: "phone" },
    objects: scenario.objects.map((object) =>
      textAt(object, "kind") === "IPAddressPool"
        ? withField(object, ["spec", "addresses"], ["192.168.41.200-192.168.41.219"])
        : object,
    ),
  }
}
