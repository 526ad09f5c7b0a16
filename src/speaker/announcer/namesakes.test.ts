import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import { printMac } from "../../net/mac.ts"
import { createAnnouncer, defaultSecrets, holdOf, InMemoryLan, type Station } from "./in-memory-lan.ts"

const whoami = parseIpv4("192.168.40.200")!
const order = ["w1", "w2", "w3"]

test("two machines say they are w1: the others name both by MAC, nothing moves, and only the first answers", () => {
  const lan = withTwin()
  lan.run(10_000)
  const macs = [w(lan, 1), w(lan, 4)].map(({ mac }) => printMac(mac)).join(" and ")
  assert.deepEqual(duplicates(lan, 2), [`w1 ${macs}`])
  assert.deepEqual(duplicates(lan, 3), [`w1 ${macs}`])
  assert.deepEqual(lan.ask(whoami), [w(lan, 1).mac])
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("one of them goes: the finding goes with it", () => {
  const lan = withTwin()
  lan.run(10_000)
  w(lan, 4).on = false
  lan.run(3000)
  assert.deepEqual(duplicates(lan, 2), [])
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("a node that restarts again and again is one node", () => {
  const lan = holding()
  for (let i = 0; i < 10; i++) {
    lan.restart(w(lan, 1))
    lan.tell([w(lan, 1)], [holdOf("192.168.40.200", order)])
    lan.run(900)
    assert.deepEqual(duplicates(lan, 2), [])
  }
})

test("a card that gets another MAC makes no second node", () => {
  const lan = holding()
  const device = { ...w(lan, 1).device, mac: 0x5254002800aa as Station["mac"] }
  w(lan, 1).device = device
  lan.feed(w(lan, 1), { kind: "links", interfaces: [device] })
  lan.run(5000)
  assert.deepEqual(duplicates(lan, 2), [])
})

const w = (lan: InMemoryLan, number: number): Station => lan.stations[number - 1]!

const duplicates = (lan: InMemoryLan, number: number): readonly string[] =>
  w(lan, number)
    .announcer.report(lan.at())
    .findings.flatMap((one) =>
      one.code === "duplicate-node" ? [`${one.node} ${one.macs.map(printMac).join(" and ")}`] : [],
    )

const holding = (): InMemoryLan => {
  const lan = new InMemoryLan()
  lan.startAll(3)
  lan.run(3000)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(3000)
  return lan
}

/** A fourth machine that was told that it is w1. */
const withTwin = (): InMemoryLan => {
  const lan = holding()
  const twin = lan.add()
  twin.announcer = createAnnouncer("w1", 99, defaultSecrets)
  lan.start(twin)
  lan.tell([twin], [holdOf("192.168.40.200", order)])
  return lan
}
