import assert from "node:assert/strict"
import { BlockList, isIPv4, isIPv6 } from "node:net"
import { test } from "node:test"
import * as fc from "fast-check"
import { Address6 } from "ip-address"
import {
  addressBytes,
  compareAddresses,
  type Ipv4,
  ipv4FromBytes,
  type Ipv6,
  ipv6FromBytes,
  isMappedIpv4,
  parseAddress,
  parseIpv4,
  parseIpv6,
  printAddress,
} from "./address.ts"

test("an IPv4 address is four decimal octets and nothing else", () => {
  assert.equal(parseIpv4("192.168.1.240"), 0xc0a801f0)
  assert.equal(parseIpv4("0.0.0.0"), 0)
  assert.equal(parseIpv4("255.255.255.255"), 0xffffffff)
  for (const text of [
    "010.0.0.1",
    "10.0.0",
    "10.0.0.0.1",
    "256.0.0.1",
    "1.2.3.4 ",
    " 1.2.3.4",
    "1.2.3.4\n",
    "0x7f.0.0.1",
    "1",
    "",
    "١.2.3.4",
    "1.2.3.-4",
    "1e1.0.0.1",
  ])
    assert.equal(parseAddress(text), undefined, JSON.stringify(text))
})

test("an IPv6 address has neither zone, prefix, port nor brackets", () => {
  for (const text of [
    "fe80::1%eth0",
    "2001:db8::1/64",
    "[::1]",
    "[::1]:80",
    "::1::",
    "12345::",
    "1:2:3:4:5:6:7",
    ":::",
    "::ffff:010.0.0.1",
    "::ffff:1.2.3",
    "::g",
    "1.2.3.4::",
    "",
    ":",
  ])
    assert.equal(parseAddress(text), undefined, JSON.stringify(text))
})

test("IPv6 is printed as RFC 5952 says and as Go does", () => {
  const forms = {
    "2001:DB8:0:0:1:0:0:1": "2001:db8::1:0:0:1",
    "2001:db8:0:1:1:1:1:1": "2001:db8:0:1:1:1:1:1",
    "2001:0db8::0001": "2001:db8::1",
    "1:2:3:4:5:6:7::": "1:2:3:4:5:6:7:0",
    "0:0:0:0:0:0:0:0": "::",
    "::ffff:c0a8:1f0": "::ffff:192.168.1.240",
    "::ffff:0:0": "::ffff:0.0.0.0",
    "::192.168.1.240": "::c0a8:1f0",
    "64:ff9b::192.168.1.240": "64:ff9b::c0a8:1f0",
  }
  for (const [text, printed] of Object.entries(forms)) assert.equal(printAddress(parseIpv6(text)!), printed)
})

test("an IPv4-mapped address stays IPv6, and is known as mapped", () => {
  const mapped = parseAddress("::ffff:10.0.0.1")
  assert.equal(mapped, 0xffff0a000001n)
  assert.ok(isMappedIpv4(mapped))
  assert.ok(!isMappedIpv4(parseIpv6("::10.0.0.1")!))
  assert.ok(!isMappedIpv4(parseIpv6("::1:ffff:10.0.0.1")!))
})

test("every text is judged as node:net judges it, zones aside", () => {
  const almost = fc.oneof(
    fc.ipV4(),
    fc.ipV6(),
    fc.ipV4Extended(),
    fc
      .array(fc.constantFrom("0", "1", "f", "00", "ffff", "255", "256", ":", "::", ".", "1.2.3.4", "ffff:"), {
        maxLength: 12,
      })
      .map((parts) => parts.join("")),
    fc.string({ maxLength: 12 }),
  )
  fc.assert(
    fc.property(almost, (text) => {
      assert.equal(parseIpv4(text) !== undefined, isIPv4(text), text)
      assert.equal(parseIpv6(text) !== undefined, isIPv6(text) && !text.includes("%"), text)
    }),
    { numRuns: 3000 },
  )
})

test("what is printed is read back, and equals the oracle's text and value", () => {
  fc.assert(
    fc.property(anyIpv6, (address) => {
      const text = printAddress(address)
      assert.equal(parseAddress(text), address)
      assert.equal(new Address6(text).bigInt(), address)
      if (!isMappedIpv4(address)) assert.equal(text, new Address6(text).correctForm())
      const list = new BlockList()
      list.addAddress(text, "ipv6")
      assert.ok(list.check(new Address6(text).canonicalForm(), "ipv6"))
    }),
  )
  fc.assert(fc.property(anyIpv4, (address) => assert.equal(parseAddress(printAddress(address)), address)))
})

test("bytes and numbers say the same", () => {
  assert.deepEqual([...addressBytes(parseIpv4("192.168.1.240")!)], [192, 168, 1, 240])
  fc.assert(
    fc.property(anyIpv4, anyIpv6, (v4, v6) => {
      assert.equal(ipv4FromBytes(addressBytes(v4)), v4)
      assert.equal(ipv6FromBytes(addressBytes(v6)), v6)
      assert.equal(ipv6FromBytes(Uint8Array.of(7, ...addressBytes(v6), 7), 1), v6)
    }),
  )
})

test("IPv4 sorts before IPv6, then by number and not by text", () => {
  const sorted = ["2001:db8::1", "10.0.0.9", "::", "10.0.0.10", "9.9.9.9"]
    .map((text) => parseAddress(text)!)
    .sort(compareAddresses)
  assert.deepEqual(sorted.map(printAddress), ["9.9.9.9", "10.0.0.9", "10.0.0.10", "::", "2001:db8::1"])
})

const anyIpv4 = fc.integer({ min: 0, max: 0xffffffff }).map((value) => value as Ipv4)
const anyIpv6 = fc
  .oneof(
    fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
    fc.bigInt({ min: 0n, max: 2n ** 33n }).map((low) => (0xffffn << 32n) | low),
    fc.array(fc.constantFrom(0n, 0n, 1n, 0xffffn), { minLength: 8, maxLength: 8 }).map(joined),
  )
  .map((value) => value as Ipv6)

function joined(groups: readonly bigint[]): bigint {
  let value = 0n
  for (const group of groups) value = (value << 16n) | group
  return value
}
