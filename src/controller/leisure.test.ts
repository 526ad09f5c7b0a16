import assert from "node:assert/strict"
import { test } from "node:test"
import type { At, Instant } from "../time/instant.ts"
import { Leisure } from "./leisure.ts"

test("conditions follow a second after the first change, once for all that came meanwhile", () => {
  const leisure = new Leisure()
  for (const now of [1000, 1300, 1900]) leisure.begin(at(now))
  assert.equal(leisure.wakeAt(), 2000)
  assert.equal(leisure.isOver(at(1999), false), false)
  assert.equal(leisure.isOver(at(2000), false), true)
  assert.equal(leisure.wakeAt(), undefined)
})

test("while addresses are given they wait, and for ten seconds at most", () => {
  const leisure = new Leisure()
  leisure.begin(at(1000))
  let now = 1000
  while (!leisure.isOver(at(now), true)) now = leisure.wakeAt()!
  assert.equal(now, 11_000)
  leisure.begin(at(20_000))
  assert.equal(leisure.isOver(at(21_000), true), false)
  assert.equal(leisure.isOver(at(21_100), false), true)
})

const at = (now: number): At => ({ now: now as Instant, wallSeconds: 0, entropy: 0 })
