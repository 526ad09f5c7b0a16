import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, listAt, textAt, textsAt } from "../../kubernetes/json.ts"
import { type Address, compareAddresses, parseAddress } from "../../net/address.ts"
import { parsePrefix } from "../../net/prefix.ts"
import { type Labels, type PoolName, serviceName, type SharingKey } from "../name.ts"
import type { Exposure, Service, ServicePort } from "../service.ts"
import {
  annotationValue,
  givenPoolAnnotation,
  moveToAnnotation,
  noteAnnotations,
  sharingAnnotation,
} from "./annotation.ts"
import { type Faults, readList, readName, readTexts } from "./fault.ts"
import { readWish } from "./wish.ts"

/** `ownClass`: the `loadBalancerClass` we serve; undefined: Services that name none (MetalLB's flag --lb-class). */
export const readService = (object: JsonObject, ownClass: string | undefined, faults: Faults): Service | undefined => {
  const name = readName(object, faults)
  const namespace = textAt(object, "metadata", "namespace")
  if (name === undefined) return undefined
  if (namespace === undefined || namespace === "") {
    faults.add("metadata.namespace", namespace, "left-out", "it has no namespace", "give the Service a namespace")
    return undefined
  }
  const annotations = readTexts(field(object, "metadata", "annotations"), "metadata.annotations", faults)
  const exposure = readExposure(object, annotations, ownClass)
  if (exposure.kind === "ours") noteOurs(object, annotations, faults)
  return {
    name: serviceName(namespace, name),
    uid: textAt(object, "metadata", "uid") ?? "",
    createdAt: textAt(object, "metadata", "creationTimestamp") ?? "",
    exposure,
    reported: listAt(object, "status", "loadBalancer", "ingress").flatMap((entry) => parsed(textAt(entry, "ip"))),
    reportedPool: (annotationValue(annotations, givenPoolAnnotation) || undefined) as PoolName | undefined,
    policy: textAt(object, "spec", "externalTrafficPolicy") === "Local" ? "Local" : "Cluster",
    ports: readPorts(field(object, "spec", "ports"), faults),
    selector: readTexts(field(object, "spec", "selector"), "spec.selector", faults),
    labels: readTexts(field(object, "metadata", "labels"), "metadata.labels", faults),
    clusterAddresses: readClusterAddresses(object),
    primaryFamily: readPrimaryFamily(object),
    secondFamily: readFamilyPolicy(object),
    hasSharingAnnotation: annotationValue(annotations, sharingAnnotation) !== undefined,
    moveTo: annotations.get(moveToAnnotation) || undefined,
  }
}

const readExposure = (object: JsonObject, annotations: Labels, ownClass: string | undefined): Exposure => {
  const type = textAt(object, "spec", "type")
  if (type !== "LoadBalancer") return { kind: type === "NodePort" ? "node-port" : "inside" }
  const theClass = textAt(object, "spec", "loadBalancerClass")
  if (theClass !== ownClass) return { kind: "other-class", class: theClass }
  const sharingKey = (annotationValue(annotations, sharingAnnotation) || undefined) as SharingKey | undefined
  return { kind: "ours", wish: readWish(object, annotations), sharingKey }
}

const parsed = (text: string | undefined): readonly Address[] => {
  const address = text === undefined ? undefined : parseAddress(text)
  return address === undefined ? [] : [address]
}

/** Distinct, sorted: the order of ports decides nothing. */
const readPorts = (value: Json | undefined, faults: Faults): readonly ServicePort[] => {
  const ports = new Map<string, ServicePort>()
  for (const [index, item] of (readList(value, "spec.ports", faults) ?? []).entries()) {
    const path = `spec.ports[${index}]`
    const port = field(item, "port")
    const protocol = protocols.find((known) => known === (field(item, "protocol") ?? "TCP"))
    if (typeof port !== "number" || !Number.isInteger(port) || port < 1 || port > 65_535)
      faults.add(`${path}.port`, port, "part-left-out", "it is no port", "write a number from 1 to 65535")
    else if (protocol === undefined)
      faults.add(
        `${path}.protocol`,
        field(item, "protocol"),
        "part-left-out",
        "there is no such protocol",
        `write one of ${protocols.join(", ")}`,
      )
    else if (ports.has(`${protocol}/${port}`))
      faults.add(`${path}.port`, port, "noted", `${protocol}/${port} is in the list twice`, "remove the second")
    else ports.set(`${protocol}/${port}`, { protocol, port })
  }
  return [...ports.values()].sort((a, b) => a.port - b.port || (a.protocol < b.protocol ? -1 : 1))
}

const protocols = ["TCP", "UDP", "SCTP"] as const

const readClusterAddresses = (object: JsonObject): readonly Address[] => {
  const several = textsAt(object, "spec", "clusterIPs")
  const single = textAt(object, "spec", "clusterIP")
  const texts = several.length > 0 ? several : single === undefined ? [] : [single]
  return texts.flatMap(parsed).sort(compareAddresses)
}

const readPrimaryFamily = (object: JsonObject): Service["primaryFamily"] => {
  const first = textsAt(object, "spec", "ipFamilies")[0]
  return first === "IPv4" ? 4 : first === "IPv6" ? 6 : undefined
}

const readFamilyPolicy = (object: JsonObject): Service["secondFamily"] => {
  const policy = textAt(object, "spec", "ipFamilyPolicy")
  return policy === "RequireDualStack" ? "required" : policy === "PreferDualStack" ? "if-possible" : "never"
}

const noteOurs = (object: JsonObject, annotations: Labels, faults: Faults): void => {
  noteAnnotations(annotations, faults)
  for (const [index, text] of textsAt(object, "spec", "loadBalancerSourceRanges").entries())
    if (parsePrefix(text.trim()) === undefined)
      faults.add(
        `spec.loadBalancerSourceRanges[${index}]`,
        text,
        "noted",
        "it is no prefix, so the service proxy ignores the list or refuses all",
        "write it like 192.168.0.0/16",
      )
  const external = textsAt(object, "spec", "externalIPs")
  if (external.length > 0)
    faults.add(
      "spec.externalIPs",
      external,
      "noted",
      "nobody announces externalIPs, and they let a Service take any traffic (CVE-2020-8554)",
      "ask for an address with metallb.io/loadBalancerIPs instead",
    )
}
