import assert from "node:assert/strict"
import { test } from "node:test"
import type { At, Instant } from "../../time/instant.ts"
import { Gathering } from "./gathering.ts"

test("a change in a quiet cluster is looked at at once, and so is the next", () => {
  const gathering = new Gathering()
  assert.deepEqual(looks(gathering, [1000, 1002, 1500]), [1000, 1002, 1500])
  assert.equal(gathering.burstUntil(), undefined)
})

test("two thousand changes in two seconds take few looks, and none waits for more than a quarter of a second", () => {
  const gathering = new Gathering()
  const changes = Array.from({ length: 2000 }, (_, index) => 1000 + index)
  const looked = looks(gathering, changes)
  assert.ok(looked.length < 60, `${looked.length} looks`)
  const gaps = looked.map((at, index) => at - (looked[index - 1] ?? at))
  assert.ok(Math.max(...gaps) <= 250, `a change waited ${Math.max(...gaps)} ms`)
})

test("the end of a list is looked at at once, in a burst too", () => {
  const gathering = new Gathering()
  looks(
    gathering,
    Array.from({ length: 500 }, (_, index) => 1000 + index),
  )
  gathering.add(1, at(1500))
  assert.equal(gathering.isDue(at(1500)), false)
  gathering.atOnce(at(1500))
  assert.equal(gathering.isDue(at(1500)), true)
})

test("a burst is over a second after its last change, or after ten seconds, so that nobody waits for ever", () => {
  const gathering = new Gathering()
  gathering.add(300, at(1000))
  assert.equal(gathering.burstUntil(), 2000)
  for (let now = 1100; now < 14_000; now += 100) gathering.add(300, at(now))
  assert.equal(gathering.burstUntil(), 11_000)
  gathering.add(1, at(20_000))
  assert.equal(gathering.burstUntil(), undefined)
})

/** One change at each of these milliseconds, and a clock that wakes it: when it looked. */
const looks = (gathering: Gathering, changes: readonly number[]): readonly number[] => {
  const looked: number[] = []
  const last = changes.at(-1)!
  for (let now = changes[0]!; now <= last + 300; now++) {
    if (changes.includes(now)) gathering.add(1, at(now))
    if (!gathering.isDue(at(now))) continue
    gathering.looked(at(now))
    looked.push(now)
  }
  return looked
}

const at = (now: number): At => ({ now: now as Instant, wallSeconds: 0, entropy: 0 })
