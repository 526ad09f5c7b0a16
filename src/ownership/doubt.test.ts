import assert from "node:assert/strict"
import { test } from "node:test"
import { activeRig, address, claimed, group, only, type Rig, second, third, wallSeconds } from "./rig.ts"

test("after a gap nothing is answered until every living peer has echoed a beat sent since", () => {
  const rig = wokenRig()
  assert.deepEqual(silences(rig.feed({ kind: "request", address })), [true])
  assert.deepEqual(silences(rig.beat(second)), [])
  assert.deepEqual(silences(rig.beat(third)), [false])
})

test("beats that echo what was sent before the gap end nothing; a window does", () => {
  const rig = wokenRig()
  rig.feed({ kind: "wake" })
  for (const peer of [second, third]) rig.living.set(peer, { toSequence: 1 })
  assert.deepEqual(silences(rig.pass(490)), [])
  assert.deepEqual(silences(rig.pass(20)), [false])
})

test("an echo does not count while pages of the peer's claims are missing", () => {
  const rig = wokenRig()
  rig.feed({ kind: "wake" })
  rig.beat(second)
  assert.deepEqual(silences(rig.beat(third, { base: 4, pageEnd: 5, total: 5 })), [])
})

test("what a peer took meanwhile is let go before the silence ends", () => {
  const rig = wokenRig()
  rig.feed({ kind: "wake" })
  rig.beat(second)
  const last = rig.beat(third, { changes: [claimed(1, wallSeconds + 9)], pageEnd: 1, total: 1 })
  const kinds = last.map(({ kind }) => kind).filter((kind) => kind === "answering" || kind === "silence")
  assert.deepEqual(kinds, ["answering", "silence"])
})

test("what is still held after a gap is announced once, a window later", () => {
  const rig = wokenRig()
  const outputs = [...rig.feed({ kind: "wake" }), ...rig.pass(480)]
  assert.equal(only(outputs, "announce").length, 0)
  assert.equal(only(rig.pass(100), "announce").length, 1)
})

test("a node whose peers are all dead goes on answering after a gap", () => {
  const rig = activeRig([group()])
  rig.pass(300)
  rig.living.clear()
  for (let i = 0; i < 20; i++) {
    rig.pass(100)
    rig.feed({ kind: "gateway" })
  }
  rig.sleep(2000)
  assert.deepEqual(silences(rig.feed({ kind: "request", address })), [])
})

/** Holds the address, and has not run for 700 ms. */
const wokenRig = (): Rig => {
  const rig = activeRig([group()])
  assert.equal(only(rig.pass(7000), "moved").length, 1)
  rig.sleep(700)
  return rig
}

const silences = (outputs: ReturnType<Rig["feed"]>): boolean[] => only(outputs, "silence").map(({ on }) => on)
