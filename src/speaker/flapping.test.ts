import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseAddress } from "../net/address.ts"
import { holdOf, InMemoryLan } from "./announcer/in-memory-lan.ts"

const vip = "192.168.40.200"
const address = parseAddress(vip) as Ipv4

for (const [what, orders] of [
  ["flips between two nodes", [["w1"], ["w2"]]],
  ["has the holder, and has it not", [["w1", "w2"], ["w2"]]],
  ["empties and fills", [[], ["w1"]]],
] as const)
  test(`an order that ${what} ten times a second for a minute: few moves, few frames, one answerer in the end`, () => {
    const lan = new InMemoryLan()
    lan.startAll(3)
    lan.tell(lan.stations, [holdOf(vip, ["w1"])])
    lan.run(10_000)
    const [claimsBefore, framesBefore] = [claims(lan), announcements(lan)]
    for (let flap = 0; flap < 600; flap++) {
      lan.tell(lan.stations, [holdOf(vip, orders[flap % 2]!)])
      lan.run(100)
    }
    const moves = claims(lan) - claimsBefore
    assert.ok(moves <= 5, `${moves} moves`)
    const frames = announcements(lan) - framesBefore
    assert.ok(frames <= 60, `${frames} frames about the address`)
    lan.tell(lan.stations, [holdOf(vip, ["w1"])])
    lan.run(20_000)
    assert.equal(lan.ask(address).length, 1)
  })

/** How often somebody began to answer. */
const claims = (lan: InMemoryLan): number =>
  lan.stations
    .flatMap((station) => station.outputs.map((output) => ({ station, output })))
    .filter(({ station, output }) => output.kind === "moved" && output.move.to === station.name).length

const announcements = (lan: InMemoryLan): number =>
  lan.seen.filter(({ packet }) => packet.senderAddress === parseAddress(vip)).length
