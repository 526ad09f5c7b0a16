import { readService } from "../../src/cluster/read/service.ts"
import { faultsOf } from "../../src/cluster/read/fault.ts"
import type { Service } from "../../src/cluster/service.ts"
import { sharingRefusals } from "../../src/decision/allocate/sharing.ts"
import type { Json, JsonObject } from "../../src/kubernetes/http.ts"
import { listAt, numberAt, objectAt, textAt } from "../../src/kubernetes/json.ts"

/** Whether two Services may have one address: by the rule of the decision room, and by its naive twin here. */
export const mayShare = (a: JsonObject, b: JsonObject): { readonly room: boolean; readonly twin: boolean } => ({
  room: sharingRefusals(read(a), read(b)).length === 0,
  twin: maySharePlainly(a, b),
})

const services = new WeakMap<JsonObject, Service>()

const read = (object: JsonObject): Service => {
  const made = services.get(object) ?? readService(object, undefined, faultsOf("Service", "any"))
  if (made === undefined) throw new Error(`no Service: ${JSON.stringify(object)}`)
  services.set(object, made)
  return made
}

/** MetalLB's words: the same key, not the same port, and either both Cluster or the same pods. */
const maySharePlainly = (a: JsonObject, b: JsonObject): boolean => {
  const [ours, theirs] = [keyOf(a), keyOf(b)]
  if (ours === "" || ours !== theirs) return false
  for (const port of listAt(a, "spec", "ports"))
    for (const other of listAt(b, "spec", "ports")) if (portText(port) === portText(other)) return false
  return podsText(a) === podsText(b)
}

const keyOf = (object: JsonObject): string => {
  const isBalanced = textAt(object, "spec", "type") === "LoadBalancer"
  return isBalanced ? (textAt(object, "metadata", "annotations", "metallb.io/allow-shared-ip") ?? "") : ""
}

const portText = (port: Json): string => `${textAt(port, "protocol") ?? "TCP"} ${numberAt(port, "port")}`

/** Whose pods get the traffic, where that matters. */
const podsText = (object: JsonObject): string =>
  textAt(object, "spec", "externalTrafficPolicy") === "Local"
    ? Object.entries(objectAt(object, "spec", "selector"))
        .map((entry) => JSON.stringify(entry))
        .toSorted()
        .join(" ")
    : "any"
