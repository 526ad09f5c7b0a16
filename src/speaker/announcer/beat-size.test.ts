import assert from "node:assert/strict"
import { test } from "node:test"
import { beatBytes } from "../../ownership/log.ts"
import { beatSizes } from "../../protocol/beat/datagram.ts"

test("ownership fills pages by the sizes that the codec writes", () => {
  assert.deepEqual(
    { fixed: beatBytes.fixed, heard: beatBytes.heard, entry: beatBytes.entry, page: beatBytes.page },
    { fixed: beatSizes.fixed, heard: beatSizes.heard, entry: beatSizes.entry, page: beatSizes.page },
  )
})
