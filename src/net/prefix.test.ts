import assert from "node:assert/strict"
import { BlockList } from "node:net"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Address, bitsOf, familyOf, type Ipv4, type Ipv6, parseAddress, printAddress } from "./address.ts"
import { parsePrefix, prefixHolds, prefixOf, printPrefix, rangeOfPrefix } from "./prefix.ts"
import { printRange, rangeHolds } from "./range.ts"

test("host bits are cleared", () => {
  assert.equal(printPrefix(parsePrefix("192.168.1.77/24")!), "192.168.1.0/24")
  assert.equal(printPrefix(parsePrefix("2001:db8::abcd/64")!), "2001:db8::/64")
  assert.equal(printPrefix(parsePrefix("255.255.255.255/1")!), "128.0.0.0/1")
})

test("what is no prefix is refused: lengths out of range, netmasks, zones, leading zeros", () => {
  for (const text of [
    "10.0.0.0/33",
    "::/129",
    "10.0.0.0",
    "10.0.0.0/",
    "/24",
    "10.0.0.0/255.255.255.0",
    "10.0.0.0/08",
    "10.0.0.0/-1",
    "10.0.0.0/ 8",
    "10.0.0.0/8/8",
    "fe80::1%eth0/64",
    "010.0.0.0/8",
    "10.0.0.0/1e1",
  ])
    assert.equal(parsePrefix(text), undefined, JSON.stringify(text))
})

test("the largest prefixes are two numbers, however many addresses they hold", () => {
  assert.equal(printRange(rangeOfPrefix(parsePrefix("0.0.0.0/0")!)), "0.0.0.0-255.255.255.255")
  assert.equal(rangeOfPrefix(parsePrefix("::/0")!).last, 2n ** 128n - 1n)
  assert.equal(printRange(rangeOfPrefix(parsePrefix("10.0.0.7/32")!)), "10.0.0.7")
})

test("an IPv4 address is in no IPv6 prefix, not even mapped", () => {
  assert.ok(!prefixHolds(parsePrefix("::/0")!, parseAddress("10.0.0.1")!))
  assert.ok(!prefixHolds(parsePrefix("::ffff:0:0/96")!, parseAddress("10.0.0.1")!))
  assert.ok(!prefixHolds(parsePrefix("0.0.0.0/0")!, parseAddress("::ffff:10.0.0.1")!))
})

test("membership is what node:net says, and what the range of the prefix says", () => {
  fc.assert(
    fc.property(anyAddress, anyAddress, fc.nat(128), (network, address, someLength) => {
      const length = someLength % (bitsOf(familyOf(network)) + 1)
      const prefix = prefixOf(network, length)
      assert.ok(prefixHolds(prefix, network))
      assert.deepEqual(parsePrefix(printPrefix(prefix)), prefix)
      assert.equal(rangeHolds(rangeOfPrefix(prefix), address), prefixHolds(prefix, address))
      if (familyOf(address) !== prefix.family) return
      const oracle = new BlockList()
      const family = prefix.family === 4 ? "ipv4" : "ipv6"
      oracle.addSubnet(printAddress(prefix.address), prefix.length, family)
      assert.equal(oracle.check(printAddress(address), family), prefixHolds(prefix, address))
    }),
  )
})

/** Close together, so that some are in each other's prefixes. */
const anyAddress: fc.Arbitrary<Address> = fc.oneof(
  fc.integer({ min: 0x0a000000, max: 0x0a00ffff }).map((value) => value as Ipv4),
  fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4),
  fc.bigInt({ min: 2n ** 125n, max: 2n ** 125n + 70000n }).map((value) => value as Ipv6),
  fc.bigInt({ min: 2n ** 64n, max: 2n ** 128n - 1n }).map((value) => value as Ipv6),
)
