import type { JsonObject } from "../kubernetes/http.ts"
import { listAt, numberAt, textAt } from "../kubernetes/json.ts"
import type { Answer, Target } from "./actors/ask.ts"
import type { Scenario } from "./scenario.ts"

/** A Service of type LoadBalancer as people use it. */
export type LabService = {
  readonly name: string
  readonly addresses: readonly string[]
  readonly ports: readonly { readonly protocol: "TCP" | "UDP"; readonly port: number }[]
}
export type ServiceAnswer = { readonly service: string; readonly target: Target; readonly answer: Answer }

/** A scenario's Services in the order in which they are created. */
export const servicesOf = (scenario: Scenario): readonly JsonObject[] =>
  scenario.objects
    .filter((object) => textAt(object, "kind") === "Service")
    .toSorted((a, b) => createdAt(a).localeCompare(createdAt(b)))

const createdAt = (service: JsonObject): string => textAt(service, "metadata", "creationTimestamp") ?? ""

export const nameOf = (service: JsonObject): string =>
  `${textAt(service, "metadata", "namespace")}/${textAt(service, "metadata", "name")}`

/** Of those in a list of Services. */
export const labServices = (list: readonly JsonObject[]): readonly LabService[] =>
  list.filter((service) => textAt(service, "spec", "type") === "LoadBalancer").map(readService)

const readService = (service: JsonObject): LabService => ({
  name: nameOf(service),
  addresses: listAt(service, "status", "loadBalancer", "ingress").flatMap((ingress) => textAt(ingress, "ip") ?? []),
  ports: listAt(service, "spec", "ports").map((port) => ({
    protocol: textAt(port, "protocol") === "UDP" ? "UDP" : "TCP",
    port: numberAt(port, "port") ?? 0,
  })),
})

export const targetsOf = ({ addresses, ports }: LabService): Target[] =>
  addresses.flatMap((address) => ports.map((port) => ({ address, ...port })))
