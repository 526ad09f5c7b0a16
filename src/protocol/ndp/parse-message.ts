import { ipv6FromBytes, isMappedIpv4 } from "../../net/address.ts"
import { checksumOfSum, wordSum } from "../bytes/checksum.ts"
import { readUint16 } from "../bytes/reader.ts"
import { destinationOf, ethernetFault, ethernetFaultOffset, EtherType, sourceOf } from "../ethernet/frame.ts"
import { isMulticast } from "../ethernet/multicast.ts"
import {
  field,
  Flag,
  hopLimitOnLink,
  IcmpType,
  type MalformedNdp,
  type NdpFault,
  type NdpMessage,
  nextHeaderIcmpv6,
} from "./message.ts"
import { OptionType, readOptions } from "./options.ts"
import { isSolicitedNodeGroup, solicitedNodeGroup } from "./solicited-node.ts"

/** Reads a frame with a neighbor solicitation or advertisement, with every check of RFC 4861 sections 7.1.1 and 7.1.2. Never throws; keeps no reference to `frame`. */
export const parseNdp = (frame: Uint8Array): NdpMessage | MalformedNdp => {
  const ethernet = ethernetFault(frame, EtherType.ipv6, field.type)
  if (ethernet !== undefined) return malformed(ethernet, ethernetFaultOffset(frame, ethernet))
  const header = ipv6Fault(frame) ?? icmpFault(frame)
  if (header !== undefined) return header
  const isSolicitation = frame[field.type] === IcmpType.solicitation
  const options = readOptions(
    frame,
    field.options,
    messageEnd(frame),
    isSolicitation ? OptionType.sourceLinkLayer : OptionType.targetLinkLayer,
  )
  if ("kind" in options) return options
  const carried = {
    destination: destinationOf(frame),
    source: sourceOf(frame),
    sourceAddress: ipv6FromBytes(frame, field.sourceAddress),
    destinationAddress: ipv6FromBytes(frame, field.destinationAddress),
    target: ipv6FromBytes(frame, field.target),
    ...options,
  }
  const message: NdpMessage = isSolicitation
    ? { kind: "solicitation", ...carried }
    : { kind: "advertisement", ...carried, ...flagsOf(frame[field.flags]!) }
  return messageFault(message) ?? message
}

/** A kernel that received these bytes has already dropped what RFC 6980 forbids; the sender's own kernel, on a loop, has not. */
const ipv6Fault = (frame: Uint8Array): MalformedNdp | undefined => {
  if (frame[field.version]! >>> 4 !== 6) return malformed("not-ipv6", field.version)
  const nextHeader = frame[field.nextHeader]!
  if (nextHeader === fragmentHeader) return malformed("fragmented", field.nextHeader)
  if (extensionHeaders.has(nextHeader)) return malformed("extension-header", field.nextHeader)
  if (nextHeader !== nextHeaderIcmpv6) return malformed("not-icmpv6", field.nextHeader)
  if (messageEnd(frame) > frame.length) return malformed("payload-beyond-frame", field.payloadLength)
  if (frame[field.sourceAddress] === 0xff) return malformed("source-multicast", field.sourceAddress)
  return undefined
}

const icmpFault = (frame: Uint8Array): MalformedNdp | undefined => {
  const end = messageEnd(frame)
  if (end <= field.type) return malformed("message-too-short", field.payloadLength)
  const type = frame[field.type]
  if (type !== IcmpType.solicitation && type !== IcmpType.advertisement) return malformed("other-message", field.type)
  if (frame[field.hopLimit] !== hopLimitOnLink) return malformed("hop-limit-not-255", field.hopLimit)
  if (end < field.options) return malformed("message-too-short", field.payloadLength)
  if (checksumOfSum(icmpSum(frame, end)) !== 0) return malformed("wrong-checksum", field.checksum)
  return frame[field.code] === 0 ? undefined : malformed("other-code", field.code)
}

const messageFault = (message: NdpMessage): MalformedNdp | undefined => {
  const { target, destinationAddress } = message
  if (isMulticast(target) || target === 0n) return malformed("target-not-a-host", field.target)
  if (isMappedIpv4(target)) return malformed("target-ipv4-mapped", field.target)
  if (message.kind === "advertisement")
    return message.solicited && isMulticast(destinationAddress)
      ? malformed("solicited-to-multicast", field.flags)
      : undefined
  if (message.sourceAddress === 0n) {
    if (message.linkLayerAddress !== undefined)
      return malformed("unspecified-source-with-link-layer-address", field.options)
    if (!isSolicitedNodeGroup(destinationAddress))
      return malformed("unspecified-source-outside-group", field.destinationAddress)
  }
  return isMulticast(destinationAddress) && destinationAddress !== solicitedNodeGroup(target)
    ? malformed("other-solicited-node-group", field.destinationAddress)
    : undefined
}

/** The pseudo-header of RFC 8200 section 8.1 and the message: both addresses stand side by side in the header. */
export const icmpSum = (frame: Uint8Array, end: number): number =>
  wordSum(frame, field.type, end, wordSum(frame, field.sourceAddress, field.type, end - field.type + nextHeaderIcmpv6))

const messageEnd = (frame: Uint8Array): number => field.type + readUint16(frame, field.payloadLength)

const flagsOf = (flags: number): { router: boolean; solicited: boolean; override: boolean } => ({
  router: (flags & Flag.router) !== 0,
  solicited: (flags & Flag.solicited) !== 0,
  override: (flags & Flag.override) !== 0,
})

const malformed = (because: NdpFault, offset: number): MalformedNdp => ({ kind: "malformed", because, offset })

const fragmentHeader = 44
/** Hop-by-hop (a jumbo payload hides there), routing, ESP, AH, destination options, mobility, HIP, shim6. */
const extensionHeaders: ReadonlySet<number> = new Set([0, 43, 50, 51, 60, 135, 139, 140])
