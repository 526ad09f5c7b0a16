import assert from "node:assert/strict"
import { test } from "node:test"
import { stripVTControlCharacters } from "node:util"
import * as fc from "fast-check"
import { printable, printableLines } from "./printable.ts"
import { styleFor } from "./style.ts"
import { sayWithheld } from "./survey/withheld.ts"
import { startTimeline } from "./timeline.ts"

test("an annotation clears no screen, sets no title and adds no line", () => {
  const wish = '"\u001b[2J\u001b]0;owned\u0007\u009b1mAll is well\n✓ healthy" is no address'
  assert.equal(printable(wish), '"\\x1b[2J\\x1b]0;owned\\x07\\u009b1mAll is well\\x0a✓ healthy" is no address')
})

test("text cannot be made invisible, while our own colours stay", () => {
  const style = styleFor(process.stdout, "always")
  const ours = `${style.good} ${style.bad} ${style.warn} ${style.unknown} ${style.none} ${style.bold("a")} ${style.dim("b")}`
  assert.equal(stripVTControlCharacters(printable(ours)), "✓ ✗ ! ? · a b")
  assert.ok(printable(ours).startsWith("\u001b[32m✓\u001b[39m \u001b[31m✗\u001b[39m"))
  assert.equal(printable("\u001b[8mhidden"), "\\x1b[8mhidden")
})

test("nobody else colours or turns round what is said, be it in our own colours", () => {
  assert.equal(printable("\u001b[31mred\u001b[39m\u202e"), "\\x1b[31mred\\x1b[39m\\u202e")
  assert.equal(printable("a\u2028b\u{e0041}"), "a\\u2028b\\udb40\\udc41")
  const name = { name: "\u202egnp.exe\u009b" }
  assert.deepEqual(JSON.parse(printableLines(JSON.stringify(name))), name, "JSON stays what it was")
})

test("a document keeps its lines", () => {
  assert.equal(printableLines('{\n  "a": "\u009b2J"\n}'), '{\n  "a": "\\u009b2J"\n}')
})

test("a story told as it happens is cleaned, and so is what an API server says when it refuses", (t) => {
  const lines: string[] = []
  const timeline = startTimeline(
    (line) => lines.push(line),
    () => 0,
  )
  timeline.tell("w1\u001b[2J", ["announces\u0007", "and\u009b2J"])
  assert.deepEqual(lines, ["  0.0 s   w1\\x1b[2J       announces\\x07", `${" ".repeat(23)}and\\u009b2J`])
  const write = t.mock.method(process.stderr, "write", () => true)
  sayWithheld("never")({ kind: "Node", why: "forbidden", says: "no\u001b[2J" })
  write.mock.restore()
  assert.match(String(write.mock.calls[0]?.arguments[0]), /May not list nodes \(no\\x1b\[2J\)/)
})

test("whatever is said, no control character is left that is not a colour of ours", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      // oxlint-disable-next-line no-control-regex
      assert.doesNotMatch(printable(text), /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u)
    }),
  )
})
