import assert from "node:assert/strict"
import { test } from "node:test"
import { after, type Instant } from "../../time/instant.ts"
import { createPacer, keptBackMax } from "./pacer.ts"

const start = 0 as Instant

test("without a limit everything leaves at once", () => {
  const pacer = createPacer<number>(undefined)
  for (let i = 0; i < 1000; i++) assert.deepEqual(pacer.send(i, start), [i])
  assert.equal(pacer.wakeAt(), undefined)
})

test("with a limit of 10 a second, 200 frames leave in order, 100 ms apart", () => {
  const pacer = createPacer<number>(10)
  const left: { item: number; ms: number }[] = []
  const note = (items: readonly number[], ms: number): unknown => items.map((item) => left.push({ item, ms }))
  for (let i = 0; i < 200; i++) note(pacer.send(i, start), 0)
  for (let at = pacer.wakeAt(); at !== undefined; at = pacer.wakeAt()) note(pacer.due(at), at)
  assert.deepEqual(
    left,
    Array.from({ length: 200 }, (_, i) => ({ item: i, ms: i * 100 })),
  )
})

test("a frame after a quiet time does not wait", () => {
  const pacer = createPacer<string>(10)
  pacer.send("first", start)
  assert.deepEqual(pacer.send("later", after(start, 500)), ["later"])
})

test("what cannot be sent in time is dropped and counted", () => {
  const pacer = createPacer<number>(1)
  for (let i = 0; i < keptBackMax + 10; i++) pacer.send(i, start)
  assert.equal(pacer.dropped(), 9)
})
