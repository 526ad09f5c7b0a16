import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { Deadlines } from "./deadlines.ts"
import type { Instant } from "./instant.ts"

test("wakes for the earliest, and hands out what is due in order", () => {
  const deadlines = new Deadlines<string>()
  deadlines.set("announce", at(300))
  deadlines.set("beat", at(100))
  deadlines.set("probe", at(200))
  assert.equal(deadlines.next(), 100)
  assert.deepEqual(deadlines.due(at(99)), [])
  assert.deepEqual(deadlines.due(at(200)), ["beat", "probe"])
  assert.equal(deadlines.next(), 300)
  assert.deepEqual(deadlines.due(at(1000)), ["announce"])
  assert.equal(deadlines.next(), undefined)
})

test("an id has one deadline: the one set last", () => {
  const deadlines = new Deadlines<string>()
  deadlines.set("beat", at(100))
  deadlines.set("beat", at(500))
  assert.equal(deadlines.size, 1)
  assert.equal(deadlines.of("beat"), 500)
  deadlines.set("beat", at(50))
  assert.deepEqual(deadlines.due(at(50)), ["beat"])
  assert.equal(deadlines.of("beat"), undefined)
})

test("what is forgotten never comes, and forgetting twice is nothing", () => {
  const deadlines = new Deadlines<string>()
  deadlines.set("beat", at(100))
  deadlines.clear("beat")
  deadlines.clear("beat")
  assert.deepEqual(deadlines.due(at(1000)), [])
})

test("what takes a forgotten one's place may be earlier than those above it", () => {
  const deadlines = new Deadlines<number>()
  for (const ms of [1, 10, 2, 11, 12, 3, 4, 13, 14, 15, 16, 50, 51, 52, 8]) deadlines.set(ms, at(ms))
  deadlines.clear(13)
  assert.deepEqual(deadlines.due(at(100)), [1, 2, 3, 4, 8, 10, 11, 12, 14, 15, 16, 50, 51, 52])
})

test("equal instants come in the order in which they were set", () => {
  const deadlines = new Deadlines<number>()
  for (let id = 0; id < 100; id++) deadlines.set(id, at(7))
  deadlines.set(3, at(7))
  const expected = [...Array.from({ length: 100 }, (_, id) => id).filter((id) => id !== 3), 3]
  assert.deepEqual(deadlines.due(at(7)), expected)
})

test("does what a sorted list does, whatever is set, cleared and due", () => {
  const command = fc.oneof(
    fc.record({ kind: fc.constant("set" as const), id: fc.nat(20), at: fc.nat(100) }),
    fc.record({ kind: fc.constant("clear" as const), id: fc.nat(20), at: fc.nat(100) }),
    fc.record({ kind: fc.constant("due" as const), id: fc.nat(20), at: fc.nat(100) }),
  )
  fc.assert(
    fc.property(fc.array(command, { maxLength: 80 }), (commands) => {
      const deadlines = new Deadlines<number>()
      let twin: { id: number; at: number }[] = []
      for (const { kind, id, at: when } of commands) {
        if (kind === "due") {
          const due = twin.filter((it) => it.at <= when).sort((a, b) => a.at - b.at)
          twin = twin.filter((it) => it.at > when)
          assert.deepEqual(
            deadlines.due(at(when)),
            due.map((it) => it.id),
          )
          continue
        }
        twin = twin.filter((it) => it.id !== id)
        if (kind === "clear") deadlines.clear(id)
        else {
          deadlines.set(id, at(when))
          twin.push({ id, at: when })
        }
        assert.equal(deadlines.next(), twin.length === 0 ? undefined : Math.min(...twin.map((it) => it.at)))
        assert.equal(deadlines.size, twin.length)
      }
    }),
  )
})

const at = (ms: number): Instant => ms as Instant
