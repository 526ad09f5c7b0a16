import assert from "node:assert/strict"
import { test } from "node:test"
import type { PeerPicture } from "./picture.ts"
import { activeRig, address, claimed, group, only, type Rig, second, wallSeconds } from "./rig.ts"

test("a recorded announcement does not bring back a claim that its maker has let go", () => {
  const rig = activeRig([group()])
  rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(200)
  const free = { ...claimed(2), kind: "free" } as const
  rig.living.set(second, { changes: [free], base: 1, pageEnd: 2, total: 2 })
  assert.equal(only(rig.pass(1500), "moved").length, 1)
  const recorded = { kind: "announcement", from: second, address, grant: 1, epoch: wallSeconds } as const
  rig.feed(recorded)
  assert.deepEqual(pictureOf(rig).claims, [])
  assert.equal(only(rig.pass(500), "moved").length, 0)
})

test("where beats do not arrive an announcement says who holds the address, and that it lives", () => {
  const rig = activeRig([group()])
  assert.equal(only(rig.pass(300), "moved").length, 1)
  rig.living.delete(second)
  rig.pass(1000)
  assert.equal(pictureOf(rig).is, "silent")
  const epoch = wallSeconds + 900
  rig.feed({ kind: "announcement", from: second, address, grant: 1, epoch })
  assert.deepEqual([pictureOf(rig).is, pictureOf(rig).claims], ["alive", [{ key: address, grant: 1, epoch }]])
})

const pictureOf = (rig: Rig): PeerPicture =>
  rig.segment.inspect(rig.now() as never).peers.find(({ node }) => node === second)!
