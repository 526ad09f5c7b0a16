import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { field, listAt, numberAt, textAt, textsAt } from "../../kubernetes/json.ts"
import { type Address, parseAddress } from "../../net/address.ts"
import { parseMac } from "../../net/mac.ts"
import type { NodeName } from "../name.ts"
import type { Contest, ReportedHold, ReportedInterface, SpeakerReport } from "../speaker-report.ts"
import { type Faults, readName } from "./fault.ts"

/** The object's name is the node's. The speaker writes `status` (`speaker/watcher`); what is not there counts as unknown. */
export const readSpeakerReport = (object: JsonObject, faults: Faults): SpeakerReport | undefined => {
  const name = readName(object, faults)
  // One that was just made says nothing yet, which is less than that its node has no interfaces.
  if (name === undefined || field(object, "status", "interfaces") === undefined) return undefined
  return {
    node: name as NodeName,
    interfaces: listAt(object, "status", "interfaces").flatMap(readInterface),
    dataPlaneReady: field(object, "status", "dataPlaneReady") !== false,
    contested: new Map(listAt(object, "status", "contested").flatMap(readContest)),
    holds: new Map(listAt(object, "status", "holds").flatMap(readHold)),
    hears: listAt(object, "status", "segments").flatMap((segment) => textsAt(segment, "hears") as NodeName[]),
  }
}

const readInterface = (item: Json): readonly ReportedInterface[] => {
  const name = textAt(item, "name")
  if (name === undefined) return []
  return [
    {
      name,
      mac: parseMac(textAt(item, "mac") ?? ""),
      up: field(item, "up") !== false,
      wireless: field(item, "wireless") === true,
      master: textAt(item, "master"),
      addresses: textsAt(item, "addresses").flatMap(readInterfaceAddress),
    },
  ]
}

/** `192.168.40.31/24`: the host bits are the interface's own. */
const readInterfaceAddress = (text: string): ReportedInterface["addresses"] => {
  const [address = "", length = ""] = text.split("/")
  const parsed = parseAddress(address)
  return parsed === undefined || !/^\d{1,3}$/.test(length) ? [] : [{ address: parsed, length: Number(length) }]
}

const readContest = (item: Json): readonly (readonly [Address, Contest])[] => {
  const address = parseAddress(textAt(item, "address") ?? "")
  const mac = parseMac(textAt(item, "mac") ?? "")
  if (address === undefined || mac === undefined) return []
  const node = textAt(item, "node")
  return [[address, { mac, class: textAt(item, "class") ?? "unknown", ...(node !== undefined && { node }) }]]
}

const readHold = (item: Json): readonly (readonly [Address, ReportedHold])[] => {
  const address = parseAddress(textAt(item, "address") ?? "")
  if (address === undefined) return []
  const grant = numberAt(item, "grant") ?? 0
  return [[address, { grant, epoch: numberAt(item, "epoch") ?? 0, since: textAt(item, "since") ?? "" }]]
}
