import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Address, type Ipv4, parseAddress } from "./address.ts"
import {
  type AddressRange,
  parseRange,
  printRange,
  rangeBetween,
  rangeHolds,
  rangeSize,
  rangesOverlap,
} from "./range.ts"

test("a range is two addresses of one family in order, blanks round the dash allowed", () => {
  assert.equal(printRange(range("10.0.0.1 - 10.0.0.9")), "10.0.0.1-10.0.0.9")
  assert.equal(printRange(range("10.0.0.1-10.0.0.1")), "10.0.0.1")
  for (const text of [
    "10.0.0.10-10.0.0.1",
    "10.0.0.1",
    "10.0.0.1-",
    "-10.0.0.1",
    "10.0.0.1-::1",
    "::1-10.0.0.1",
    "10.0.0.1-10.0.0.2-10.0.0.3",
    "10.0.0.1-9",
    "10.0.0.0/24-10.0.1.0/24",
    "010.0.0.1-10.0.0.9",
  ])
    assert.equal(parseRange(text), undefined, JSON.stringify(text))
})

test("a range of all IPv6 addresses is counted, not enumerated", () => {
  assert.equal(rangeSize(range("::-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff")), 2n ** 128n)
  assert.equal(rangeSize(range("0.0.0.0-255.255.255.255")), 2 ** 32)
})

test("two ranges overlap where an address is in both", () => {
  fc.assert(
    fc.property(smallRange, smallRange, (a, b) => {
      const shared = Array.from({ length: 64 }, (_, i) => i as Ipv4).some(
        (it) => rangeHolds(a, it) && rangeHolds(b, it),
      )
      assert.equal(rangesOverlap(a, b), shared)
      assert.equal(rangesOverlap(b, a), shared)
    }),
  )
})

test("ranges of two families never overlap, whatever their numbers", () => {
  assert.ok(!rangesOverlap(range("0.0.0.1-0.0.0.9"), range("::1-::9")))
  assert.ok(!rangeHolds(range("::1-::9"), parseAddress("0.0.0.5") as Address))
})

const range = (text: string): AddressRange => parseRange(text)!

const smallRange = fc
  .tuple(fc.nat(63), fc.nat(63))
  .map(([a, b]) => rangeBetween(Math.min(a, b) as Ipv4, Math.max(a, b) as Ipv4)!)
