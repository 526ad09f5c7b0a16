import assert from "node:assert/strict"
import { test } from "node:test"
import { type Address, parseAddress, type Ipv4, type Ipv6 } from "../../src/net/address.ts"
import { broadcastMac, type Mac } from "../../src/net/mac.ts"
import { gratuitousArp } from "../../src/protocol/arp/frames.ts"
import { emitArp } from "../../src/protocol/arp/packet.ts"
import { destinationOf } from "../../src/protocol/ethernet/frame.ts"
import { multicastMac } from "../../src/protocol/ethernet/multicast.ts"
import { emitNdp } from "../../src/protocol/ndp/emit-message.ts"
import { unsolicitedAdvertisement } from "../../src/protocol/ndp/frames.ts"
import { allNodesGroup } from "../../src/protocol/ndp/solicited-node.ts"
import { clientPort } from "../lan.ts"
import { coldStart } from "../profiles/start.ts"
import { createWorld, type World } from "../world.ts"
import { FrameHost } from "./frame-host.ts"
import { frameWire } from "./frame-wire.ts"
import { ipv4At, macAt } from "./machine.ts"

test("either form of an announcement moves an entry, however young it is", () => {
  for (const form of ["request", "reply"] as const) {
    const lan = newLan()
    lan.knows(vip4, first)
    lan.host.receive(gratuitousArp(second, vip4, undefined)[form])
    assert.equal(lan.pointsTo(vip4), second)
  }
})

test("a reply that names the broadcast address as its target is ignored by an entry younger than a second", () => {
  const lan = newLan()
  lan.knows(vip4, first)
  lan.host.receive(replyToNobody(second))
  assert.equal(lan.pointsTo(vip4), first)
  lan.pass(1001)
  lan.host.receive(replyToNobody(second))
  assert.equal(lan.pointsTo(vip4), second)
})

test("no announcement makes an entry", () => {
  const lan = newLan()
  lan.host.receive(gratuitousArp(first, vip4, undefined).request)
  lan.host.receive(unsolicitedAdvertisement(first, vip6, undefined))
  assert.deepEqual([lan.pointsTo(vip4), lan.pointsTo(vip6)], [undefined, undefined])
})

test("an advertisement moves an entry with the override flag, not without it, nor as an answer to a group", () => {
  const moves = (flags: { readonly override: boolean; readonly solicited: boolean }): boolean => {
    const lan = newLan()
    lan.host.send(vip6)
    lan.host.receive(unsolicitedAdvertisement(first, vip6, undefined))
    lan.host.receive(advertisementToAll(second, flags))
    return lan.pointsTo(vip6) === second
  }
  assert.equal(moves({ override: true, solicited: false }), true)
  assert.equal(moves({ override: false, solicited: false }), false)
  assert.equal(moves({ override: true, solicited: true }), false)
})

test("who has died is asked for three times by name, then three times of all", () => {
  const lan = newLan()
  lan.knows(vip4, first)
  lan.pass(46_000)
  lan.host.send(vip4)
  lan.pass(5000 + 3000)
  assert.deepEqual(lan.asked.splice(0), [first, first, first])
  assert.equal(lan.pointsTo(vip4), undefined)
  lan.host.send(vip4)
  lan.pass(4000)
  assert.deepEqual(lan.asked, [broadcastMac, broadcastMac, broadcastMac])
})

const vip4 = parseAddress("10.0.1.0") as Ipv4
const vip6 = parseAddress("2001:db8::100") as Ipv6
const first = macAt(0, 1)
const second = macAt(0, 2)

const newLan = () => {
  const world: World = createWorld({ ...coldStart.scenario(1), wire: "frames" }, {}, frameWire)
  const host = new FrameHost(world, 0, clientPort)
  const asked: Mac[] = []
  world.receivers.set(0, ({ body }) => asked.push(destinationOf(body as Uint8Array)))
  const pass = (ms: number): void => {
    const end = world.timeline.now() + ms
    world.timeline.put(end, () => undefined)
    while (world.timeline.next(end));
  }
  return {
    host,
    asked,
    pass,
    pointsTo: (address: Address) => world.history.pointers.findLast((pointer) => pointer.address === address)?.mac,
    /** It asked, and that station answered. */
    knows: (address: Ipv4, mac: Mac): void => {
      host.send(address)
      host.receive(reply(mac, macAt(0, clientPort), ipv4At(0, clientPort)))
      pass(2)
      asked.length = 0
    },
  }
}

const reply = (mac: Mac, destination: Mac, targetAddress: Ipv4): Uint8Array =>
  emitArp({
    kind: "arp",
    destination,
    source: mac,
    operation: "reply",
    senderMac: mac,
    senderAddress: vip4,
    targetMac: destination,
    targetAddress,
    sealedToken: undefined,
  })

const replyToNobody = (mac: Mac): Uint8Array => reply(mac, broadcastMac, vip4)

const advertisementToAll = (mac: Mac, flags: { readonly override: boolean; readonly solicited: boolean }): Uint8Array =>
  emitNdp({
    kind: "advertisement",
    destination: multicastMac(allNodesGroup),
    source: mac,
    sourceAddress: vip6,
    destinationAddress: allNodesGroup,
    target: vip6,
    router: false,
    linkLayerAddress: mac,
    sealedToken: undefined,
    ...flags,
  })
