import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import type { Mac } from "../../net/mac.ts"
import { after, type Instant } from "../../time/instant.ts"
import { contestedMax, ForeignAnswers, forgetStrangerMs, type Recognise } from "./foreign-answers.ts"

const start = 1000 as Instant
const whoami = parseIpv4("192.168.40.200")!
const printer = 0x525400280099 as Mac
const router = 0x525400280001 as Mac
const recognise: Recognise = (mac) => (mac === router ? { is: "gateway" } : { is: "unknown" })

test("an address we hold is defended at once, then at most every ten seconds (RFC 5227 section 2.4)", () => {
  const answers = new ForeignAnswers()
  const defended = [0, 100, 9_999, 10_000, 10_001].map(
    (ms) => answers.sight(whoami, printer, true, recognise, after(start, ms)).defend,
  )
  assert.deepEqual(defended, [true, false, false, true, false])
})

test("an address we do not hold is reported and not defended", () => {
  const answers = new ForeignAnswers()
  const reaction = answers.sight(whoami, printer, false, recognise, start)
  assert.deepEqual(reaction, { defend: false, askControl: true, changed: true })
})

test("the router is named, without a control question", () => {
  const answers = new ForeignAnswers()
  assert.equal(answers.sight(whoami, router, false, recognise, start).askControl, false)
  assert.deepEqual(answers.list()[0]?.stranger, { is: "gateway" })
})

test("who also answers for an address that nobody has answers for everything", () => {
  const answers = new ForeignAnswers()
  answers.sight(whoami, printer, false, recognise, start)
  assert.equal(answers.controlAnswered(printer), true)
  assert.deepEqual(answers.list()[0]?.stranger, { is: "answers-for-everything" })
  answers.sight(whoami, printer, false, recognise, after(start, 20_000))
  assert.deepEqual(answers.list()[0]?.stranger, { is: "answers-for-everything" }, "it stays known")
})

test("a stranger not seen for a minute is forgotten", () => {
  const answers = new ForeignAnswers()
  answers.sight(whoami, printer, false, recognise, start)
  assert.equal(answers.wakeAt(), after(start, forgetStrangerMs))
  assert.equal(answers.forget(after(start, forgetStrangerMs)), true)
  assert.deepEqual(answers.list(), [])
})

test("a host that claims every address costs bounded memory", () => {
  const answers = new ForeignAnswers()
  for (let i = 0; i < 5000; i++) answers.sight((whoami + i) as typeof whoami, printer, true, recognise, start)
  assert.equal(answers.list().length, contestedMax)
})

test("answers for the control address from ever new MACs cost bounded memory, contested or not", () => {
  const answers = new ForeignAnswers()
  for (let i = 0; i < 5000; i++) answers.controlAnswered((printer + i) as Mac)
  assert.equal(answers.answeringForAll, 0, "nobody contests anything")
  for (let i = 0; i < 5000; i++) {
    answers.sight(whoami, (printer + i) as Mac, false, recognise, start)
    answers.controlAnswered((printer + i) as Mac)
  }
  assert.ok(answers.answeringForAll <= contestedMax)
})
