/** One field as protobuf writes it, before anything is known of its type. Fixed-width fields do not occur here. */
export type WireField =
  | { readonly number: number; readonly kind: "varint"; readonly value: bigint }
  | { readonly number: number; readonly kind: "bytes"; readonly bytes: Uint8Array }

const VARINT = 0
const FIXED64 = 1
const BYTES = 2
const FIXED32 = 5
/** A 64-bit number takes at most ten groups of seven bits. */
const VARINT_BYTES_MAX = 10

/** All fields of a message in order; undefined where one ends outside it or has an unknown form. */
export const readFields = (bytes: Uint8Array): readonly WireField[] | undefined => {
  const fields: WireField[] = []
  let at = 0
  while (at < bytes.length) {
    const tag = readVarint(bytes, at)
    if (tag === undefined) return undefined
    const number = Number(tag.value >> 3n)
    const form = Number(tag.value & 7n)
    const read = readField(bytes, tag.next, number, form)
    if (read === undefined) return undefined
    if (read.field !== undefined) fields.push(read.field)
    at = read.next
  }
  return fields
}

type ReadField = { readonly field: WireField | undefined; readonly next: number }

const readField = (bytes: Uint8Array, at: number, number: number, form: number): ReadField | undefined => {
  if (form === FIXED32 || form === FIXED64) {
    const next = at + (form === FIXED32 ? 4 : 8)
    return next <= bytes.length ? { field: undefined, next } : undefined
  }
  const head = readVarint(bytes, at)
  if (head === undefined) return undefined
  if (form === VARINT) return { field: { number, kind: "varint", value: head.value }, next: head.next }
  const end = head.next + Number(head.value)
  if (form !== BYTES || end > bytes.length) return undefined
  return { field: { number, kind: "bytes", bytes: bytes.subarray(head.next, end) }, next: end }
}

const readVarint = (bytes: Uint8Array, from: number): { readonly value: bigint; readonly next: number } | undefined => {
  let value = 0n
  for (let index = 0; index < VARINT_BYTES_MAX; index += 1) {
    const byte = bytes[from + index]
    if (byte === undefined) return undefined
    value |= BigInt(byte & 0x7f) << BigInt(7 * index)
    if (byte < 0x80) return { value: BigInt.asUintN(64, value), next: from + index + 1 }
  }
  return undefined
}

export const varintOf = (fields: readonly WireField[], number: number): bigint => {
  const found = fields.findLast((field) => field.number === number)
  return found?.kind === "varint" ? found.value : 0n
}
