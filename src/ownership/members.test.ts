import assert from "node:assert/strict"
import { test } from "node:test"
import type { Mac } from "../net/mac.ts"
import type { NodeId } from "./beat.ts"
import type { SegmentOutput } from "./output.ts"
import { activeRig, address, claimed, createRig, group, only, type Rig, second, self, third } from "./rig.ts"

const fourth = 4 as NodeId

test("a node that joins the cluster is beaten to from the next interval on", () => {
  const rig = activeRig([group()])
  rig.pass(1000)
  list(rig, second, third, fourth)
  assert.ok(only(rig.pass(100), "beat").some(({ beat }) => beat.to === fourth))
})

test("a node that is taken off the list while its speaker lives keeps what it holds", () => {
  const rig = withHolder()
  list(rig, third)
  assert.deepEqual(takers(rig.pass(3000)), [])
})

test("a dead node that is taken off the list before its time was over is replaced all the same", () => {
  const rig = withHolder()
  rig.living.delete(second)
  rig.pass(300)
  list(rig, third)
  assert.deepEqual(takers(rig.pass(700)), [self])
})

test("a dead node that is taken off the list after its time was over is replaced as soon as anybody is heard", () => {
  const rig = withHolder()
  rig.living.clear()
  assert.deepEqual(takers(rig.pass(3000)), [])
  list(rig, third)
  assert.deepEqual(takers(rig.pass(3000)), [])
  rig.living.set(third, {})
  assert.deepEqual(takers(rig.pass(3000)), [self])
})

test("the only other node is deleted: who is left needs nobody to witness that it is connected", () => {
  const rig = withHolder([second])
  rig.living.clear()
  assert.deepEqual(takers(rig.pass(5000)), [])
  list(rig)
  assert.deepEqual(takers(rig.pass(1000)), [self])
})

test("no member is heard although the segment is not silent: a finding names how many and the port, until one is", () => {
  const rig = createRig()
  rig.living.clear()
  const found: SegmentOutput[] = []
  for (let i = 0; i < 30; i++) found.push(...rig.feed({ kind: "sighting" }), ...rig.pass(100))
  assert.deepEqual(said(found), [["nobody-heard", true]])
  assert.deepEqual(only(found, "finding")[0]?.finding, { code: "nobody-heard", members: 2, port: 7947 })
  rig.living.set(third, {})
  assert.deepEqual(said(rig.pass(300)), [["nobody-heard", false]])
})

test("a bystander that answers with the dead holder's MAC delays nobody, and is told of", () => {
  const rig = withHolder()
  rig.living.delete(second)
  const outputs: SegmentOutput[] = []
  for (let i = 0; i < 12; i++) {
    outputs.push(...rig.feed({ kind: "foreign", address, mac: macOfSecond, member: second }), ...rig.pass(50))
  }
  assert.deepEqual(takers(outputs), [self])
  assert.ok(said(outputs).some(([code]) => code === "answered-without-token"))
})

const macOfSecond = 0x020000000002 as Mac

const list = (rig: Rig, ...nodes: readonly NodeId[]): void =>
  void rig.feed({ kind: "members", members: nodes.map((node) => ({ node, reachable: true })) })

/** The second node holds the address, and has for a while. */
const withHolder = (peers?: readonly NodeId[]): Rig => {
  const rig = activeRig([group()], {}, peers)
  rig.beat(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.living.set(second, { base: 1, pageEnd: 1, total: 1 })
  assert.deepEqual(takers(rig.pass(1000)), [])
  return rig
}

const takers = (outputs: readonly SegmentOutput[]): readonly (NodeId | undefined)[] =>
  only(outputs, "moved").map(({ to }) => to)

const said = (outputs: readonly SegmentOutput[]): readonly (readonly [string, boolean])[] =>
  only(outputs, "finding").map(({ finding, on }) => [finding.code, on])
