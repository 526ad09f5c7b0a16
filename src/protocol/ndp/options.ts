import { isGroupMac, type Mac, macFromBytes, zeroMac } from "../../net/mac.ts"
import type { ByteWriter } from "../bytes/writer.ts"
import { sealedTokenIn } from "../token.ts"
import type { MalformedNdp, NdpFault } from "./message.ts"

export type NdpOptions = { readonly linkLayerAddress: Mac | undefined; readonly sealedToken: Uint8Array | undefined }

/** Reads the options from `at` to the end of the message (RFC 4861 section 4.6). Unknown ones are passed over; of two the first counts. */
export const readOptions = (
  frame: Uint8Array,
  at: number,
  end: number,
  linkLayerOption: number,
): NdpOptions | MalformedNdp => {
  let linkLayerAddress: Mac | undefined
  let sealedToken: Uint8Array | undefined
  for (let option = at; option < end;) {
    if (option + 2 > end) return malformed("option-overrun", option)
    const type = frame[option]!
    const bytes = frame[option + 1]! * unitBytes
    if (bytes === 0) return malformed("option-length-zero", option)
    if (option + bytes > end) return malformed("option-overrun", option)
    if (type === linkLayerOption && linkLayerAddress === undefined) {
      if (bytes !== unitBytes) return malformed("link-layer-option-length", option)
      linkLayerAddress = macFromBytes(frame, option + 2)
      if (linkLayerAddress === zeroMac || isGroupMac(linkLayerAddress))
        return malformed("link-layer-address-not-a-station", option)
    }
    if (type === OptionType.nonce || type === OptionType.experimental)
      sealedToken ??= sealedTokenIn(frame, option + 2, option + bytes)
    option += bytes
  }
  return { linkLayerAddress, sealedToken }
}

/** How many bytes `writeOptions` writes. */
export const optionBytes = ({ linkLayerAddress, sealedToken }: NdpOptions): number =>
  (linkLayerAddress === undefined ? 0 : unitBytes) + (sealedToken === undefined ? 0 : 2 * tokenOptionBytes(sealedToken))

/** The token goes out twice: as a Nonce (RFC 3971), which inspecting switches know, and as an experimental option (RFC 4727), which none rewrites. */
export const writeOptions = (writer: ByteWriter, options: NdpOptions, linkLayerOption: number): void => {
  if (options.linkLayerAddress !== undefined) {
    writer.uint8(linkLayerOption)
    writer.uint8(1)
    writer.mac(options.linkLayerAddress)
  }
  const { sealedToken } = options
  if (sealedToken === undefined) return
  for (const type of [OptionType.nonce, OptionType.experimental]) {
    writer.uint8(type)
    writer.uint8(tokenOptionBytes(sealedToken) / unitBytes)
    writer.bytes(sealedToken)
    writer.zeros(tokenOptionBytes(sealedToken) - 2 - sealedToken.length)
  }
}

/** IANA "IPv6 Neighbor Discovery Option Formats". */
export const OptionType = { sourceLinkLayer: 1, targetLinkLayer: 2, nonce: 14, experimental: 253 } as const

const unitBytes = 8

const tokenOptionBytes = (sealedToken: Uint8Array): number =>
  Math.ceil((2 + sealedToken.length) / unitBytes) * unitBytes

const malformed = (because: NdpFault, offset: number): MalformedNdp => ({ kind: "malformed", because, offset })
