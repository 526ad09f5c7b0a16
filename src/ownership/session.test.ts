import assert from "node:assert/strict"
import { test } from "node:test"
import type { Boot } from "./beat.ts"
import { activeRig, address, claimed, createRig, group, only, second, third, wallSeconds } from "./rig.ts"

const otherBoot = 777 as Boot

test("a recorded beat with a better claim takes nothing away: it cannot echo this node's boot", () => {
  const rig = holdingRig()
  const recorded = {
    boot: otherBoot,
    sequence: 9,
    toBoot: 5 as Boot,
    changes: [claimed(1, wallSeconds + 900)],
    pageEnd: 1,
    total: 1,
  }
  const outputs = rig.beat(second, recorded)
  assert.equal(only(outputs, "moved").length, 0)
})

test("a recorded beat of a node never met keeps this node from claiming, and takes nothing away", () => {
  const rig = activeRig([group()], {}, [third])
  assert.equal(only(rig.pass(300), "moved").length, 1)
  const recorded = { toBoot: 5 as Boot, changes: [claimed(1, wallSeconds + 900)], pageEnd: 1, total: 1 }
  assert.equal(only(rig.beat(second, recorded), "moved").length, 0)
})

test("a recorded beat of a former boot does not unseat the living process", () => {
  const rig = activeRig([group()])
  rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(200)
  rig.beat(second, { boot: otherBoot, sequence: 9, toBoot: 5 as Boot })
  assert.equal(only(rig.pass(2000), "moved").length, 0)
  assert.deepEqual(rig.segment.inspect(rig.now() as never).addresses[0]!.state, { is: "elsewhere", holder: second })
})

test("what peers remember of this node is not its own any more once another has claimed it", () => {
  const rig = createRig()
  rig.pass(100)
  rig.beat(third, { changes: [claimed(1, wallSeconds + 5)], pageEnd: 1, total: 1 })
  rig.living.delete(third)
  rig.living.set(second, { estate: [{ address, grant: 1, epoch: wallSeconds }] })
  rig.pass(800)
  rig.feed({ kind: "view", groups: [group()], gone: [], complete: true })
  assert.deepEqual(
    only(rig.pass(1500), "moved").map(({ because }) => because.code),
    ["holder-silent"],
  )
})

test("a better claim of a peer that echoes this node's boot is believed before the next frame", () => {
  const rig = holdingRig()
  const outputs = rig.beat(second, { changes: [claimed(1, wallSeconds + 900)], pageEnd: 1, total: 1 })
  assert.deepEqual(
    only(outputs, "answering").map(({ addresses }) => addresses),
    [[]],
  )
  assert.deepEqual(
    only(outputs, "moved").map(({ because }) => because.code),
    ["better-claim"],
  )
})

test("a beat seen before, or of a boot that was retired, is not even a sign of life", () => {
  const rig = holdingRig()
  rig.living.delete(second)
  rig.beat(second, { boot: otherBoot, sequence: 1 })
  rig.pass(700)
  assert.equal(stateOf(rig, second), "silent")
  rig.beat(second, { boot: 200 as Boot, sequence: 1_000_000 })
  assert.equal(stateOf(rig, second), "silent")
  rig.beat(second, { boot: otherBoot, sequence: 1 })
  assert.equal(stateOf(rig, second), "silent")
  rig.beat(second, { boot: otherBoot, sequence: 2 })
  assert.equal(stateOf(rig, second), "alive")
})

test("a new process that never echoes this node's boot is believed once the former one has been silent for a window", () => {
  const rig = activeRig([group()])
  rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(200)
  rig.living.set(second, { boot: otherBoot, toBoot: 5 as Boot })
  rig.pass(400)
  assert.equal(bootOf(rig, second), 200)
  rig.pass(400)
  assert.equal(bootOf(rig, second), otherBoot)
})

test("a replayed beat of a boot not proven yet is no sign of life", () => {
  const rig = holdingRig()
  rig.living.delete(second)
  for (let i = 0; i < 20; i++) {
    rig.beat(second, { boot: otherBoot, sequence: 9, toBoot: 5 as Boot })
    rig.pass(100)
  }
  assert.deepEqual([stateOf(rig, second), bootOf(rig, second)], ["silent", 200])
})

test("a new process of a peer is told what its former one held, until it is active", () => {
  const rig = activeRig([group()])
  rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(200)
  rig.living.set(second, { state: "warming", boot: otherBoot })
  const told = only(rig.pass(200), "beat").filter(({ beat }) => beat.to === second)
  assert.deepEqual(told.at(-1)!.beat.estate, [{ address, grant: 1, epoch: wallSeconds }])
  rig.living.set(second, { boot: otherBoot, changes: [claimed(1, wallSeconds + 1)], pageEnd: 1, total: 1 })
  const later = only(rig.pass(300), "beat").filter(({ beat }) => beat.to === second)
  assert.deepEqual(later.at(-1)!.beat.estate, [])
})

test("what a new process does not claim again is free", () => {
  const rig = activeRig([group()])
  rig.living.set(second, { state: "restarting", changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(200)
  rig.living.set(second, { state: "warming", boot: otherBoot })
  assert.equal(only(rig.pass(3000), "moved").length, 0)
  rig.living.set(second, { boot: otherBoot })
  assert.deepEqual(
    only(rig.pass(1000), "moved").map(({ because }) => because.code),
    ["was-free"],
  )
})

test("a claim whose epoch leaves no room for a successor is a finding and nothing else", () => {
  const rig = holdingRig()
  const outputs = rig.beat(second, { changes: [claimed(1, 2 ** 32 - 5)], pageEnd: 1, total: 1 })
  assert.deepEqual(
    only(outputs, "finding").map(({ finding }) => finding),
    [{ code: "malformed-claim", peer: second, address }],
  )
  assert.equal(only(outputs, "moved").length, 0)
})

test("a page that does not follow what is known is ignored and asked for again by the acknowledgement", () => {
  const rig = activeRig([group()])
  rig.beat(second, { changes: [claimed(7)], base: 6, pageEnd: 7, total: 7 })
  const reply = only(rig.pass(110), "beat").findLast(({ beat }) => beat.to === second)!.beat
  assert.equal(reply.toVersion, 0)
})

const holdingRig = () => {
  const rig = activeRig([group()])
  assert.equal(only(rig.pass(300), "moved").length, 1)
  return rig
}

const bootOf = (rig: ReturnType<typeof activeRig>, node: number): Boot | undefined =>
  rig.segment.inspect(rig.now() as never).peers.find((peer) => peer.node === node)!.boot

const stateOf = (rig: ReturnType<typeof activeRig>, node: number): string =>
  rig.segment.inspect(rig.now() as never).peers.find((peer) => peer.node === node)!.is
