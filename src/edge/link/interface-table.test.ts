import assert from "node:assert/strict"
import { test } from "node:test"
import { type Address, parseAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { interfacesOf } from "./interface-table.ts"
import type { KernelMessage, LinkNews } from "./rtnetlink.ts"

const up = 0x1
const running = 0x40
const lowerUp = 0x10000
const working = up | running | lowerUp | 0x2

test("a port with carrier runs; switched off, without carrier or dormant it does not", () => {
  assert.equal(single([link({ flags: working })]).running, true)
  assert.equal(single([link({ flags: working & ~lowerUp })]).running, false)
  assert.equal(single([link({ flags: working & ~running })]).running, false)
  assert.equal(single([link({ flags: working & ~up })]).running, false)
})

test("a member of a bond, bridge or team has a master that answers for it; a VRF and an unknown master are told apart", () => {
  for (const kind of ["bond", "bridge", "team", "vrf"] as const)
    assert.deepEqual(single([link({ masterIndex: 9, memberKind: kind })]).master, { index: 9, kind })
  assert.deepEqual(single([link({ masterIndex: 9, memberKind: "openvswitch" })]).master, { index: 9, kind: "other" })
  assert.equal(single([link({ masterIndex: 0 })]).master, undefined)
})

test("what a link is made of", () => {
  const kinds = (news: Partial<LinkNews>, wifi = false) => interfacesOf([link(news)], () => wifi)[0]!.kind
  assert.equal(kinds({}), "ethernet")
  assert.equal(kinds({}, true), "wifi")
  assert.equal(kinds({ hardware: 772 }), "loopback")
  assert.equal(kinds({ hardware: 65_534 }), "other")
  assert.equal(kinds({ kind: "vlan" }), "vlan")
  assert.equal(kinds({ kind: "wireguard" }), "other")
})

test("the gateway is that of the main table, then of the lowest metric, for each family and link", () => {
  const found = interfacesOf(
    [
      link({ index: 2 }),
      link({ index: 3, name: "eth1" }),
      gateway(2, "192.168.40.9", { table: 100, priority: 1 }),
      gateway(2, "192.168.40.1", { priority: 100 }),
      gateway(2, "192.168.40.2", { priority: 200 }),
      gateway(2, "fe80::1", { priority: 1024 }),
    ],
    () => false,
  )
  assert.equal(found[0]!.gateway4, address("192.168.40.1"))
  assert.equal(found[0]!.gateway6, address("fe80::1"))
  assert.equal(found[1]!.gateway4, undefined)
})

test("neighbour discovery has an address to speak from only once it is usable", () => {
  const given = (state: "usable" | "tentative" | "duplicate") =>
    single([
      link({}),
      { kind: "address", gone: false, address: { index: 2, address: address("fe80::5"), length: 64, state } },
    ])
  assert.equal(given("usable").linkLocal, address("fe80::5"))
  assert.equal(given("tentative").linkLocal, undefined)
  assert.equal(given("duplicate").linkLocal, undefined)
  assert.equal(given("tentative").addresses.length, 1)
})

function single(dump: readonly KernelMessage[]): Interface {
  return interfacesOf(dump, () => false)[0]!
}

function link(news: Partial<LinkNews>): KernelMessage {
  return {
    kind: "link",
    gone: false,
    link: {
      index: 2,
      name: "eth0",
      hardware: 1,
      flags: working,
      mac: undefined,
      mtuBytes: 1500,
      masterIndex: undefined,
      kind: undefined,
      memberKind: undefined,
      ...news,
    },
  }
}

function gateway(index: number, text: string, what: { table?: number; priority: number }): KernelMessage {
  const hop = { index, gateway: address(text), table: what.table ?? 254, priority: what.priority }
  return { kind: "gateways", gone: false, gateways: [hop] }
}

function address(text: string): Address {
  const value = parseAddress(text)
  assert.ok(value !== undefined)
  return value
}
