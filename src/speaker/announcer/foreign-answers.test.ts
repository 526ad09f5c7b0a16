import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { after, type Instant } from "../../time/instant.ts"
import {
  contestedMax,
  defencesPerSecondMax,
  ForeignAnswers,
  forgetStrangerMs,
  type Reaction,
  type Stranger,
  strangersMax,
} from "./foreign-answers.ts"

const start = 1000 as Instant
const whoami = parseIpv4("192.168.40.200")!
const printer = 0x525400280099 as Mac
const unknown: Stranger = { is: "unknown" }
const everything: Stranger = { is: "answers-for-everything" }
const held = (): boolean => true
const unheld = (): boolean => false

test("an address we hold is defended at once, then at most every ten seconds (RFC 5227 section 2.4)", () => {
  const answers = new ForeignAnswers()
  const defended = [0, 100, 9_999, 10_000, 10_001].map((ms) => sight(answers, { at: ms }).defend)
  assert.deepEqual(defended, [true, false, false, true, false])
})

test("several who answer for one address are defended against once, together", () => {
  const answers = new ForeignAnswers()
  const defended = [0, 1, 2].map((i) => sight(answers, { mac: (printer + i) as Mac }).defend)
  assert.deepEqual(defended, [true, false, false])
})

test("who takes a thousand addresses at once gets ten defences a second, not a thousand", () => {
  const answers = new ForeignAnswers()
  const defended = (ms: number): number =>
    Array.from({ length: 1000 }, (_, i) => sight(answers, { address: whoami + i, at: ms })).filter(
      ({ defend }) => defend,
    ).length
  assert.deepEqual([defended(0), defended(500), defended(1000)], [defencesPerSecondMax, 0, defencesPerSecondMax])
})

test("an address we do not hold is reported and not defended", () => {
  assert.deepEqual(sight(new ForeignAnswers(), { conflicts: false }), {
    defend: false,
    askControl: true,
    changed: true,
  })
})

test("the router is named, without a control question", () => {
  assert.equal(sight(new ForeignAnswers(), { stranger: { is: "gateway" } }).askControl, false)
})

test("every node's kernel answers: each is told once, in whatever order they answer", () => {
  const answers = new ForeignAnswers()
  const nodes = [1, 2, 3].map((n) => (printer + n) as Mac)
  const news = [...nodes, ...nodes.toReversed(), ...nodes].map((mac) => sight(answers, { mac }).changed)
  assert.deepEqual(news, [true, true, true, false, false, false, false, false, false])
  assert.deepEqual(
    answers.list().map(({ mac }) => mac),
    nodes,
  )
})

test("what becomes known of a stranger counts for all it answers for", () => {
  const answers = new ForeignAnswers()
  for (const address of [whoami, whoami + 1]) sight(answers, { address })
  assert.equal(answers.recognise(printer, everything).length, 2)
  assert.equal(answers.recognise(printer, everything).length, 0, "that is no news twice")
  assert.deepEqual(answers.recognise((printer + 1) as Mac, everything), [], "it is no stranger")
  assert.equal(answers.list()[0]?.stranger.is, "answers-for-everything")
})

test("a stranger not seen for a minute is forgotten", () => {
  const answers = new ForeignAnswers()
  sight(answers, {})
  assert.equal(answers.wakeAt(), after(start, forgetStrangerMs))
  assert.deepEqual(answers.forget(unheld, after(start, forgetStrangerMs - 1)), [])
  assert.equal(answers.forget(unheld, after(start, forgetStrangerMs)).length, 1)
  assert.deepEqual([answers.list(), answers.isStranger(printer), answers.wakeAt()], [[], false, undefined])
})

test("of an address we hold, it is forgotten only when our own questions went unanswered too", () => {
  const answers = new ForeignAnswers()
  sight(answers, {})
  const later = after(start, forgetStrangerMs)
  answers.asked(whoami)
  answers.asked(whoami)
  assert.deepEqual(answers.forget(held, later), [])
  assert.equal(answers.wakeAt(), after(later, 10_000), "it is looked at again, and not before")
  answers.asked(whoami)
  assert.equal(answers.forget(held, after(later, 10_000)).length, 1)
})

test("a host that claims every address, from ever new MACs, costs bounded memory", () => {
  const answers = new ForeignAnswers()
  for (let i = 0; i < 5000; i++) sight(answers, { address: whoami + i })
  for (let i = 0; i < 5000; i++) sight(answers, { mac: (printer + i) as Mac })
  assert.equal(answers.list().length, contestedMax + strangersMax - 1)
})

type Seen = {
  readonly address?: number
  readonly mac?: Mac
  readonly stranger?: Stranger
  readonly conflicts?: boolean
  readonly at?: number
}

const sight = (answers: ForeignAnswers, seen: Seen): Reaction => {
  const { address = whoami, mac = printer, stranger = unknown, conflicts = true, at = 0 } = seen
  return answers.sight({ address: address as typeof whoami, mac, stranger, conflicts }, after(start, at))
}
