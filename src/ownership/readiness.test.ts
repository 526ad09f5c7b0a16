import assert from "node:assert/strict"
import { test } from "node:test"
import type { NodeId } from "./beat.ts"
import type { SegmentOutput } from "./output.ts"
import { activeRig, address, claimed, group, only, type Rig, second, self, third, wallSeconds } from "./rig.ts"

test("the gateway falls silent to the holder and answers a peer: the address is offered after two seconds, in order", () => {
  const rig = holdingRig([third])
  rig.feed({ kind: "gateway-life", is: "silent" })
  assert.deepEqual(offeredTo(rig.pass(1900)), [])
  assert.deepEqual(offeredTo(rig.pass(400)), [second])
  const taken = rig.beat(second, { changes: [claimed(1, wallSeconds + 99)], pageEnd: 1, total: 1 })
  const because = only(taken, "moved")[0]?.because
  assert.equal(because?.code === "handed-over" && because.because.code, "no-gateway")
})

test("it is a finding with the peer's name while it lasts", () => {
  const rig = holdingRig([second])
  rig.feed({ kind: "gateway-life", is: "silent" })
  assert.deepEqual(found(rig.pass(300)), [["gateway-lost", true]])
  assert.deepEqual(found(rig.feed({ kind: "gateway-life", is: "answers" })), [["gateway-lost", false]])
})

test("a gateway that is silent to all is dead itself: nothing moves", () => {
  const rig = holdingRig([])
  rig.feed({ kind: "gateway-life", is: "silent" })
  assert.deepEqual(offeredTo(rig.pass(60_000)), [])
})

test("one that the peer loses too within the grace moves nothing", () => {
  const rig = holdingRig([second])
  rig.feed({ kind: "gateway-life", is: "silent" })
  rig.pass(1500)
  rig.living.set(second, {})
  assert.deepEqual(offeredTo(rig.pass(60_000)), [])
})

test("what a peer said before this node lost the gateway counts no more, though it may still live", () => {
  const rig = holdingRig([second])
  rig.living.clear()
  rig.pass(700)
  rig.feed({ kind: "gateway-life", is: "silent" })
  const back = rig.beat(third)
  assert.deepEqual(
    found([...back, ...rig.pass(400)]).filter(([code]) => code === "gateway-lost"),
    [],
  )
})

test("a dead peer's last word about the gateway counts no more", () => {
  const rig = holdingRig([second])
  rig.living.delete(second)
  rig.pass(2000)
  rig.feed({ kind: "gateway-life", is: "silent" })
  assert.deepEqual(offeredTo(rig.pass(60_000)), [])
})

test("what is offered is not taken by a node that lacks the gateway itself", () => {
  const rig = holdingRig([])
  const other = group({ key: other1, order: [second, self].map((node) => ({ node, score: 0 })) })
  rig.feed({ kind: "view", groups: [group(), other], gone: [], complete: true })
  const claims = { changes: [claimed(1, wallSeconds, 1, other1)], pageEnd: 1, total: 1, hasGateway: true }
  rig.living.set(second, claims)
  rig.pass(300)
  rig.feed({ kind: "gateway-life", is: "silent" })
  rig.pass(200)
  const offered = { ...claims, offers: [{ address: other1, grant: 1, epoch: wallSeconds }] }
  assert.deepEqual(only(rig.beat(second, offered), "announce"), [])
  rig.feed({ kind: "gateway-life", is: "answers" })
  assert.equal(only(rig.beat(second, offered), "announce").length, 1)
})

test("this node's own beats say whether the gateway answers it, at once when that changes", () => {
  const rig = holdingRig([])
  const says = (outputs: readonly SegmentOutput[]): readonly boolean[] => [
    ...new Set(only(outputs, "beat").map(({ beat }) => beat.hasGateway)),
  ]
  assert.deepEqual(says(rig.pass(200)), [false])
  assert.deepEqual(says(rig.feed({ kind: "gateway-life", is: "answers" })), [true])
  assert.deepEqual(says(rig.feed({ kind: "gateway-life", is: "unknown" })), [false])
})

const other1 = (address + 1) as typeof address

/** This node holds the address; these peers say that the gateway answers them. */
const holdingRig = (withGateway: readonly NodeId[]): Rig => {
  const rig = activeRig([group()])
  for (const peer of withGateway) rig.living.set(peer, { hasGateway: true })
  rig.pass(8000)
  return rig
}

const offeredTo = (outputs: readonly SegmentOutput[]): readonly NodeId[] => [
  ...new Set(only(outputs, "beat").flatMap(({ beat }) => (beat.offers.length > 0 ? [beat.to] : []))),
]

const found = (outputs: readonly SegmentOutput[]) =>
  only(outputs, "finding").map(({ finding, on }) => [finding.code, on])
