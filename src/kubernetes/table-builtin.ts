import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import { field, listAt, numberAt, objectAt, plainText, textAt, textsAt } from "./json.ts"
import { isoAge } from "./table-age.ts"
import type { TableColumn } from "./table-column.ts"
import { ageColumn, column, nameColumn, wideColumn } from "./table-column.ts"

/** Columns of built-in kinds as kubectl users know them. */
export const builtinColumns = (resource: string): readonly TableColumn[] | undefined => COLUMNS.get(resource)

const NONE = "<none>"
const orNone = (value: string): string => (value === "" ? NONE : value)
const said =
  (...path: readonly string[]): ((object: JsonObject) => string) =>
  (object) =>
    textAt(object, ...path) ?? ""

const externalIp = (service: JsonObject): string => {
  const type = textAt(service, "spec", "type")
  if (type === "ExternalName") return textAt(service, "spec", "externalName") ?? ""
  const entries = listAt(service, "status", "loadBalancer", "ingress")
  const given = entries
    .map((entry) => textAt(entry, "ip") ?? textAt(entry, "hostname") ?? "")
    .filter((one) => one !== "")
  const shown = [
    ...(type === "LoadBalancer" ? [...new Set(given)].sort() : []),
    ...textsAt(service, "spec", "externalIPs"),
  ]
  if (shown.length > 0) return shown.join(",")
  return type === "LoadBalancer" ? "<pending>" : NONE
}

const portsOf = (service: JsonObject): string =>
  orNone(
    listAt(service, "spec", "ports")
      .map((port) => {
        const nodePort = numberAt(port, "nodePort") ?? 0
        const number = `${numberAt(port, "port")}${nodePort > 0 ? `:${nodePort}` : ""}`
        return `${number}/${textAt(port, "protocol")}`
      })
      .join(","),
  )

const labelsText = (labels: JsonObject): string =>
  orNone(
    Object.entries(labels)
      .map(([key, value]) => `${key}=${plainText(value)}`)
      .sort()
      .join(","),
  )

const SERVICE: readonly TableColumn[] = [
  nameColumn,
  column("Type", said("spec", "type")),
  column("Cluster-IP", (service) => orNone(textsAt(service, "spec", "clusterIPs")[0] ?? "")),
  column("External-IP", externalIp),
  column("Port(s)", portsOf),
  ageColumn,
  wideColumn("Selector", (service) => labelsText(objectAt(service, "spec", "selector"))),
]

const nodeStatus = (node: JsonObject): string => {
  const ready = listAt(node, "status", "conditions").find((one) => textAt(one, "type") === "Ready")
  const status = ready === undefined ? "Unknown" : textAt(ready, "status") === "True" ? "Ready" : "NotReady"
  return field(node, "spec", "unschedulable") === true ? `${status},SchedulingDisabled` : status
}

const ROLE = "node-role.kubernetes.io/"
const nodeRoles = (node: JsonObject): string => {
  const labels = objectAt(node, "metadata", "labels")
  const named = Object.keys(labels).filter((label) => label.startsWith(ROLE) && label !== ROLE)
  const older = textAt(labels, "kubernetes.io/role") ?? ""
  const roles = [...named.map((label) => label.slice(ROLE.length)), ...(older === "" ? [] : [older])]
  return orNone([...new Set(roles)].sort().join(","))
}

const nodeAddress =
  (type: string) =>
  (node: JsonObject): string =>
    textAt(
      listAt(node, "status", "addresses").find((one) => textAt(one, "type") === type),
      "address",
    ) ?? NONE

const nodeInfo =
  (name: string) =>
  (node: JsonObject): string =>
    textAt(node, "status", "nodeInfo", name) || "<unknown>"

const NODE: readonly TableColumn[] = [
  nameColumn,
  column("Status", nodeStatus),
  column("Roles", nodeRoles),
  ageColumn,
  column("Version", said("status", "nodeInfo", "kubeletVersion")),
  wideColumn("Internal-IP", nodeAddress("InternalIP")),
  wideColumn("External-IP", nodeAddress("ExternalIP")),
  wideColumn("OS-Image", nodeInfo("osImage")),
  wideColumn("Kernel-Version", nodeInfo("kernelVersion")),
  wideColumn("Container-Runtime", nodeInfo("containerRuntimeVersion")),
]

const podReady = (pod: JsonObject): string => {
  const ready = listAt(pod, "status", "containerStatuses").filter((one) => field(one, "ready") === true)
  return `${ready.length}/${listAt(pod, "spec", "containers").length}`
}

