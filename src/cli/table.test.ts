import assert from "node:assert/strict"
import { test } from "node:test"
import { table } from "./table.ts"

test("columns stand under each other, whatever colour a cell has", () => {
  const red = "\u001b[31mx\u001b[39m"
  assert.deepEqual(
    table([
      ["A", "B"],
      [red, "1"],
      ["long", "2"],
    ]),
    ["A      B", `${red}      1`, "long   2"],
  )
})

test("an address is never cut and a short row ends where it ends", () => {
  assert.deepEqual(table([["2001:db8:1111:2222:3333:4444:5555:6666", "x"], ["y"]])[1], "y")
})
