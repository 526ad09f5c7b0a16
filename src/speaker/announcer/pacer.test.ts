import assert from "node:assert/strict"
import { test } from "node:test"
import { after, type Instant } from "../../time/instant.ts"
import { answerStaleMs, createPacer, type Pacer, type Saying, type Turn } from "./pacer.ts"

const start = 0 as Instant

test("without a limit everything leaves at once", () => {
  const pacer = createPacer<string>(undefined, assert.fail)
  for (let i = 0; i < 1000; i++) assert.deepEqual(pacer.send(say("again", `${i}`), start), [`${i}`])
  assert.equal(pacer.wakeAt(), undefined)
})

test("with a limit of 10 a second, 200 frames leave in order, 100 ms apart", () => {
  const pacer = createPacer<string>(10, assert.fail)
  const left = Array.from({ length: 200 }, (_, i) => pacer.send(say("first", `${i}`), start)).flat()
  const later = drain(pacer)
  assert.deepEqual(left, ["0"])
  assert.deepEqual(
    later,
    Array.from({ length: 199 }, (_, i) => ({ frame: `${i + 1}`, ms: (i + 1) * 100 })),
  )
})

test("a frame after a quiet time does not wait", () => {
  const pacer = createPacer<string>(10, assert.fail)
  pacer.send(say("again", "first"), start)
  assert.deepEqual(pacer.send(say("again", "later"), after(start, 500)), ["later"])
})

test("who waits for an answer goes before questions, those before first announcements, those before repeats", () => {
  const pacer = createPacer<string>(10, assert.fail)
  for (const turn of ["again", "again", "first", "question", "answer"] as const) pacer.send(say(turn, turn), start)
  pacer.send(say("again", "more"), start)
  assert.deepEqual(order(pacer), ["answer", "question", "first", "again", "more"])
})

test("requests without end do not silence announcements: one turn in five is theirs", () => {
  const pacer = createPacer<string>(10, () => {})
  const left: string[] = []
  for (let i = 0; i < 4; i++) left.push(...pacer.send(say("first", `first ${i}`), start))
  for (let ms = 0; ms <= 2000; ms += 10) left.push(...pacer.send(say("answer", `${ms}`), after(start, ms)))
  assert.equal(left.filter((frame) => frame.startsWith("first")).length, 4)
})

test("what says the same waits once: in the better place, with the newer content", () => {
  const pacer = createPacer<string>(10, assert.fail)
  pacer.send(say("first", "x"), start)
  for (const key of ["a", "b"]) pacer.send(say("first", key), start)
  pacer.send(say("again", "b", "b, newer"), start)
  pacer.send(say("again", "c"), start)
  pacer.send(say("first", "c", "c, newer"), start)
  assert.deepEqual(order(pacer), ["a", "b, newer", "c, newer"])
})

test("a frame is made when it leaves: of what is over by then nothing is said, and no turn is lost to it", () => {
  const pacer = createPacer<string>(10, assert.fail)
  let held = true
  pacer.send(say("first", "x"), start)
  pacer.send({ turn: "first", key: "lost", make: () => (held ? "lost" : undefined) }, start)
  pacer.send(say("first", "kept"), start)
  held = false
  assert.deepEqual(drain(pacer), [{ frame: "kept", ms: 100 }])
})

test("what is withdrawn never leaves", () => {
  const pacer = createPacer<string>(10, assert.fail)
  for (const key of ["x", "a", "b"]) pacer.send(say("first", key), start)
  pacer.withdraw("a")
  assert.deepEqual(order(pacer), ["b"])
  assert.equal(pacer.wakeAt(), undefined)
})

test("answers that nobody waits for any more are dropped and counted; announcements wait as long as it takes", () => {
  const dropped: Turn[] = []
  const pacer = createPacer<string>(1, (turn) => dropped.push(turn))
  pacer.send(say("first", "x"), start)
  for (const turn of ["answer", "first"] as const)
    for (const key of ["1", "2"]) pacer.send(say(turn, turn + key), start)
  assert.deepEqual(dropped, ["answer"], "the second could leave after two seconds only")
  assert.deepEqual(pacer.due(after(start, answerStaleMs)), ["first1"])
  assert.deepEqual(dropped, ["answer", "answer"])
  assert.deepEqual(pacer.due(after(start, 60_000)), ["first2"])
})

const say = (turn: Turn, key: string, frame: string = key): Saying<string> => ({ turn, key, make: () => frame })

type Left = { readonly frame: string; readonly ms: number }

const drain = (pacer: Pacer<string>): readonly Left[] => {
  const left: Left[] = []
  for (let at = pacer.wakeAt(); at !== undefined; at = pacer.wakeAt())
    for (const frame of pacer.due(at)) left.push({ frame, ms: at })
  return left
}

const order = (pacer: Pacer<string>): readonly string[] => drain(pacer).map(({ frame }) => frame)
