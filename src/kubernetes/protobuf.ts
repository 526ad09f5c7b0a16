import { base64OfBytes, textOfUtf8 } from "./base64.ts"
import type { Json, JsonObject } from "./http.ts"
import type { MessageField, Message } from "./protobuf-messages.ts"
import { messageOf } from "./protobuf-messages.ts"
import { printTimestamp } from "./timestamp.ts"
import { readFields, varintOf } from "./protobuf-wire.ts"
import type { WireField } from "./protobuf-wire.ts"

export type DecodedProtobuf =
  | { readonly kind: "decoded"; readonly value: JsonObject }
  | { readonly kind: "unknown-kind"; readonly name: string }
  | { readonly kind: "malformed"; readonly message: string }

/** `k8s` and a zero byte, before `runtime.Unknown` (Kubernetes API conventions). */
const MAGIC = [0x6b, 0x38, 0x73, 0x00]
const DEPTH_MAX = 16

/**
 * A body of type `application/vnd.kubernetes.protobuf` as the object in JSON. Fields without a table are dropped; those
 * that Go writes although they are empty are left out, as its JSON encoder does.
 */
export const decodeProtobuf = (bytes: Uint8Array): DecodedProtobuf => {
  if (!MAGIC.every((byte, index) => bytes[index] === byte))
    return { kind: "malformed", message: "it does not begin with k8s and a zero byte" }
  const envelope = readFields(bytes.subarray(MAGIC.length))
  const typeMeta = readFields(bytesOf(envelope, 1))
  if (envelope === undefined || typeMeta === undefined) return truncated
  const apiVersion = textOfUtf8(bytesOf(typeMeta, 1))
  const kind = textOfUtf8(bytesOf(typeMeta, 2))
  const message = messageOf(apiVersion, kind)
  if (message === undefined) return { kind: "unknown-kind", name: `${apiVersion} ${kind}` }
  const value = readMessage(bytesOf(envelope, 2), message, 0)
  return value === undefined ? truncated : { kind: "decoded", value: { apiVersion, kind, ...value } }
}

const truncated: DecodedProtobuf = { kind: "malformed", message: "a field ends outside its message" }
const NOTHING = new Uint8Array(0)

const bytesOf = (fields: readonly WireField[] | undefined, number: number): Uint8Array => {
  const found = fields?.findLast((field) => field.number === number)
  return found?.kind === "bytes" ? found.bytes : NOTHING
}

const readMessage = (bytes: Uint8Array, message: Message, depth: number): JsonObject | undefined => {
  const fields = depth > DEPTH_MAX ? undefined : readFields(bytes)
  if (fields === undefined) return undefined
  const out = new Map<string, Json>()
  for (const wire of fields) {
    const known = message[wire.number]
    if (known === undefined) continue
    const value = readValue(wire, known, depth)
    if (value === undefined) return undefined
    if (known.type.endsWith("-map"))
      out.set(known.name, { ...(out.get(known.name) as JsonObject), ...(value as JsonObject) })
    else if (known.many === true)
      out.set(known.name, [...((out.get(known.name) as readonly Json[] | undefined) ?? []), value])
    else if (known.keepZero === true || !isZero(value)) out.set(known.name, value)
  }
  return Object.fromEntries(out)
}

const isZero = (value: Json): boolean =>
  value === "" ||
  value === 0 ||
  value === false ||
  value === null ||
  (typeof value === "object" && Object.keys(value).length === 0)

/** Undefined where the bytes do not fit the field's type. */
const readValue = (wire: WireField, field: MessageField, depth: number): Json | undefined => {
  switch (field.type) {
    case "text":
      return wire.kind === "bytes" ? textOfUtf8(wire.bytes) : undefined
    case "int":
      return wire.kind === "varint" ? Number(BigInt.asIntN(64, wire.value)) : undefined
    case "flag":
      return wire.kind === "varint" ? wire.value !== 0n : undefined
    case "time":
      return wire.kind === "bytes" ? readTime(wire.bytes) : undefined
    case "int-or-text":
      return wire.kind === "bytes" ? readIntOrText(wire.bytes) : undefined
    case "text-map":
    case "bytes-map":
      return wire.kind === "bytes" ? readEntry(wire.bytes, field.type) : undefined
    case "message":
      return wire.kind === "bytes" ? readMessage(wire.bytes, field.of ?? {}, depth + 1) : undefined
  }
}

const readTime = (bytes: Uint8Array): Json | undefined => {
  const fields = readFields(bytes)
  if (fields === undefined) return undefined
  return fields.length === 0 ? null : printTimestamp(Number(BigInt.asIntN(64, varintOf(fields, 1))))
}

/** `IntOrString`: type 0 is the number in field 2, type 1 the text in field 3. */
const readIntOrText = (bytes: Uint8Array): Json | undefined => {
  const fields = readFields(bytes)
  if (fields === undefined) return undefined
  return varintOf(fields, 1) === 1n ? textOfUtf8(bytesOf(fields, 3)) : Number(BigInt.asIntN(64, varintOf(fields, 2)))
}

const readEntry = (bytes: Uint8Array, type: "text-map" | "bytes-map"): Json | undefined => {
  const fields = readFields(bytes)
  if (fields === undefined) return undefined
  const value = bytesOf(fields, 2)
  return { [textOfUtf8(bytesOf(fields, 1))]: type === "text-map" ? textOfUtf8(value) : base64OfBytes(value) }
}