const podRestarts = (pod: JsonObject): string =>
  String(
    listAt(pod, "status", "containerStatuses").reduce<number>(
      (sum, one) => sum + (numberAt(one, "restartCount") ?? 0),
      0,
    ),
  )

const podStatus = (pod: JsonObject): string =>
  textAt(pod, "metadata", "deletionTimestamp") === undefined
    ? (textAt(pod, "status", "reason") ?? textAt(pod, "status", "phase") ?? "Unknown")
    : "Terminating"

const POD: readonly TableColumn[] = [
  nameColumn,
  column("Ready", podReady),
  column("Status", podStatus),
  column("Restarts", podRestarts),
  ageColumn,
  wideColumn("IP", (pod) => orNone(textAt(pod, "status", "podIP") ?? "")),
  wideColumn("Node", (pod) => orNone(textAt(pod, "spec", "nodeName") ?? "")),
  wideColumn("Nominated Node", (pod) => orNone(textAt(pod, "status", "nominatedNodeName") ?? "")),
  wideColumn("Readiness Gates", () => NONE),
]

const firstSeen = (event: JsonObject, at: At): string =>
  isoAge(textAt(event, "firstTimestamp") ?? textAt(event, "eventTime"), at)
const lastSeen = (event: JsonObject, at: At): string => {
  const last = textAt(event, "series", "lastObservedTime") ?? textAt(event, "lastTimestamp")
  return last === undefined ? firstSeen(event, at) : isoAge(last, at)
}
const eventObject = (event: JsonObject): string => {
  const kind = (textAt(event, "involvedObject", "kind") ?? "").toLowerCase()
  const name = textAt(event, "involvedObject", "name") ?? ""
  return name === "" ? kind : `${kind}/${name}`
}
const eventSource = (event: JsonObject): string =>
  [
    textAt(event, "source", "component") ?? textAt(event, "reportingComponent") ?? "",
    textAt(event, "source", "host") ?? textAt(event, "reportingInstance") ?? "",
  ]
    .filter((part) => part !== "")
    .join(", ")
const eventCount = (event: JsonObject): Json => numberAt(event, "series", "count") ?? numberAt(event, "count") ?? 1

const EVENT: readonly TableColumn[] = [
  column("Last Seen", lastSeen),
  column("Type", said("type")),
  column("Reason", said("reason")),
  column("Object", eventObject),
  wideColumn("Subobject", said("involvedObject", "fieldPath")),
  wideColumn("Source", eventSource),
  column("Message", (event) => (textAt(event, "message") ?? "").trim()),
  wideColumn("First Seen", firstSeen),
  { ...wideColumn("Count", eventCount), type: "string" },
  { ...wideColumn("Name", said("metadata", "name")), format: "name" },
]

const SHOWN_MAX = 3
const shorten = (values: readonly string[]): string => {
  if (values.length === 0) return "<unset>"
  const more = values.length - SHOWN_MAX
  return values.slice(0, SHOWN_MAX).join(",") + (more > 0 ? ` + ${more} more...` : "")
}

const ENDPOINT_SLICE: readonly TableColumn[] = [
  nameColumn,
  column("AddressType", said("addressType")),
  column("Ports", (slice) =>
    shorten(listAt(slice, "ports").map((port) => String(numberAt(port, "port") ?? textAt(port, "name") ?? "*"))),
  ),
  column("Endpoints", (slice) => shorten(listAt(slice, "endpoints").flatMap((one) => textsAt(one, "addresses")))),
  ageColumn,
]

const dataCount = (object: JsonObject): Json =>
  Object.keys(objectAt(object, "data")).length + Object.keys(objectAt(object, "binaryData")).length

const COLUMNS: ReadonlyMap<string, readonly TableColumn[]> = new Map([
  ["services", SERVICE],
  ["nodes", NODE],
  ["pods", POD],
  ["events", EVENT],
  ["events.events.k8s.io", EVENT],
  ["endpointslices.discovery.k8s.io", ENDPOINT_SLICE],
  ["namespaces", [nameColumn, column("Status", said("status", "phase")), ageColumn]],
  ["configmaps", [nameColumn, column("Data", dataCount), ageColumn]],
  ["secrets", [nameColumn, column("Type", said("type")), column("Data", dataCount), ageColumn]],
  ["leases.coordination.k8s.io", [nameColumn, column("Holder", said("spec", "holderIdentity")), ageColumn]],
  [
    "customresourcedefinitions.apiextensions.k8s.io",
    [nameColumn, { ...column("Created At", said("metadata", "creationTimestamp")), type: "date" }],
  ],
])
