import assert from "node:assert/strict"
import { test } from "node:test"
import type { Ipv4 } from "../net/address.ts"
import type { NodeId } from "./beat.ts"
import { activeRig, claimed, createRig, group, only, type Rig, second, self, third, wallSeconds } from "./rig.ts"

test("who was taken for dead and was not gets twice the time, and after five minutes without that its own again", () => {
  const rig = activeRig([group()])
  const holding = { changes: [claimed(1)], pageEnd: 1, total: 1 }
  rig.living.set(second, holding)
  rig.pass(200)
  rig.living.delete(second)
  assert.deepEqual(
    only(rig.pass(1000), "moved").map(({ because }) => because.code),
    ["holder-silent"],
  )
  rig.living.set(second, holding)
  rig.pass(1000)
  assert.equal(patienceWith(rig), 2)
  pauses(rig, holding)
  assert.equal(patienceWith(rig), 2, "a minute later")
  rig.pass(300_000)
  pauses(rig, holding)
  assert.equal(patienceWith(rig), 1)
})

test("thirty nodes die at once: each is asked, repeats keep to ten a second, and none is taken over later for it", () => {
  const dead = Array.from({ length: 30 }, (_, i) => (i + 10) as NodeId)
  const keyOf = (node: NodeId): Ipv4 => (0x0a000000 + node) as Ipv4
  const rig = createRig({}, [third, ...dead])
  const groups = dead.map((node) =>
    group({ key: keyOf(node), order: [node, self, third].map((candidate) => ({ node: candidate, score: 0 })) }),
  )
  const claims = (node: NodeId) => ({ changes: [claimed(1, wallSeconds, 1, keyOf(node))], pageEnd: 1, total: 1 })
  for (const node of dead) rig.living.set(node, claims(node))
  rig.pass(350)
  rig.feed({ kind: "view", groups, gone: [], complete: true })
  rig.pass(3000)
  for (const node of dead) rig.living.delete(node)
  const outputs = rig.pass(520)
  assert.equal(new Set(only(outputs, "ask").map(({ whom }) => whom)).size, 30)
  assert.ok(only(outputs, "ask").length <= 30 + 5, `${only(outputs, "ask").length} questions`)
  assert.equal(new Set(only(outputs, "announce").map(({ key }) => key)).size, 30)
})

test("one silent holder is asked each interval", () => {
  const rig = activeRig([group({ order: [second, self, third].map((node) => ({ node, score: 0 })) })])
  rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(1000)
  rig.living.delete(second)
  assert.equal(only(rig.pass(490), "ask").length, 3)
})

/** The second node is silent for longer than its window and back, and nobody took anything meanwhile. */
const pauses = (rig: Rig, content: NonNullable<ReturnType<Rig["living"]["get"]>>): void => {
  rig.pass(60_000)
  rig.living.delete(second)
  rig.pass(2000)
  rig.living.set(second, content)
  rig.pass(1000)
}

const patienceWith = (rig: Rig): number | undefined =>
  rig.segment.inspect(rig.now() as never).peers.find(({ node }) => node === second)?.patience
