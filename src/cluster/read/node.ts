import type { JsonObject } from "../../kubernetes/http.ts"
import { field, listAt, textAt, textsAt } from "../../kubernetes/json.ts"
import { parseAddress } from "../../net/address.ts"
import { parsePrefix } from "../../net/prefix.ts"
import type { Labels, NodeName } from "../name.ts"
import type { Node, NodeMark } from "../node.ts"
import { type Faults, readName, readTexts } from "./fault.ts"

export const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers"
export const drainAnnotation = "porchlight.dev/drain"

export const readNode = (object: JsonObject, faults: Faults): Node | undefined => {
  const name = readName(object, faults)
  if (name === undefined) return undefined
  const labels = readTexts(field(object, "metadata", "labels"), "metadata.labels", faults)
  const cidrs = textsAt(object, "spec", "podCIDRs")
  const podCidr = textAt(object, "spec", "podCIDR")
  return {
    name: name as NodeName,
    uid: textAt(object, "metadata", "uid") ?? "",
    labels,
    addresses: listAt(object, "status", "addresses")
      .filter((entry) => textAt(entry, "type") === "InternalIP")
      .map((entry) => parseAddress(textAt(entry, "address") ?? ""))
      .filter((address) => address !== undefined),
    podPrefixes: (cidrs.length > 0 ? cidrs : podCidr === undefined ? [] : [podCidr])
      .map(parsePrefix)
      .filter((prefix) => prefix !== undefined),
    marks: readMarks(object, labels, faults),
  }
}

const readMarks = (object: JsonObject, labels: Labels, faults: Faults): ReadonlySet<NodeMark> => {
  const marks = new Set<NodeMark>()
  if (labels.has(excludeLabel)) marks.add("excluded")
  for (const condition of listAt(object, "status", "conditions"))
    if (textAt(condition, "type") === "NetworkUnavailable" && textAt(condition, "status") === "True")
      marks.add("network-unavailable")
  const drain = textAt(object, "metadata", "annotations", drainAnnotation)
  if (drain === "true") marks.add("leaving")
  else if (drain !== undefined && drain !== "false" && drain !== "")
    faults.add(
      `metadata.annotations.${drainAnnotation}`,
      drain,
      "noted",
      'only "true" drains a node, so it stays',
      'write "true" or remove it',
    )
  return marks
}
