import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac } from "../../net/mac.ts"
import { arpReply, arpRequest, gratuitousArp } from "../../protocol/arp/frames.ts"
import { parseArp } from "../../protocol/arp/packet.ts"
import { createNeighbours, type Neighbours } from "./neighbours.ts"
import type { Carried } from "./wire.ts"
import { createWorld, type World } from "./world.ts"

const own = parseIpv4("192.168.40.23")!
const vip = parseIpv4("192.168.40.200")!
const [ourMac, oneMac, twoMac] = [0x525400280017, 0x525400280001, 0x525400280002] as [Mac, Mac, Mac]

test("asks three times, a second apart, and gives up; the next packet asks anew", () => {
  const { world, neighbours, sent } = kernel()
  neighbours.resolve(vip, () => assert.fail("nobody answered"))
  world.run(5000)
  assert.equal(sent.length, 3)
  neighbours.resolve(vip, () => assert.fail("nobody answered"))
  assert.equal(sent.length, 4)
})

test("what waits for an answer goes out with it, and later packets at once", () => {
  const { neighbours, sent, hear } = kernel()
  const found: Mac[] = []
  neighbours.resolve(vip, (mac) => found.push(mac))
  neighbours.resolve(vip, (mac) => found.push(mac))
  hear(answerFrom(oneMac))
  neighbours.resolve(vip, (mac) => found.push(mac))
  assert.deepEqual(found, [oneMac, oneMac, oneMac])
  assert.equal(sent.length, 1)
})

test("a gratuitous announcement moves an entry and makes none; a directed request makes one", () => {
  const { neighbours, hear, known } = kernel()
  for (const frame of Object.values(gratuitousArp(oneMac, vip, undefined))) hear(frame)
  assert.equal(known(), undefined)
  hear(arpRequest({ mac: oneMac, sender: vip, target: own, destination: ourMac, sealedToken: undefined }))
  assert.equal(known(), oneMac)
  hear(gratuitousArp(twoMac, vip, undefined).request)
  assert.equal(known(), twoMac)
  neighbours.forgetAll()
  assert.equal(known(), undefined)
})

test("a reply to others does not replace an entry younger than a second", () => {
  const { world, hear, known } = kernel()
  hear(arpRequest({ mac: oneMac, sender: vip, target: own, destination: ourMac, sealedToken: undefined }))
  const other = parseArp(arpRequest({ ...question, sender: parseIpv4("192.168.40.1")!, mac: 0x525400280009 as Mac }))
  assert.ok(other.kind === "arp")
  const reply = arpReply(other, twoMac, vip, undefined)
  hear(reply)
  assert.equal(known(), oneMac)
  world.run(1001)
  hear(reply)
  assert.equal(known(), twoMac)
})

test("answers for its own addresses, and for no other", () => {
  const { sent, hear } = kernel()
  hear(arpRequest({ ...question, target: own }))
  hear(arpRequest({ ...question, target: vip }))
  assert.equal(sent.length, 1)
})

const question = {
  mac: oneMac,
  sender: parseIpv4("192.168.40.31")!,
  target: vip,
  destination: broadcastMac,
  sealedToken: undefined,
}

const answerFrom = (mac: Mac): Uint8Array => {
  const asked = parseArp(arpRequest({ ...question, mac: ourMac, sender: own }))
  assert.ok(asked.kind === "arp")
  return arpReply(asked, mac, vip, undefined)
}

type Kernel = {
  readonly world: World
  readonly neighbours: Neighbours
  readonly sent: Carried[]
  readonly hear: (bytes: Uint8Array) => void
  readonly known: () => Mac | undefined
}

const kernel = (): Kernel => {
  const world = createWorld(1)
  const sent: Carried[] = []
  const neighbours = createNeighbours(world, {
    mac: ourMac,
    addresses: () => [own],
    send: (_, carried) => sent.push(carried),
  })
  return {
    world,
    neighbours,
    sent,
    known: () => neighbours.known(vip),
    hear: (bytes) => neighbours.hear({ kind: "arp", bytes }),
  }
}
