import { namespaceOf } from "../../cluster/name.ts"
import type { NodeName } from "../../cluster/name.ts"
import type { Service } from "../../cluster/service.ts"
import type { Happening } from "../../kubernetes/event-recorder.ts"
import { type Address, printAddress } from "../../net/address.ts"
import type { Finding } from "../announcer/finding.ts"
import { tellFinding } from "./finding-text.ts"

const about = (service: Service): Happening["about"] => ({
  apiVersion: "v1",
  kind: "Service",
  name: service.name.slice(service.name.indexOf("/") + 1),
  namespace: namespaceOf(service.name),
  ...(service.uid !== "" && { uid: service.uid }),
})

/** This node began to answer. The words are MetalLB's: people's tools look for them. */
export const nodeAssigned = (service: Service, node: NodeName): Happening => ({
  about: about(service),
  type: "Normal",
  reason: "nodeAssigned",
  message: `announcing from node "${node}" with protocol "layer2"`,
})

/** What a finding means for a Service that it is about; undefined where it is about none. */
export const happeningOf = (finding: Finding, service: Service): Happening | undefined => {
  const reason = eventReasons[finding.code]
  if (reason === undefined) return undefined
  return { about: about(service), type: "Warning", reason, message: tellFinding(finding).message }
}

const eventReasons: Readonly<Partial<Record<Finding["code"], string>>> = {
  "no-interface": "announceFailed",
  "foreign-answer": "addressConflict",
  "gateway-silent": "gatewaySilent",
}

/** The address a finding is about. */
export const addressOfFinding = (finding: Finding): Address | undefined => {
  switch (finding.code) {
    case "foreign-answer":
    case "gateway-silent":
      return finding.address
    case "no-interface":
      return finding.key
    case "segment":
    case "heard-by-others":
    case "duplicate-node":
    case "link-without-address":
    case "same-network":
    case "node-id-collision":
      return undefined
  }
}

/** A finding's identity: raised anew with the same one, it is the same finding. A stranger known for what it is, is news. */
export const findingId = (finding: Finding): string => {
  if (finding.code === "foreign-answer")
    return `${finding.code} ${printAddress(finding.address)} ${finding.mac} ${finding.stranger.is}`
  const { code, message } = tellFinding(finding)
  const address = addressOfFinding(finding)
  return `${code} ${address === undefined ? message : printAddress(address)}`
}
