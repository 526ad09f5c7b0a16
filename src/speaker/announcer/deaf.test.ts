import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress } from "../../net/address.ts"
import { holdOf, InMemoryLan } from "./in-memory-lan.ts"

const address = parseAddress("192.168.40.200")!

test("a holder that hears nobody says nothing in the name of what others have taken, though its frames go out", () => {
  const lan = new InMemoryLan()
  const stations = lan.startAll(3)
  lan.tell(stations, [holdOf("192.168.40.200", ["w1", "w2", "w3"])])
  lan.run(2000)
  assert.deepEqual(lan.holders(address), ["w1"])
  lan.loses = (_, to) => to === "w1"
  lan.hosts.length = 0
  lan.run(1500)
  const before = lan.seen.length
  lan.run(65_000)
  const spoke = lan.seen.slice(before).filter(({ packet }) => packet.senderAddress === address)
  assert.deepEqual([...new Set(spoke.map(({ from }) => from))], ["w2"])
})

test("it speaks for what it holds again once it hears others, and nobody has taken it", () => {
  const lan = new InMemoryLan()
  const stations = lan.startAll(2)
  lan.tell(stations, [holdOf("192.168.40.200", ["w1"])])
  lan.run(2000)
  lan.loses = (_, to) => to === "w1"
  lan.hosts.length = 0
  lan.run(1500)
  lan.loses = () => false
  const before = lan.seen.length
  lan.run(65_000)
  assert.ok(lan.seen.slice(before).some(({ from, packet }) => from === "w1" && packet.senderAddress === address))
})
