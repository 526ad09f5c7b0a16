import { checksumOfSum } from "../bytes/checksum.ts"
import { ByteWriter, writeUint16 } from "../bytes/writer.ts"
import { ethernetHeaderBytes, EtherType, writeEthernetHeader } from "../ethernet/frame.ts"
import { field, Flag, hopLimitOnLink, IcmpType, type NdpMessage, nextHeaderIcmpv6 } from "./message.ts"
import { optionBytes, OptionType, writeOptions } from "./options.ts"
import { icmpSum } from "./parse-message.ts"

/** How long the frame of a message is. */
export const ndpFrameBytes = (message: NdpMessage): number => field.options + optionBytes(message)

/** The frame of a message: Ethernet, IPv6 with hop limit 255, ICMPv6 with its checksum. */
export const emitNdp = (message: NdpMessage): Uint8Array => writeNdp(new Uint8Array(ndpFrameBytes(message)), message)

/** Writes every byte of `frame`, which is `ndpFrameBytes(message)` long. */
export const writeNdp = (frame: Uint8Array, message: NdpMessage): Uint8Array => {
  writeEthernetHeader(frame, message.destination, message.source, EtherType.ipv6)
  const writer = new ByteWriter(frame.subarray(ethernetHeaderBytes))
  writer.uint32(6 * 2 ** 28)
  writer.uint16(frame.length - field.type)
  writer.uint8(nextHeaderIcmpv6)
  writer.uint8(hopLimitOnLink)
  writer.address(message.sourceAddress)
  writer.address(message.destinationAddress)
  writer.uint8(IcmpType[message.kind])
  writer.uint8(0)
  writer.uint16(0)
  writer.uint8(flagsByte(message))
  writer.zeros(3)
  writer.address(message.target)
  const { sourceLinkLayer, targetLinkLayer } = OptionType
  writeOptions(writer, message, message.kind === "solicitation" ? sourceLinkLayer : targetLinkLayer)
  writer.finish()
  writeUint16(frame, field.checksum, checksumOfSum(icmpSum(frame, frame.length)))
  return frame
}

const flagsByte = (message: NdpMessage): number => {
  if (message.kind === "solicitation") return 0
  const { router, solicited, override } = message
  return (router ? Flag.router : 0) | (solicited ? Flag.solicited : 0) | (override ? Flag.override : 0)
}
