import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress, printAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { parseMac } from "../../net/mac.ts"
import { printPrefix } from "../../net/prefix.ts"
import { carries, judgeInterface, segmentPrefix } from "./link.ts"

test("a port with a carrier and a MAC is spoken through", () => {
  const { link } = usable(port({}))
  assert.equal(printPrefix(segmentPrefix(link)!), "192.168.40.0/24")
  assert.equal(printAddress(link.ipv4!), "192.168.40.11")
})

test("a member of a bridge, bond or team stays silent: its master answers; a member of a VRF answers itself", () => {
  for (const kind of ["bridge", "bond", "team", "other"] as const)
    assert.equal(reason(port({ master: { index: 9, kind } })), "member")
  assert.equal(judgeInterface(port({ master: { index: 9, kind: "vrf" } })).use, "yes")
})

test("ports that are off, without carrier, without ARP or of no Ethernet are left out by name", () => {
  assert.equal(reason(port({ up: false })), "down")
  assert.equal(reason(port({ running: false })), "down")
  assert.equal(reason(port({ noArp: true })), "no-arp")
  assert.equal(reason(port({ mac: undefined })), "no-hardware-address")
  assert.equal(reason(port({ kind: "loopback", name: "lo" })), "loopback")
})

test("without a link-local address there is no neighbour discovery, ARP goes on", () => {
  const { link } = usable(port({ linkLocal: undefined }))
  assert.equal(carries(link, parseAddress("2001:db8::10")!), false)
  assert.equal(carries(link, parseAddress("192.168.40.200")!), true)
})

test("an address whose duplicate detection has not ended names no segment", () => {
  const address = { address: parseAddress("192.168.41.11")!, length: 24, state: "duplicate" as const }
  const { link } = usable(port({ addresses: [address] }))
  assert.equal(segmentPrefix(link), undefined)
})

const reason = (device: Interface): string => {
  const verdict = judgeInterface(device)
  return verdict.use === "no" ? verdict.because : "usable"
}

const usable = (device: Interface) => {
  const verdict = judgeInterface(device)
  if (verdict.use === "no") throw new Error(verdict.because)
  return verdict
}

const port = (change: Partial<Interface>): Interface => ({
  index: 2,
  name: "eth0",
  mac: parseMac("52:54:00:28:00:01"),
  up: true,
  running: true,
  mtuBytes: 1500,
  kind: "ethernet",
  master: undefined,
  noArp: false,
  broadcast: true,
  addresses: [
    { address: parseAddress("fe80::1")!, length: 64, state: "usable" },
    { address: parseAddress("192.168.40.11")!, length: 24, state: "usable" },
  ],
  linkLocal: parseAddress("fe80::1") as never,
  gateway4: parseAddress("192.168.40.1") as never,
  gateway6: undefined,
  ...change,
})
