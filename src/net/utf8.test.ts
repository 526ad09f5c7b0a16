import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { utf8Bytes } from "./utf8.ts"

test("any text has the bytes that TextEncoder gives it, broken surrogates too", () => {
  const anyText = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: "grapheme" }),
    fc.array(fc.integer({ min: 0xd7f0, max: 0xe010 })).map((units) => String.fromCharCode(...units)),
  )
  fc.assert(
    fc.property(anyText, (text) => assert.deepEqual(utf8Bytes(text), new TextEncoder().encode(text))),
    { numRuns: 200 },
  )
})

test("a node name and an address are the bytes that MetalLB hashes", () => {
  assert.deepEqual(utf8Bytes("nas#10.0.0.1"), new TextEncoder().encode("nas#10.0.0.1"))
  assert.deepEqual([...utf8Bytes("é€😀")], [0xc3, 0xa9, 0xe2, 0x82, 0xac, 0xf0, 0x9f, 0x98, 0x80])
})
