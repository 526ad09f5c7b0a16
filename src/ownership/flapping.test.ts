import assert from "node:assert/strict"
import { test } from "node:test"
import type { NodeId } from "./beat.ts"
import type { SegmentInput } from "./input.ts"
import { activeRig, group, only, type Rig, second, self, third } from "./rig.ts"
import type { SegmentOutput } from "./output.ts"

test("a holder that falls out of its order gives the address away at once, as often as a rollout takes it out", () => {
  const rig = holdingRig()
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(offeredTo(rig.feed(view(without))), [second])
    rig.feed(view(everybody))
  }
})

test("the third time in half a minute it waits a second, then two, up to sixteen, and offers if it is still out", () => {
  const waits: number[] = []
  const rig = holdingRig()
  for (let round = 0; round < 10; round++) {
    let [waitedMs, offered] = [0, offeredTo(rig.feed(view(without)))]
    for (; offered.length === 0 && waitedMs < 20_000; waitedMs += 50) offered = offeredTo(rig.pass(50))
    waits.push(Math.floor(waitedMs / 1000))
    rig.feed(view(everybody))
  }
  assert.deepEqual(waits, [0, 0, 1, 2, 4, 8, 16, 16, 16, 16])
})

test("an order that had peace for half a minute is followed at once again", () => {
  const rig = holdingRig()
  for (let round = 0; round < 6; round++) {
    rig.feed(view(without))
    rig.feed(view(everybody))
  }
  rig.pass(31_000)
  assert.deepEqual(offeredTo(rig.feed(view(without))), [second])
})

test("an order that empties and fills ten times a second is held through all of it", () => {
  const rig = holdingRig()
  const outputs: SegmentOutput[] = []
  for (let flap = 0; flap < 600; flap++)
    outputs.push(...rig.feed(view(flap % 2 === 0 ? [] : everybody)), ...rig.pass(50))
  assert.deepEqual(only(outputs, "moved"), [])
})

test("an order that stays empty after flapping is withdrawn from within sixteen seconds", () => {
  const rig = holdingRig()
  for (let flap = 0; flap < 200; flap++) rig.feed(view(flap % 2 === 0 ? [] : everybody))
  rig.feed(view([]))
  assert.deepEqual(only(rig.pass(15_000), "moved"), [])
  assert.deepEqual(
    only(rig.pass(1100), "moved").map(({ because }) => because.code),
    ["withdrawn"],
  )
})

const everybody = [self, second, third]
const without = [second, third]

const view = (nodes: readonly NodeId[]): SegmentInput => {
  const order = nodes.map((node) => ({ node, score: 0 }))
  return { kind: "view", groups: [group({ order })], gone: [], complete: true }
}

const holdingRig = (): Rig => {
  const rig = activeRig([group()])
  assert.equal(only(rig.pass(300), "moved").length, 1)
  return rig
}

const offeredTo = (outputs: readonly SegmentOutput[]): NodeId[] => [
  ...new Set(only(outputs, "beat").flatMap(({ beat }) => beat.offers.map(() => beat.to))),
]
