import assert from "node:assert/strict"
import { test } from "node:test"
import { activeRig, claimed, group, only, type Rig, second } from "./rig.ts"

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
