import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { base64OfBytes, base64OfText, textOfUtf8, utf8Of } from "./base64.ts"
import { decodeProtobuf } from "./protobuf.ts"

test("reads what kubectl create namespace sends", () => {
  const body = envelope(
    "v1",
    "Namespace",
    message(1, message(1, "attic"), message(8), message(11, message(1, "a"), message(2, "b"))),
    message(2),
    message(3, message(1, "")),
  )
  assert.deepEqual(decodeProtobuf(body), {
    kind: "decoded",
    value: { apiVersion: "v1", kind: "Namespace", metadata: { name: "attic", labels: { a: "b" } } },
  })
})

test("reads a Service: numbers, numbers or texts, lists, and a false that was meant", () => {
  const target = message(4, number(1, 1), number(2, 0), message(3, "web"))
  const first = message(1, message(1, "http"), message(2, "TCP"), number(3, 80), target, number(5, 0))
  const second = message(1, number(3, 81), message(4, number(1, 0), number(2, 8080), message(3, "")))
  const spec = message(2, first, second, message(4, "LoadBalancer"), number(13, 0), number(20, 0))
  const decoded = decodeProtobuf(envelope("v1", "Service", message(1, message(1, "web")), spec))
  assert.deepEqual(decoded.kind === "decoded" && decoded.value["spec"], {
    ports: [
      { name: "http", protocol: "TCP", port: 80, targetPort: "web" },
      { port: 81, targetPort: 8080 },
    ],
    type: "LoadBalancer",
    allocateLoadBalancerNodePorts: false,
  })
})

test("keeps a Secret's bytes", () => {
  const decoded = decodeProtobuf(envelope("v1", "Secret", message(2, message(1, "k"), Uint8Array.of(0x12, 2, 0, 255))))
  assert.deepEqual(decoded.kind === "decoded" && decoded.value["data"], { k: "AP8=" })
})

test("says which kind it does not read, and what is no message", () => {
  assert.deepEqual(decodeProtobuf(envelope("apps/v1", "Deployment")), {
    kind: "unknown-kind",
    name: "apps/v1 Deployment",
  })
  assert.equal(decodeProtobuf(utf8Of("{}")).kind, "malformed")
  assert.equal(decodeProtobuf(envelope("v1", "Namespace", message(1, "x")).subarray(0, 20)).kind, "malformed")
})

test("never throws on damaged bytes", () => {
  const whole = envelope(
    "v1",
    "Service",
    message(1, message(1, "web"), message(11, message(1, "a"), message(2, "b"))),
    message(2, message(1, number(3, 80)), message(2, message(1, "k"))),
  )
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 6 }),
      fc.nat(whole.length),
      (edits, cut) => {
        const bytes = whole.slice(0, whole.length - (cut % 8))
        for (const [at, value] of edits) bytes[at % bytes.length] = value
        decodeProtobuf(bytes)
      },
    ),
    { numRuns: 20_000 },
  )
})

test("UTF-8 and base64 are the platform's own", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), fc.uint8Array(), (text, bytes) => {
      assert.equal(base64OfText(text), Buffer.from(text).toString("base64"))
      assert.equal(base64OfBytes(bytes), Buffer.from(bytes).toString("base64"))
      assert.equal(textOfUtf8(utf8Of(text)), Buffer.from(text).toString())
    }),
  )
})

type Part = string | Uint8Array

const joined = (parts: readonly Part[]): Uint8Array => {
  const bytes = parts.map((part) => (typeof part === "string" ? utf8Of(part) : part))
  return Uint8Array.from(bytes.flatMap((part) => [...part]))
}

const varint = (value: number): number[] => (value < 128 ? [value] : [(value & 127) | 128, ...varint(value >>> 7)])

const message = (field: number, ...parts: readonly Part[]): Uint8Array => {
  const body = joined(parts)
  return Uint8Array.from([...varint((field << 3) | 2), ...varint(body.length), ...body])
}

const number = (field: number, value: number): Uint8Array => Uint8Array.from([...varint(field << 3), ...varint(value)])

const envelope = (apiVersion: string, kind: string, ...parts: readonly Part[]): Uint8Array =>
  joined([
    Uint8Array.of(0x6b, 0x38, 0x73, 0),
    message(1, message(1, apiVersion), message(2, kind)),
    message(2, ...parts),
    message(3, ""),
    message(4, ""),
  ])
