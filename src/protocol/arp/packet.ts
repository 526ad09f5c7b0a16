import { type Ipv4, ipv4FromBytes } from "../../net/address.ts"
import { isGroupMac, type Mac, macFromBytes, writeMac, zeroMac } from "../../net/mac.ts"
import { readUint16 } from "../bytes/reader.ts"
import { writeUint16, writeUint32 } from "../bytes/writer.ts"
import {
  destinationOf,
  type EthernetFault,
  ethernetFault,
  ethernetFaultOffset,
  ethernetFrameBytesMin,
  EtherType,
  sourceOf,
  writeEthernetHeader,
} from "../ethernet/frame.ts"
import { sealedTokenIn } from "../token.ts"

/** An ARP packet for Ethernet and IPv4 with the frame that carries it (RFC 826; field names of RFC 5227). */
export type ArpPacket = {
  readonly kind: "arp"
  readonly destination: Mac
  /** The frame's source. It may differ from `senderMac` (router clusters do that); answers go to `senderMac`, as RFC 826 says. */
  readonly source: Mac
  readonly operation: "request" | "reply"
  readonly senderMac: Mac
  /** 0.0.0.0 in a probe (RFC 5227 section 2.1.1). */
  readonly senderAddress: Ipv4
  readonly targetMac: Mac
  /** 0.0.0.0 only in the reply to a probe. */
  readonly targetAddress: Ipv4
  /** What stands in the padding if it may be a token: sealed, not checked yet. */
  readonly sealedToken: Uint8Array | undefined
}

export type ArpFault =
  | EthernetFault
  | "other-hardware-type"
  | "other-protocol-type"
  | "other-address-length"
  | "other-operation"
  | "sender-mac-not-a-station"
  | "sender-address-not-a-host"
  | "target-address-zero"

export type MalformedArp = { readonly kind: "malformed"; readonly because: ArpFault; readonly offset: number }

export const arpFrameBytes: number = ethernetFrameBytesMin

/** Never throws; keeps no reference to `frame`. `offset` is where the fault stands in the frame. */
export const parseArp = (frame: Uint8Array): ArpPacket | MalformedArp => {
  const ethernet = ethernetFault(frame, EtherType.arp, field.end)
  if (ethernet !== undefined) return malformed(ethernet, ethernetFaultOffset(frame, ethernet))
  const header = headerFault(frame)
  if (header !== undefined) return header
  const senderMac = macFromBytes(frame, field.senderMac)
  if (senderMac === zeroMac || isGroupMac(senderMac)) return malformed("sender-mac-not-a-station", field.senderMac)
  const senderAddress = ipv4FromBytes(frame, field.senderAddress)
  if (isNoSender(senderAddress)) return malformed("sender-address-not-a-host", field.senderAddress)
  const operation = frame[field.operation + 1] === Operation.request ? "request" : "reply"
  const targetAddress = ipv4FromBytes(frame, field.targetAddress)
  if (targetAddress === 0 && operation === "request") return malformed("target-address-zero", field.targetAddress)
  return {
    kind: "arp",
    destination: destinationOf(frame),
    source: sourceOf(frame),
    operation,
    senderMac,
    senderAddress,
    targetMac: macFromBytes(frame, field.targetMac),
    targetAddress,
    sealedToken: sealedTokenIn(frame, field.end),
  }
}

/** A frame of 60 bytes: nothing shorter goes over Ethernet, and the token lives in what padding is left. */
export const emitArp = (packet: ArpPacket): Uint8Array => writeArp(new Uint8Array(arpFrameBytes), packet)

/** Writes all 60 bytes of `frame`, whatever it held. */
export const writeArp = (frame: Uint8Array, packet: ArpPacket): Uint8Array => {
  writeEthernetHeader(frame, packet.destination, packet.source, EtherType.arp)
  writeUint16(frame, field.hardwareType, hardwareTypeEthernet)
  writeUint16(frame, field.protocolType, EtherType.ipv4)
  writeUint16(frame, field.lengths, macAndIpv4Lengths)
  writeUint16(frame, field.operation, Operation[packet.operation])
  writeMac(frame, field.senderMac, packet.senderMac)
  writeUint32(frame, field.senderAddress, packet.senderAddress)
  writeMac(frame, field.targetMac, packet.targetMac)
  writeUint32(frame, field.targetAddress, packet.targetAddress)
  frame.fill(0, field.end, arpFrameBytes)
  if (packet.sealedToken !== undefined) frame.set(packet.sealedToken, field.end)
  return frame
}

const headerFault = (frame: Uint8Array): MalformedArp | undefined => {
  if (readUint16(frame, field.hardwareType) !== hardwareTypeEthernet)
    return malformed("other-hardware-type", field.hardwareType)
  if (readUint16(frame, field.protocolType) !== EtherType.ipv4)
    return malformed("other-protocol-type", field.protocolType)
  if (readUint16(frame, field.lengths) !== macAndIpv4Lengths) return malformed("other-address-length", field.lengths)
  const operation = readUint16(frame, field.operation)
  if (operation !== Operation.request && operation !== Operation.reply)
    return malformed("other-operation", field.operation)
  return undefined
}

/** Multicast, limited broadcast and loopback are nobody's own address (RFC 1122 section 3.2.1.3). */
const isNoSender = (address: Ipv4): boolean =>
  address === 0xffffffff || address >>> 28 === 0xe || address >>> 24 === 127

const malformed = (because: ArpFault, offset: number): MalformedArp => ({ kind: "malformed", because, offset })

const Operation = { request: 1, reply: 2 } as const
const hardwareTypeEthernet = 1
const macAndIpv4Lengths = 0x0604

/** Where each field begins in the frame. */
const field = {
  hardwareType: 14,
  protocolType: 16,
  lengths: 18,
  operation: 20,
  senderMac: 22,
  senderAddress: 28,
  targetMac: 32,
  targetAddress: 38,
  end: 42,
} as const
