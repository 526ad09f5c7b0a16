import assert from "node:assert/strict"
import { test } from "node:test"
import type { Beat, NodeId } from "./beat.ts"
import { activeRig, address, claimed, group, only, type Rig, second, self, third, wallSeconds } from "./rig.ts"
import type { SegmentOutput } from "./output.ts"

test("a holder that is no longer in the order offers to the first living one, then to the next, and keeps it meanwhile", () => {
  const rig = holdingRig()
  const first = rig.feed(view({ order: [second, third].map((node) => ({ node, score: 0 })) }))
  assert.deepEqual(offeredTo(first), [second])
  const next = rig.pass(1050)
  assert.ok(offeredTo(next).includes(third))
  const none = rig.pass(1000)
  assert.deepEqual(
    only(none, "finding").map(({ finding }) => finding),
    [{ code: "nobody-takes", address, tried: [second, third] }],
  )
  assert.equal(only([...first, ...next, ...none], "moved").length, 0)
})

test("an offer that is taken is a hand-over, and the finding goes with it", () => {
  const rig = holdingRig()
  rig.feed(view({ order: [{ node: second, score: 0 }] }))
  rig.pass(1100)
  rig.pass(1000)
  const taken = rig.beat(second, { changes: [claimed(1, wallSeconds + 99)], pageEnd: 1, total: 1 })
  assert.deepEqual(
    only(taken, "moved").map(({ to, because }) => [to, because]),
    [[second, { code: "handed-over", because: { code: "not-in-order" } }]],
  )
  assert.deepEqual(
    only(taken, "finding").map(({ finding, on }) => [finding.code, on]),
    [["nobody-takes", false]],
  )
})

test("an order that stays empty for a second withdraws the address, and a later one is claimed under the same grant", () => {
  const rig = holdingRig()
  assert.deepEqual(only(rig.feed(view({ order: [] })), "moved"), [])
  const gone = rig.pass(1000)
  assert.deepEqual(
    only(gone, "moved").map(({ because }) => because.code),
    ["withdrawn"],
  )
  assert.deepEqual(changesIn(gone), ["free"])
  const back = [...rig.feed(view({})), ...rig.pass(1000)]
  assert.deepEqual(
    only(back, "moved").map(({ because }) => because.code),
    ["was-free"],
  )
})

test("a better placed node gets the address a minute after it lives, and not before", () => {
  const rig = holdingRig()
  rig.feed(
    view({
      order: [
        { node: second, score: 10 },
        { node: self, score: 0 },
      ],
    }),
  )
  assert.deepEqual(offeredTo(rig.pass(59_000)), [])
  assert.ok(offeredTo(rig.pass(2000)).includes(second))
})

test("an offer is taken by who is ready and has the offered claim before it, with a higher epoch", () => {
  const rig = activeRig([group({ order: [second, self].map((node) => ({ node, score: 0 })) })])
  rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(200)
  const other = { address, grant: 1, epoch: wallSeconds + 1 }
  assert.equal(only(rig.beat(second, { ...held, offers: [other] }), "moved").length, 0)
  const taken = rig.beat(second, { ...held, offers: [{ address, grant: 1, epoch: wallSeconds }] })
  assert.deepEqual(
    only(taken, "moved").map(({ from, to, because }) => [from, to, because.code]),
    [[second, self, "offered"]],
  )
  assert.ok(only(taken, "moved")[0]!.epoch > wallSeconds)
})

test("what a third node has claimed from the giver is not taken from the giver too", () => {
  const rig = activeRig([group({ order: [second, self, third].map((node) => ({ node, score: 0 })) })])
  rig.living.set(second, held)
  rig.pass(200)
  rig.beat(third, { changes: [claimed(1, wallSeconds + 1)], pageEnd: 1, total: 1 })
  const offers = [{ address, grant: 1, epoch: wallSeconds }]
  assert.equal(only(rig.beat(second, { ...held, offers }), "moved").length, 0)
})

test("who is heard is offered to before one that only others hear, whatever the order", () => {
  const rig = holdingRig()
  rig.living.delete(second)
  rig.living.set(third, { heard: [{ node: second, ageMs: 10 }] })
  rig.pass(1000)
  const order = [second, third].map((node) => ({ node, score: 0 }))
  assert.deepEqual(offeredTo(rig.feed(view({ order }))), [third])
})

test("an offer to a node that is not ready is not taken", () => {
  const rig = activeRig([group({ ready: false, order: [second, self].map((node) => ({ node, score: 0 })) })])
  rig.living.set(second, held)
  rig.pass(200)
  assert.equal(
    only(rig.beat(second, { ...held, offers: [{ address, grant: 1, epoch: wallSeconds }] }), "moved").length,
    0,
  )
})

test("who leaves a segment of its own exits at once", () => {
  const rig = activeRig([group()], {}, [])
  rig.pass(300)
  assert.deepEqual(
    rig.feed({ kind: "stop", how: "leaving" }).map(({ kind }) => kind),
    ["exit"],
  )
})

const held: Partial<Beat> = { changes: [claimed(1)], pageEnd: 1, total: 1 }

const holdingRig = (): Rig => {
  const rig = activeRig([group()])
  assert.equal(only(rig.pass(300), "moved").length, 1)
  return rig
}

const view = (content: Parameters<typeof group>[0]) =>
  ({ kind: "view", groups: [group(content)], gone: [], complete: true }) as const

const offeredTo = (outputs: readonly SegmentOutput[]): NodeId[] => [
  ...new Set(only(outputs, "beat").flatMap(({ beat }) => beat.offers.map(() => beat.to))),
]

const changesIn = (outputs: readonly SegmentOutput[]): string[] => [
  ...new Set(only(outputs, "beat").flatMap(({ beat }) => beat.changes.map(({ kind }) => kind))),
]
