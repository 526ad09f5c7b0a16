import assert from "node:assert/strict"
import { test } from "node:test"
import { activeRig, createRig, group, only, type Rig, second, third } from "./rig.ts"

test("a restart is said for two and a half beats, and then the process may end", () => {
  const rig = stoppingRig()
  assert.equal(only(rig.pass(240), "exit").length, 0)
  assert.equal(only(rig.pass(20), "exit").length, 1)
})

test("while a living peer has not heard of the restart it is said on, up to ten beats", () => {
  const rig = stoppingRig()
  rig.living.set(third, { toSequence: 1 })
  assert.equal(only(rig.pass(950), "exit").length, 0)
  assert.equal(only(rig.pass(120), "exit").length, 1)
})

test("who restarts answers until the end, offers nothing, and does nothing afterwards", () => {
  const rig = stoppingRig()
  const outputs = rig.pass(400)
  assert.equal(only(outputs, "answering").length, 0)
  assert.ok(only(outputs, "beat").every(({ beat }) => beat.state === "restarting" && beat.offers.length === 0))
  assert.deepEqual(rig.beat(second), [])
  assert.equal(rig.segment.wakeAt(), undefined)
})

test("what never became active is gone at once", () => {
  const early = createRig()
  assert.deepEqual(
    early.feed({ kind: "stop", how: "leaving" }).map(({ kind }) => kind),
    ["exit"],
  )
})

const stoppingRig = (): Rig => {
  const rig = activeRig([group()])
  rig.pass(300)
  const said = rig.feed({ kind: "stop", how: "restarting" })
  assert.ok(only(said, "beat").length >= 2, "it is said at once")
  return rig
}
