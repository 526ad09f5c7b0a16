import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import { holdOf, InMemoryLan, type SeenFrame } from "./in-memory-lan.ts"

const whoami = parseIpv4("192.168.40.200")!
const order = ["w1", "w2", "w3"]

test("a link that was gone for a moment is announced on as soon as it is back: the switch may have forgotten", () => {
  for (const nodes of [1, 2, 3])
    for (const goneMs of [5, 100, 200]) {
      const { lan, delaysMs } = afterOutage(nodes, goneMs)
      assert.deepEqual([delaysMs[0], lan.holders(whoami)], [0, ["w1"]], `${nodes} nodes, ${goneMs} ms`)
    }
})

test("announcements after a link's return are repeated like the first ones", () => {
  const { delaysMs } = afterOutage(3, 100)
  assert.deepEqual(delaysMs, [0, 1100, 3000, 5000])
})

test("a link that was gone for nearly a window waits an interval, in which peers may say that they took over", () => {
  for (const nodes of [2, 3])
    for (const goneMs of [300, 345, 380]) {
      const { lan, delaysMs } = afterOutage(nodes, goneMs)
      assert.deepEqual(lan.holders(whoami), ["w1"])
      assert.ok(delaysMs[0]! <= 100, `${nodes} nodes, ${goneMs} ms: ${delaysMs[0]}`)
    }
})

test("what others took meanwhile is not announced again", () => {
  for (const nodes of [2, 3])
    for (const goneMs of [700, 2000, 20_000]) {
      const { lan, delaysMs } = afterOutage(nodes, goneMs)
      assert.deepEqual([delaysMs, lan.holders(whoami)], [[], ["w2"]], `${nodes} nodes, ${goneMs} ms`)
    }
})

test("a link that flaps is announced on once a return, and repeated only after the last", () => {
  const lan = new InMemoryLan()
  const [w1] = lan.startAll(3)
  lan.run(3000)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(8000)
  const before = lan.seen.length
  for (let flap = 0; flap < 20; flap++) {
    lan.feed(w1!, { kind: "links", interfaces: [{ ...w1!.device, running: false }] })
    lan.run(50)
    lan.feed(w1!, { kind: "links", interfaces: [w1!.device] })
    lan.run(50)
  }
  lan.run(7000)
  assert.equal(lan.seen.slice(before).filter(isAnnouncement).length, 20 + 3)
})

test("a node alone in its cluster announces at once, however long its link was gone", () => {
  assert.equal(afterOutage(1, 20_000).delaysMs[0], 0)
})

/** `delaysMs`: of w1's announcements, from when its link was back. */
type Outage = { readonly lan: InMemoryLan; readonly delaysMs: readonly number[] }

/** w1 holds the address, its cable is out for that long, and seven seconds pass. */
function afterOutage(nodes: number, goneMs: number): Outage {
  const lan = new InMemoryLan()
  const [w1] = lan.startAll(nodes)
  lan.run(3000)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(8000)
  w1!.plugged = false
  lan.feed(w1!, { kind: "links", interfaces: [{ ...w1!.device, running: false }] })
  lan.run(goneMs)
  w1!.plugged = true
  const backAt = lan.now - 1000
  const before = lan.seen.length
  lan.feed(w1!, { kind: "links", interfaces: [w1!.device] })
  lan.run(7000)
  const announcements = lan.seen.slice(before).filter(isAnnouncement)
  return { lan, delaysMs: announcements.map(({ at }) => Math.round(at - backAt)) }
}

function isAnnouncement({ from, packet }: SeenFrame): boolean {
  const { operation, senderAddress, targetAddress } = packet
  return from === "w1" && operation === "request" && senderAddress === whoami && targetAddress === whoami
}
