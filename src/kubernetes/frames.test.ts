import assert from "node:assert/strict"
import { test } from "node:test"
import { array, assert as check, nat, property, string } from "fast-check"
import { createLineSplitter } from "./frames.ts"

test("an event split at any byte is one line, also within a letter (133)", () => {
  const bytes = utf8(`{"type":"ADDED","object":{"note":"größer 🏮"}}\n`)
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const splitter = createLineSplitter()
    const lines = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((chunk) => splitter.push(chunk).lines)
    assert.deepEqual(lines.map(text), [text(bytes).trimEnd()])
    assert.equal(splitter.pending(), 0)
  }
})

test("however a stream is cut, the same lines come out", () => {
  check(
    property(array(string({ unit: "grapheme" })), array(nat(40)), (texts, cuts) => {
      const wanted = texts.map((line) => line.replaceAll("\n", " "))
      const bytes = utf8(wanted.map((line) => `${line}\n`).join(""))
      const splitter = createLineSplitter()
      const lines: string[] = []
      let from = 0
      for (const cut of [...cuts, bytes.length]) {
        lines.push(...splitter.push(bytes.subarray(from, from + cut)).lines.map(text))
        from += cut
      }
      assert.deepEqual(
        lines,
        wanted.filter((line) => line !== "").map((line) => text(utf8(line))),
      )
    }),
  )
})

test("a line over the limit ends the stream, what came before is kept, and memory is bounded (134)", () => {
  const splitter = createLineSplitter(8)
  const { lines, tooLong } = splitter.push(utf8("12345678\n123456789"))
  assert.deepEqual([lines.map(text), tooLong], [["12345678"], true])
  const dribble = createLineSplitter(8)
  const verdicts = Array.from({ length: 9 }, () => dribble.push(utf8("x")).tooLong)
  assert.deepEqual(verdicts.indexOf(true), 8)
})

test("a stream that was cut off has something pending", () => {
  const splitter = createLineSplitter()
  splitter.push(utf8('{"a":1}\n{"b"'))
  assert.equal(splitter.pending(), 4)
})

test("a line of a megabyte in pieces of one byte is put together once, not once a piece", () => {
  const splitter = createLineSplitter()
  const piece = utf8("x")
  for (let index = 0; index < 1_000_000; index += 1) splitter.push(piece)
  assert.equal(splitter.push(utf8("\n")).lines[0]?.length, 1_000_000)
})

const utf8 = (value: string): Uint8Array => new TextEncoder().encode(value)
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
