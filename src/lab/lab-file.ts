import { parseAddress } from "../net/address.ts"
import { parseMac } from "../net/mac.ts"
import { parsePrefix } from "../net/prefix.ts"
import type { Json, JsonObject } from "../kubernetes/http.ts"
import { isObject, listAt, numberAt, textAt, textsAt } from "../kubernetes/json.ts"
import type { Layout, Link, Machine } from "./topology/layout.ts"

/** Kubernetes' own default of node-monitor-grace-period, before 1.32 made it 50 s. */
const nodeGraceSecondsDefault = 40

const known = {
  file: ["networks", "podNetworks", "machines", "client", "nodeGraceSeconds"],
  machine: ["name", "role", "links", "gateways"],
  link: ["network", "interface", "mac", "addresses"],
} as const

const roles = ["router", "node", "host"] as const

/** Reads `lab.yaml`; each fault goes to `faults` with its field and a remedy, and the rest is read on. */
export const readLayout = (file: JsonObject, path: string, faults: string[]): Layout => {
  const blame = (at: string, what: string): void => void faults.push(`${path}: ${at}: ${what}`)
  refuseUnknown(file, known.file, "the file", blame)
  const networks = textsAt(file, "networks")
  if (networks.length === 0) blame("networks", "there is none: name at least one switch, networks: [lan]")
  const machines = listAt(file, "machines").flatMap((machine, index) =>
    readMachine(machine, `machines[${index}]`, networks, blame),
  )
  const client = textAt(file, "client") ?? machines.find(({ role }) => role === "host")?.name ?? ""
  if (!machines.some(({ name }) => name === client))
    blame("client", `${client || "nobody"} is no machine: name one of machines`)
  for (const name of repeated(machines.map(({ name }) => name)))
    blame("machines", `${name} stands twice: names are unique`)
  return {
    networks: networks.length === 0 ? ["lan"] : (networks as [string, ...string[]]),
    podNetworks: textsAt(file, "podNetworks").filter((text) =>
      wellFormed(text, parsePrefix, "podNetworks", "a prefix like 10.244.0.0/16", blame),
    ),
    machines,
    client,
    nodeGraceMs: (numberAt(file, "nodeGraceSeconds") ?? nodeGraceSecondsDefault) * 1000,
  }
}

type Blame = (at: string, what: string) => void

const readMachine = (value: Json, at: string, networks: readonly string[], blame: Blame): Machine[] => {
  const name = textAt(value, "name") ?? ""
  const role = roles.find((role) => role === textAt(value, "role"))
  refuseUnknown(value, known.machine, at, blame)
  if (!/^[a-z0-9]([a-z0-9-]{0,13}[a-z0-9])?$/.test(name))
    blame(`${at}.name`, `"${name}" must be 1 to 15 small letters, digits and dashes: it names a switch port`)
  if (role === undefined) blame(`${at}.role`, `"${textAt(value, "role") ?? ""}" is none of ${roles.join(", ")}`)
  const links = listAt(value, "links").map((link, index) =>
    readLink(link, index, `${at}.links[${index}]`, networks, blame),
  )
  if (links.length === 0) blame(`${at}.links`, "there is none: a machine needs at least one link")
  const gateways = textsAt(value, "gateways").filter((text) =>
    wellFormed(text, parseAddress, `${at}.gateways`, "an address", blame),
  )
  if (role === undefined || links.length === 0) return []
  return [{ name, role, links: links as [Link, ...Link[]], gateways }]
}

const readLink = (value: Json, index: number, at: string, networks: readonly string[], blame: Blame): Link => {
  refuseUnknown(value, known.link, at, blame)
  const network = textAt(value, "network") ?? ""
  if (!networks.includes(network)) blame(`${at}.network`, `"${network}" is none of networks: ${networks.join(", ")}`)
  const mac = textAt(value, "mac") ?? ""
  if (parseMac(mac) === undefined)
    blame(`${at}.mac`, `"${mac}" is no hardware address: write it like "52:54:00:00:01:04", in quotes`)
  const addresses = textsAt(value, "addresses").filter((text) =>
    wellFormed(text, parsePrefix, `${at}.addresses`, "an address with its prefix length, like 10.69.1.104/24", blame),
  )
  if (addresses.length === 0) blame(`${at}.addresses`, "there is none: a link needs at least one")
  return {
    network,
    interface: textAt(value, "interface") ?? `eth${index}`,
    mac,
    addresses: addresses as [string, ...string[]],
  }
}

const wellFormed = (
  text: string,
  parse: (text: string) => unknown,
  at: string,
  what: string,
  blame: Blame,
): boolean => {
  const good = parse(text) !== undefined
  if (!good) blame(at, `"${text}" is not ${what}`)
  return good
}

const refuseUnknown = (value: Json, names: readonly string[], at: string, blame: Blame): void => {
  if (!isObject(value)) return blame(at, `must be a map with ${names.join(", ")}`)
  for (const name of Object.keys(value))
    if (!names.includes(name)) blame(at, `unknown field ${name}; there are: ${names.join(", ")}`)
}

const repeated = (names: readonly string[]): string[] => [
  ...new Set(names.filter((name, index) => names.indexOf(name) !== index)),
]
