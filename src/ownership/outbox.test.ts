import assert from "node:assert/strict"
import { test } from "node:test"
import type { Ipv4 } from "../net/address.ts"
import type { Boot, NodeId } from "./beat.ts"
import { activeRig, address, claimed, createRig, group, only, second, self, third, wallSeconds } from "./rig.ts"
import { beatBytes, entryBytes } from "./log.ts"

test("a thousand claims reach a living peer at once, in pages that fit a datagram", () => {
  const keys = Array.from({ length: 1000 }, (_, i) => (0x0a000000 + i) as Ipv4)
  const rig = activeRig(keys.map((key) => group({ key })))
  const outputs = rig.pass(245)
  const pages = only(outputs, "beat").filter(({ beat }) => beat.to === second && beat.changes.length > 0)
  assert.equal(pages.at(-1)!.beat.pageEnd, 1000)
  for (const { beat } of pages) {
    const entries = [...beat.changes, ...beat.offers, ...beat.estate]
    const bytes =
      beatBytes.fixed + 5 * beat.heard.length + entries.reduce((sum, one) => sum + entryBytes(one.address), 0)
    assert.ok(bytes <= beatBytes.page, `${bytes} bytes`)
  }
})

test("a silent peer gets one page a beat", () => {
  const keys = Array.from({ length: 1000 }, (_, i) => (0x0a000000 + i) as Ipv4)
  const rig = createRig()
  rig.living.delete(third)
  rig.pass(350)
  rig.feed({ kind: "view", groups: keys.map((key) => group({ key })), gone: [], complete: true })
  rig.pass(1000)
  const perSecond = only(rig.pass(1000), "beat").filter(({ beat }) => beat.to === third)
  assert.ok(perSecond.length <= 11, `${perSecond.length} beats`)
})

test("of more peers than a beat can name each beat names others, and no beat is longer than a page", () => {
  const peers = nodes(299)
  const rig = activeRig([], {}, peers)
  const beats = only(rig.pass(3000), "beat").filter(({ beat }) => beat.to === second)
  const lists = beats.slice(-4).map(({ beat }) => beat.heard.map(({ node }) => node))
  assert.ok(lists.every((list) => list.length === beatBytes.heardMax))
  assert.equal(new Set(lists.flat()).size, 299)
  assert.ok(beatBytes.fixed + beatBytes.heard * beatBytes.heardMax + 2 * beatBytes.entry[6] <= beatBytes.page)
})

test("up to 200 nodes beat at the configured interval, more at a longer one, which their beats name", () => {
  for (const [count, intervalMs] of [
    [199, 100],
    [200, 100],
    [201, 100],
    [202, 110],
    [401, 200],
  ] as const) {
    const rig = activeRig([], {}, nodes(count - 1))
    rig.living.clear()
    rig.pass(1000)
    const beats = only(rig.pass(4400), "beat").filter(({ beat }) => beat.to === second)
    assert.equal(beats[0]!.beat.intervalMs, intervalMs, `${count} nodes`)
    assert.ok(Math.abs(beats.length - 4400 / intervalMs) <= 2, `${count} nodes: ${beats.length} beats`)
  }
})

