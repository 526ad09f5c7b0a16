import assert from "node:assert/strict"
import { test } from "node:test"
import { type InheritedClaim } from "./input.ts"
import { address, claimed, createRig, group, only, type Rig, second, self, wallSeconds } from "./rig.ts"

test("a surge process answers for exactly what the old one holds, announces and claims nothing", () => {
  const { rig, outputs } = surge()
  assert.deepEqual(
    only(outputs, "answering").map(({ addresses }) => addresses),
    [[address]],
  )
  const later = rig.pass(450)
  assert.deepEqual(
    later.filter(({ kind }) => kind === "announce" || kind === "moved" || kind === "answering"),
    [],
  )
})

test("it claims what it inherited as soon as it is active, without asking, and never stops answering", () => {
  const { rig } = surge()
  rig.feed({ kind: "view", groups: [group()], gone: [], complete: true })
  const outputs = rig.pass(600)
  assert.deepEqual(
    only(outputs, "moved").map(({ from, to, because }) => [from, to, because.code]),
    [[self, self, "held-before-restart"]],
  )
  assert.ok(only(outputs, "answering").every(({ addresses }) => addresses.length === 1))
  assert.equal(only(outputs, "ask").length, 0)
})

test("it stops answering for what a peer's beat shows a better claim", () => {
  const { rig } = surge()
  rig.living.set(second, { changes: [claimed(1, wallSeconds + 9)], pageEnd: 1, total: 1 })
  const outputs = rig.pass(150)
  assert.deepEqual(
    only(outputs, "answering").map(({ addresses }) => addresses),
    [[]],
  )
})

test("it stops answering for what is no longer in its view", () => {
  const { rig } = surge()
  rig.feed({ kind: "view", groups: [], gone: [], complete: true })
  assert.deepEqual(
    only(rig.pass(600), "answering").map(({ addresses }) => addresses),
    [[]],
  )
})

const inheritedClaim: InheritedClaim = { key: address, addresses: [address], grant: 1, epoch: wallSeconds }

const surge = (): { rig: Rig; outputs: ReturnType<Rig["feed"]> } => {
  const rig = createRig()
  return { rig, outputs: rig.feed({ kind: "inherited", claims: [inheritedClaim] }) }
}
