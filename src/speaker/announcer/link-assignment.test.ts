import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import type { Mac } from "../../net/mac.ts"
import { assignLinks } from "./link-assignment.ts"

test("each network has one link that speaks, the first of them", () => {
  const { speaking, judged } = assignLinks(
    [port(3, "eth1", "192.168.40.12"), port(2, "eth0", "192.168.40.11")],
    undefined,
  )
  assert.deepEqual(
    [...speaking].map(([segment, { name }]) => [segment, name]),
    [["192.168.40.0/24", "eth0"]],
  )
  assert.deepEqual(
    judged.map(({ device, use }) => [device.name, use]),
    [
      ["eth0", "speaks"],
      ["eth1", "same-network"],
    ],
  )
})

test("a link that no advertisement names keeps silent, and so does one without an address", () => {
  const links = [port(2, "eth0", "192.168.40.11"), port(3, "eth1", "10.0.7.11"), port(4, "eth2", undefined)]
  const { judged } = assignLinks(links, ["eth1", "eth2"])
  assert.deepEqual(
    judged.map(({ use }) => use),
    ["not-advertised", "speaks", "no-address"],
  )
})

test("a bridge speaks for its ports", () => {
  const bridge = port(5, "vmbr0", "192.168.40.11")
  const member = { ...port(2, "eth0", undefined), master: { index: 5, kind: "bridge" as const } }
  const { speaking, judged } = assignLinks([member, bridge], undefined)
  assert.deepEqual(
    [...speaking.values()].map(({ name }) => name),
    ["vmbr0"],
  )
  assert.deepEqual(
    judged.map(({ use }) => use),
    ["member", "speaks"],
  )
})

const port = (index: number, name: string, address: string | undefined): Interface => ({
  index,
  name,
  mac: (0x525400280000 + index) as Mac,
  up: true,
  running: true,
  mtuBytes: 1500,
  kind: "ethernet",
  master: undefined,
  noArp: false,
  broadcast: true,
  addresses: address === undefined ? [] : [{ address: parseIpv4(address)!, length: 24, state: "usable" }],
  linkLocal: undefined,
  gateway4: undefined,
  gateway6: undefined,
})
