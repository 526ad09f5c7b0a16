import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress } from "../../net/address.ts"
import { holdOf, InMemoryLan } from "./in-memory-lan.ts"

const address = "192.168.40.200"
const order = ["w1", "w2", "w3"]

test("the same wish told anew is another one, by what stands behind its node", () => {
  const lan = new InMemoryLan()
  lan.startAll(3)
  lan.tell(lan.stations, [])
  lan.run(1500)
  const wishTold = (moveTo: string): readonly string[] => {
    lan.tell(lan.stations, [holdOf(address, order, { moveTo })])
    lan.run(2000)
    return lan.holders(parseAddress(address)!)
  }
  assert.deepEqual(wishTold("w3"), ["w1"], "nobody held it when it was told, so it asked for nothing")
  assert.deepEqual(wishTold("w3 2026-11-21T18:00:00Z"), ["w3"])
  assert.deepEqual(wishTold("w2"), ["w2"])
  assert.deepEqual(wishTold("w3 2026-11-21T18:10:00Z"), ["w3"])
})
