import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Address, parseAddress } from "../../net/address.ts"
import { createAnswerTable } from "./answer-table.ts"

const whoami = parseAddress("192.168.40.200")!
const whoami6 = parseAddress("2001:db8::200")!

test("an address answered on one link is unknown on another", () => {
  const table = createAnswerTable()
  table.set(2, whoami, { grant: 1 })
  table.set(2, whoami6, { grant: 1 })
  assert.equal(table.get(2, whoami)?.grant, 1)
  assert.equal(table.get(2, whoami6)?.grant, 1)
  assert.equal(table.get(3, whoami), undefined)
  assert.equal(table.get(3, whoami6), undefined)
})

test("a link that goes takes its answers with it and leaves the others", () => {
  const table = createAnswerTable()
  for (const link of [2, 3]) for (const address of [whoami, whoami6]) table.set(link, address, { grant: link })
  table.dropLink(2)
  assert.deepEqual(
    table.entries().map(({ linkIndex }) => linkIndex),
    [3, 3],
  )
})

test("whatever is put in comes out, for every link and address", () => {
  const ipv4 = fc.integer({ min: 0, max: 2 ** 32 - 1 }) as fc.Arbitrary<Address>
  const ipv6 = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }) as unknown as fc.Arbitrary<Address>
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 2 ** 21 - 1 }), fc.oneof(ipv4, ipv6), (linkIndex, address) => {
      const table = createAnswerTable()
      table.set(linkIndex, address, { grant: 7 })
      assert.deepEqual(table.entries(), [{ linkIndex, address, grant: 7 }])
      assert.equal(table.get(linkIndex, address)?.grant, 7)
      table.delete(linkIndex, address)
      assert.equal(table.get(linkIndex, address), undefined)
    }),
  )
})
