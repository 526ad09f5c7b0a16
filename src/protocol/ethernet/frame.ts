import { type Mac, macFromBytes, writeMac } from "../../net/mac.ts"
import { readUint16 } from "../bytes/reader.ts"
import { writeUint16 } from "../bytes/writer.ts"

/** IANA "IEEE 802 Numbers". */
export const EtherType = { ipv4: 0x0800, arp: 0x0806, ipv6: 0x86dd, vlan: 0x8100, serviceVlan: 0x88a8 } as const

export type EthernetFault = "frame-too-short" | "frame-too-long" | "vlan-tagged" | "other-ethertype"

export const ethernetHeaderBytes = 14
/** IEEE 802.3: 64 bytes with the check sequence, which a packet socket neither sends nor sees. */
export const ethernetFrameBytesMin = 60
/** 1,500 bytes of payload. ARP and neighbour discovery need far less; what is longer was not made by an honest stack. */
export const ethernetFrameBytesMax = 1514

/**
 * Why a frame is not one of `etherType` on this link, or undefined. A kernel takes tags off before a packet socket sees
 * the frame; one that is still inside belongs to a VLAN (or priority) that is not this link's, so it is refused.
 */
export const ethernetFault = (frame: Uint8Array, etherType: number, bytesMin: number): EthernetFault | undefined => {
  if (frame.length < ethernetHeaderBytes) return "frame-too-short"
  const found = readUint16(frame, 12)
  if (found === EtherType.vlan || found === EtherType.serviceVlan) return "vlan-tagged"
  if (found !== etherType) return "other-ethertype"
  if (frame.length < bytesMin) return "frame-too-short"
  return frame.length > ethernetFrameBytesMax ? "frame-too-long" : undefined
}

/** The byte at which `ethernetFault` found its fault. */
export const ethernetFaultOffset = (frame: Uint8Array, fault: EthernetFault): number =>
  fault === "frame-too-short" ? frame.length : fault === "frame-too-long" ? ethernetFrameBytesMax : 12

export const destinationOf = (frame: Uint8Array): Mac => macFromBytes(frame, 0)

export const sourceOf = (frame: Uint8Array): Mac => macFromBytes(frame, 6)

export const writeEthernetHeader = (frame: Uint8Array, destination: Mac, source: Mac, etherType: number): void => {
  writeMac(frame, 0, destination)
  writeMac(frame, 6, source)
  writeUint16(frame, 12, etherType)
}