test("a peer is dead after five of the longer intervals, not after five of the configured ones", () => {
  const peers = nodes(400)
  const rig = createRig({}, peers)
  for (const peer of peers) rig.living.set(peer, { intervalMs: 200 })
  rig.pass(3000)
  rig.feed({ kind: "view", groups: [group({ key: address, order: order(second, self) })], gone: [], complete: true })
  rig.living.set(second, { intervalMs: 200, changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(1000)
  rig.living.delete(second)
  assert.deepEqual(only(rig.pass(800), "announce"), [])
  assert.equal(only(rig.pass(300), "announce").length, 1)
})

test("nor is this node alone after five of the configured ones", () => {
  const rig = createRig({}, nodes(400))
  rig.pass(1000)
  rig.living.clear()
  const isDeaf = (ms: number): boolean =>
    only(rig.pass(ms), "finding").some(({ finding }) => finding.code === "hears-nothing")
  assert.deepEqual([isDeaf(900), isDeaf(200)], [false, true])
})

test("sequences rise for each receiver, and not by the number of receivers", () => {
  const rig = activeRig([group()])
  const sequences = only(rig.pass(5000), "beat").map(({ beat }) => beat)
  for (const peer of [second, third]) {
    const own = sequences.filter(({ to }) => to === peer).map(({ sequence }) => sequence)
    assert.ok(own.every((sequence, i) => i === 0 || sequence > own[i - 1]!))
  }
  assert.ok(sequences.at(-1)!.sequence < 80, `${sequences.at(-1)!.sequence}`)
})

test("a beat reports what this node heard itself, with ages rounded up, and nobody's report", () => {
  const rig = createRig()
  rig.living.delete(third)
  rig.living.set(second, { heard: [{ node: third, ageMs: 10 }] })
  rig.pass(455)
  const { heard } = only(rig.pass(100), "beat").at(-1)!.beat
  assert.deepEqual(
    heard.map(({ node }) => node),
    [second],
  )
  assert.equal(heard[0]!.ageMs % 10, 0)
})

test("a thousand addresses that others take one by one cost a small beat each, and the next regular one repeats them all", () => {
  const keys = Array.from({ length: 1000 }, (_, i) => (0x0a000000 + i) as Ipv4)
  const rig = activeRig(keys.map((key) => group({ key })))
  rig.pass(8000)
  rig.living.clear()
  const outputs = keys.flatMap((key, i) =>
    rig.feed({ kind: "announcement", from: second, address: key, grant: 1, epoch: wallSeconds + 1000 + i }),
  )
  const beats = only(outputs, "beat").filter(({ beat }) => beat.to === third)
  assert.equal(only(outputs, "moved").length, 1000)
  assert.ok(beats.length <= 1000 && beats.every(({ beat }) => beat.changes.length <= 1), `${beats.length} beats`)
  const regular = only(rig.pass(110), "beat").filter(({ beat }) => beat.to === third)
  const told = regular.flatMap(({ beat }) => beat.changes.filter(({ kind }) => kind === "free"))
  assert.equal(new Set(told.map(({ address: key }) => key)).size, 1000)
})

test("an offer is told at once and then with each regular beat, not with every other one", () => {
  const keys = Array.from({ length: 100 }, (_, i) => (0x0a000000 + i) as Ipv4)
  const rig = activeRig(keys.map((key) => group({ key })))
  rig.pass(8000)
  const offers = (outputs: ReturnType<typeof rig.feed>): number =>
    only(outputs, "beat").reduce((sum, { beat }) => sum + beat.offers.length, 0)
  assert.equal(offers(rig.feed({ kind: "stop", how: "leaving" })), 100)
  const claim = { kind: "announcement", from: second, address: keys[0]!, grant: 1, epoch: wallSeconds + 1000 } as const
  assert.equal(offers(rig.feed(claim)), 0)
  rig.living.clear()
  assert.equal(offers(rig.pass(100)), 99)
})

test("the estate of a peer's many addresses is told by three nodes at most", () => {
  const keys = Array.from({ length: 200 }, (_, i) => (0x0a000000 + i) as Ipv4)
  const lower = [2, 3, 4, 5].map((node) => node as NodeId)
  for (const [own, tells] of [
    [self, true],
    [9 as NodeId, false],
  ] as const) {
    const rig = activeRig([], { self: own, boot: 11 as Boot }, lower)
    const changes = keys.map((key, i) => claimed(i + 1, wallSeconds, 1, key))
    const to = { to: own }
    for (const peer of lower) rig.living.set(peer, to)
    rig.living.set(5 as NodeId, { ...to, changes, pageEnd: 200, total: 200 })
    rig.pass(300)
    rig.living.set(5 as NodeId, { ...to, boot: 777 as Boot, state: "warming" })
    const told = only(rig.pass(400), "beat").some(({ beat }) => beat.to === 5 && beat.estate.length > 0)
    assert.equal(told, tells)
  }
})

test("what is asked of the machine as JSON can be printed, addresses as text", () => {
  const rig = activeRig([group()])
  rig.pass(300)
  const text = JSON.stringify(rig.segment.inspect(rig.now() as never))
  assert.ok(text.includes(String(address)) && !text.includes("null"), text)
})

const nodes = (count: number): readonly NodeId[] => Array.from({ length: count }, (_, i) => (i + 2) as NodeId)

const order = (...of: readonly NodeId[]) => of.map((node) => ({ node, score: 0 }))
