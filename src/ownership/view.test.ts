import assert from "node:assert/strict"
import { test } from "node:test"
import type { Ipv4 } from "../net/address.ts"
import {
  activeRig,
  address,
  claimed,
  createRig,
  group,
  only,
  type Rig,
  second,
  self,
  third,
  wallSeconds,
} from "./rig.ts"

const other = 0x0a000065 as Ipv4

test("a group that is gone is let go once the page that completes the view has come, and its grant is over", () => {
  const rig = holdingRig()
  const first = rig.feed({ kind: "view", groups: [], gone: [address], complete: false })
  assert.equal(only(first, "moved").length, 0)
  const last = rig.feed({ kind: "view", groups: [], gone: [], complete: true })
  assert.deepEqual(
    only(last, "moved").map(({ because }) => because.code),
    ["deleted"],
  )
  assert.ok(only(last, "beat").every(({ beat }) => beat.changes.some(({ kind }) => kind === "revoked")))
})

test("a grant that a peer declared over is not claimed by a late view, and the next grant is", () => {
  const rig = activeRig([])
  rig.living.set(second, { changes: [{ ...claimed(1), kind: "revoked" }], pageEnd: 1, total: 1 })
  rig.pass(300)
  rig.feed({ kind: "view", groups: [group()], gone: [], complete: true })
  assert.equal(only(rig.pass(2000), "moved").length, 0)
  assert.deepEqual(picture(rig).state, { is: "barred", why: "grant-revoked" })
  rig.feed({ kind: "view", groups: [group({ grant: 2 })], gone: [], complete: true })
  assert.equal(only(rig.pass(2000), "moved").length, 1)
})

test("who saw a group leave its view and return may claim it under the same grant", () => {
  const rig = holdingRig()
  rig.feed({ kind: "view", groups: [], gone: [address], complete: true })
  rig.feed({ kind: "view", groups: [group()], gone: [], complete: true })
  assert.equal(only(rig.pass(2000), "moved").length, 1)
})

test("a group that only changes its key is answered on without a gap, and its grant is not declared over", () => {
  const rig = activeRig([group({ addresses: [address, other] })])
  rig.pass(300)
  const outputs = rig.feed({
    kind: "view",
    groups: [group({ key: other, addresses: [other, address] })],
    gone: [address],
    complete: true,
  })
  const moved = new Map(only(outputs, "moved").map(({ key, because }) => [key, because.code]))
  assert.deepEqual([moved.get(address), moved.get(other), moved.size], ["deleted", "group-renamed", 2])
  assert.ok(only(outputs, "beat").every(({ beat }) => beat.changes.every(({ kind }) => kind !== "revoked")))
})

test("a grant that falls in the view, as when ledgers are lost, bars nobody from an address whose holder dies", () => {
  const order = [second, self, third].map((node) => ({ node, score: 0 }))
  const rig = activeRig([group({ grant: 7, order })])
  rig.beat(second, { changes: [claimed(1, wallSeconds, 7)], pageEnd: 1, total: 1 })
  rig.living.set(second, { base: 1, pageEnd: 1, total: 1 })
  rig.pass(1000)
  rig.feed({ kind: "view", groups: [group({ grant: 0, order })], gone: [], complete: true })
  assert.equal(only(rig.pass(1000), "moved").length, 0)
  rig.living.delete(second)
  const claims = only(rig.pass(1000), "announce").map(({ grant }) => grant)
  assert.equal(claims[0], 7)
})

test("a holder whose grant rises claims again at once and keeps the address", () => {
  const rig = holdingRig()
  const outputs = rig.feed({ kind: "view", groups: [group({ grant: 2 })], gone: [], complete: true })
  assert.equal(only(outputs, "moved").length, 0)
  assert.deepEqual(
    only(outputs, "announce").map(({ grant }) => grant),
    [2],
  )
})

test("a group that gains an address is answered for it from then on", () => {
  const rig = holdingRig()
  const outputs = rig.feed({ kind: "view", groups: [group({ addresses: [address, other] })], gone: [], complete: true })
  assert.deepEqual(
    only(outputs, "answering").map(({ addresses }) => addresses),
    [[address, other]],
  )
})

test("without a view nothing is claimed and nothing answered, however long", () => {
  const rig = createRig()
  assert.equal(only(rig.pass(5000), "moved").length, 0)
  assert.equal(rig.segment.inspect(rig.now() as never).state, "warming")
})

test("a node alone on its segment, without members, claims 90 ms after it has listened and then sleeps", () => {
  const rig = activeRig([group()], {}, [])
  assert.equal(only(rig.pass(250), "moved").length, 1)
  rig.pass(6000)
  assert.equal(rig.segment.wakeAt(), undefined)
})

test("a member without an address here is a peer nobody can beat to", () => {
  const rig = createRig({}, [])
  rig.feed({ kind: "members", members: [{ node: third, reachable: false }] })
  assert.equal(only(rig.pass(1000), "beat").length, 0)
})

const holdingRig = (): Rig => {
  const rig = activeRig([group()])
  assert.equal(only(rig.pass(300), "moved").length, 1)
  return rig
}

const picture = (rig: Rig) => rig.segment.inspect(rig.now() as never).addresses[0]!
