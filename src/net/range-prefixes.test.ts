import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { Ipv4, Ipv6 } from "./address.ts"
import { parsePrefix, prefixHolds, printPrefix, rangeOfPrefix } from "./prefix.ts"
import { prefixesOfRange } from "./range-prefixes.ts"
import { type AddressRange, parseRange, rangeHolds } from "./range.ts"

test("a range becomes the fewest prefixes, ascending", () => {
  assert.deepEqual(printed("192.168.1.240-192.168.1.250"), ["192.168.1.240/29", "192.168.1.248/31", "192.168.1.250/32"])
  assert.deepEqual(printed("10.0.0.0-10.0.0.255"), ["10.0.0.0/24"])
  assert.deepEqual(printed("10.0.0.7-10.0.0.7"), ["10.0.0.7/32"])
  assert.deepEqual(printed("2001:db8::1-2001:db8::4"), ["2001:db8::1/128", "2001:db8::2/127", "2001:db8::4/128"])
})

test("the extremes: everything is one prefix, all but the ends are the most", () => {
  assert.deepEqual(printed("0.0.0.0-255.255.255.255"), ["0.0.0.0/0"])
  assert.deepEqual(printed("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"), ["::/0"])
  assert.equal(printed("0.0.0.1-255.255.255.254").length, 62)
  assert.equal(printed("::1-ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe").length, 254)
})

test("a prefix comes back as itself", () => {
  for (const text of ["10.1.0.0/16", "2001:db8::/61", "0.0.0.0/1", "128.0.0.0/1"])
    assert.deepEqual(prefixesOfRange(rangeOfPrefix(parsePrefix(text)!)).map(printPrefix), [text])
})

test("every address is in exactly one prefix, and no two neighbours could be one", () => {
  fc.assert(
    fc.property(fc.nat(300), fc.nat(300), (a, b) => {
      const range: AddressRange = { family: 4, first: Math.min(a, b) as Ipv4, last: Math.max(a, b) as Ipv4 }
      const prefixes = prefixesOfRange(range)
      for (let address = 0; address <= 320; address++) {
        const holders = prefixes.filter((prefix) => prefixHolds(prefix, address as Ipv4)).length
        assert.equal(holders, rangeHolds(range, address as Ipv4) ? 1 : 0)
      }
      assert.equal(prefixes.length, fewest(range.first, range.last))
    }),
    { numRuns: 50 },
  )
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.bigInt({ min: 0n, max: 2n ** 70n }), (start, size) => {
      const end = start + size < 2n ** 128n ? start + size : 2n ** 128n - 1n
      const prefixes = prefixesOfRange({ family: 6, first: start as Ipv6, last: end as Ipv6 })
      let next = start
      for (const range of prefixes.map(rangeOfPrefix)) {
        assert.equal(range.first, next)
        next = (range.last as bigint) + 1n
      }
      assert.equal(next, end + 1n)
    }),
  )
})

/** The naive twin: split the whole space in halves until a half is inside or outside. */
const fewest = (first: number, last: number, from = 0, size = 512): number => {
  if (last < from || first >= from + size) return 0
  if (first <= from && from + size - 1 <= last) return 1
  return fewest(first, last, from, size / 2) + fewest(first, last, from + size / 2, size / 2)
}

const printed = (text: string): string[] => prefixesOfRange(parseRange(text)!).map(printPrefix)
