import { type Address, familyOf } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import { equalInConstantTime } from "../net/sha256.ts"
import { ByteReader } from "./bytes/reader.ts"
import { ByteWriter } from "./bytes/writer.ts"
import type { SharedKey, SharedKeys } from "./shared-key.ts"

/**
 * What speakers tell each other inside ARP and neighbour discovery, where a fabric or a stranger may answer for others:
 * only who has the key can make one. It stands in the padding of an ARP frame, or in an option of NS and NA.
 */
export type Token =
  /** "Who asks with this nonce wants to know whether you live, and whether the address is yours." */
  | { readonly kind: "question"; readonly nonce: number }
  /**
   * The nonce of a question. `grant` is 0 where the answerer lives but does not hold the address, else one more than the
   * grant under which it does: where nobody gave an address, its grant is 0.
   */
  | { readonly kind: "answer"; readonly nonce: number; readonly grant: number }
  /** The claim behind an announcement. */
  | { readonly kind: "announcement"; readonly grant: number; readonly epoch: number }

export type NoToken = {
  readonly kind: "no-token"
  readonly because: "absent" | "unknown-kind" | "too-short" | "wrong-tag" | "epoch-out-of-range"
}

/** An epoch in the last 1,000 of 32 bits would leave nobody room to claim after it: such a claim is malformed. */
export const epochMax: number = 2 ** 32 - 1 - 1000

/** Bytes of a sealed token. They fit into the 18 bytes of padding behind an ARP packet. */
export const tokenBytes: Readonly<Record<Token["kind"], 13 | 17>> = { question: 13, answer: 17, announcement: 17 }

/**
 * A token as it stands on the wire. The tag covers the sender's MAC, the address that the packet is about (the target
 * of a question, else the sender of the ARP packet or the target of the NA), and all fields.
 */
export const sealToken = (key: SharedKey, sender: Mac, address: Address, token: Token): Uint8Array => {
  const tag = tagOf(key, sender, address, token)
  const writer = new ByteWriter(new Uint8Array(tokenBytes[token.kind]))
  writer.uint8(kindCodes[token.kind])
  if (token.kind === "announcement") {
    writer.uint32(token.grant)
    writer.uint32(token.epoch)
    writer.bytes(tag)
  } else {
    writer.uint32(token.nonce)
    writer.bytes(tag)
    if (token.kind === "answer") writer.uint32(token.grant)
  }
  return writer.finish()
}

/** Reads and checks a sealed token; bytes behind it are ignored (a switch pads as it likes). Garbage in padding is no fault of its sender. */
export const openToken = (
  keys: SharedKeys,
  sender: Mac,
  address: Address,
  sealed: Uint8Array | undefined,
): Token | NoToken => {
  if (sealed === undefined) return { kind: "no-token", because: "absent" }
  const reader = new ByteReader(sealed)
  const read = readToken(reader)
  if (read === undefined) return { kind: "no-token", because: reader.overrun ? "too-short" : "unknown-kind" }
  const { token, tag } = read
  const fits = [keys.current, keys.next].some(
    (key) => key !== undefined && equalInConstantTime(tagOf(key, sender, address, token), tag),
  )
  if (!fits) return { kind: "no-token", because: "wrong-tag" }
  if (token.kind === "announcement" && token.epoch > epochMax)
    return { kind: "no-token", because: "epoch-out-of-range" }
  return token
}

/** A copy of the sealed token that seems to begin at `at`, or undefined: most frames have zeros there, and pay one comparison. */
export const sealedTokenIn = (bytes: Uint8Array, at: number, end: number = bytes.length): Uint8Array | undefined => {
  const kind = kinds[bytes[at] ?? 0]
  if (kind === undefined || at + tokenBytes[kind] > end) return undefined
  return bytes.slice(at, at + tokenBytes[kind])
}

/** A question is about its target; the tag of the others covers the address that their packet speaks for. */
export const isSealedQuestion = (sealed: Uint8Array): boolean => sealed[0] === kindCodes.question

const readToken = (reader: ByteReader): { token: Token; tag: Uint8Array } | undefined => {
  const kind = reader.uint8()
  if (kinds[kind] === undefined) return undefined
  if (kind === kindCodes.announcement) {
    const token = { kind: "announcement", grant: reader.uint32(), epoch: reader.uint32() } as const
    const tag = reader.bytes(tagBytes)
    return reader.overrun ? undefined : { token, tag }
  }
  const nonce = reader.uint32()
  const tag = reader.bytes(tagBytes)
  const token: Token =
    kind === kindCodes.question ? { kind: "question", nonce } : { kind: "answer", nonce, grant: reader.uint32() }
  return reader.overrun ? undefined : { token, tag }
}

const tagOf = (key: SharedKey, sender: Mac, address: Address, token: Token): Uint8Array => {
  const fieldBytes = token.kind === "question" ? 4 : 8
  const writer = new ByteWriter(new Uint8Array(6 + (familyOf(address) === 4 ? 4 : 16) + 1 + fieldBytes))
  writer.mac(sender)
  writer.address(address)
  writer.uint8(kindCodes[token.kind])
  writer.uint32(token.kind === "announcement" ? token.grant : token.nonce)
  if (token.kind === "answer") writer.uint32(token.grant)
  if (token.kind === "announcement") writer.uint32(token.epoch)
  return key.sign(writer.finish()).slice(0, tagBytes)
}

const kindCodes = { question: 1, answer: 2, announcement: 3 } as const
const kinds: readonly (Token["kind"] | undefined)[] = [undefined, "question", "answer", "announcement"]
const tagBytes = 8
