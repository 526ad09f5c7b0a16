import assert from "node:assert/strict"
import { test } from "node:test"
import { type Address, parseIpv4 } from "../../net/address.ts"
import { after, type Instant } from "../../time/instant.ts"
import { ConflictDetection } from "./conflict-detection.ts"

const start = 1000 as Instant
const first = parseIpv4("10.0.0.1")!

test("one address is asked for each second, the first time half a second after the claim", () => {
  const asked = run(holding(1), 5000)
  assert.deepEqual(
    asked.map(({ at }) => at),
    [500, 1500, 2500, 3500, 4500],
  )
})

test("however many addresses are held, an idle LAN hears two questions a second, in turn", () => {
  for (const count of [50, 1000]) {
    const asked = run(holding(count), 20_000)
    assert.equal(asked.length, 40, `${count} addresses`)
    assert.equal(new Set(asked.map(({ address }) => address)).size, 40, "none twice before all were asked for once")
  }
})

test("a hundred nodes share ten questions a second", () => {
  const detection = holding(50)
  detection.nodes = 100
  assert.equal(run(detection, 60_000).length, 6)
})

test("a client's broadcast is followed by ours at once, but not within half a second of the last", () => {
  const detection = holding(1)
  const asked = run(detection, 3000, (ms) => (ms >= 1700 && ms <= 2300 ? [first] : []))
  assert.deepEqual(
    asked.map(({ at }) => at),
    [500, 1500, 2000, 2500],
  )
})

test("however many clients ask for however many addresses, ten questions leave a second", () => {
  const detection = holding(1000)
  const all = Array.from({ length: 1000 }, (_, i) => (first + i) as Address)
  const asked = run(detection, 5000, (ms) => (ms % 10 === 0 ? all : []))
  assert.equal(asked.length, 51)
  assert.equal(new Set(asked.map(({ address }) => address)).size, 51)
})

test("five addresses that clients ask for are all asked for within half a second, of a thousand held", () => {
  const five = [100, 300, 500, 700, 900].map((i) => (first + i) as Address)
  const asked = run(holding(1000), 10_000, (ms) => (ms === 8000 ? five : []))
  const soon = asked.filter(({ at }) => at >= 8000 && at <= 8500).map(({ address }) => address)
  assert.deepEqual(
    five.filter((address) => !soon.includes(address)),
    [],
  )
})

test("a contested address comes again after ten seconds, though many are held", () => {
  const detection = holding(1000)
  const contested = (first + 900) as Address
  detection.contested(contested, start)
  const asked = run(detection, 10_100).filter(({ address }) => address === contested)
  assert.deepEqual(
    asked.map(({ at }) => at),
    [10_000],
  )
})

test("where frames are limited a fifth of them may be questions", () => {
  const detection = holding(50, 5)
  const asked = run(detection, 10_000, () => [first])
  assert.deepEqual(
    asked.map(({ at }) => at),
    [0, 1000, 2000, 3000, 4000, 5000, 6000, 7000, 8000, 9000, 10_000],
  )
})

test("what was let go is not asked for, whoever asks", () => {
  const detection = holding(1)
  detection.contested(first, start)
  detection.end(first)
  assert.deepEqual(
    run(detection, 20_000, () => [first]),
    [],
  )
  assert.equal(detection.wakeAt(), undefined)
})

const holding = (count: number, arpPerSecondMax?: number): ConflictDetection => {
  const detection = new ConflictDetection(arpPerSecondMax)
  for (let i = 0; i < count; i++) detection.begin((first + i) as Address, start)
  return detection
}

type Asked = { readonly at: number; readonly address: Address }

/** Looks each millisecond; what is due must be what `wakeAt` announced. */
const run = (
  detection: ConflictDetection,
  forMs: number,
  clientsAskFor: (ms: number) => readonly Address[] = () => [],
): readonly Asked[] => {
  const asked: Asked[] = []
  for (let at = 0; at <= forMs; at++) {
    const now = after(start, at)
    for (const address of clientsAskFor(at)) detection.heard(address, now)
    const wakeAt = detection.wakeAt()
    const address = detection.due(now)
    assert.equal(address !== undefined, wakeAt !== undefined && wakeAt <= now, `at ${at} ms`)
    if (address !== undefined) asked.push({ at, address })
  }
  return asked
}
