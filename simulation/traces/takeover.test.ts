import assert from "node:assert/strict"
import { test } from "node:test"
import { A, assertAt, B, C, play } from "./stage.ts"

test("trace 01: the first in order asks three times, claims at 590 and announces four times", () => {
  const { claims, questions, announcements, moves } = play({ groups: [{ order: [A, B, C] }], acts: [] })
  assert.deepEqual(
    claims.map(({ node, because }) => [node, because.code]),
    [[A, "first-claim"]],
  )
  assertAt(claims[0]!.at, 590)
  const asked = questions(A)
    .filter(({ to }) => to === "all")
    .map(({ at }) => at)
  for (const [i, wanted] of [500, 530, 560].entries()) assertAt(asked[i], wanted)
  const announced = announcements(A).map(({ at }) => at)
  assert.equal(announced.length, 4)
  for (const [i, wanted] of [590, 1690, 3590, 5590].entries()) assertAt(announced[i], wanted, 5)
  assert.equal(moves, 0)
})

test("trace 02: a silent death is asked about from half a window on and repaired within a window", () => {
  const { claims, questions } = play({ acts: [{ at: 3008, do: "crash", node: C }] })
  assert.deepEqual(
    claims.map(({ node, because }) => [node, because.code]),
    [
      [C, "first-claim"],
      [B, "holder-silent"],
    ],
  )
  assert.ok(claims[1]!.at >= 3408 && claims[1]!.at <= 3512, `${claims[1]!.at}`)
  assert.ok(claims[1]!.epoch > claims[0]!.epoch)
  const asked = questions(B).filter(({ at, to }) => at > 3000 && to === C)
  assert.ok(asked.length >= 2 && asked.length <= 4 && asked[0]!.at >= 3158 && asked[0]!.at <= 3262)
})

test("trace 03: holder and successor die together, the gateway is the witness of the third", () => {
  const dying = [C, B].map((node) => ({ at: 3000, do: "crash" as const, node }))
  const { claims } = play({ acts: dying })
  assert.equal(claims[1]!.node, A)
  assert.ok(claims[1]!.at >= 3400 && claims[1]!.at <= 3515, `${claims[1]!.at}`)
})

test("trace 03: without gateway and without any frame nobody claims; a client's question is the witness", () => {
  const dying = [C, B].map((node) => ({ at: 3000, do: "crash" as const, node }))
  const silent = play({ gateway: false, acts: dying, endMs: 20_000 })
  assert.equal(silent.claims.length, 1)
  const asked = play({ gateway: false, acts: dying, clientAsksEveryMs: 300 })
  assert.equal(asked.claims[1]!.node, A)
  assert.ok(asked.claims[1]!.at <= 3800, `${asked.claims[1]!.at}`)
})

test("trace 04: a one-way cut between holder and one other moves nothing and asks nothing", () => {
  const { claims, questions } = play({
    acts: [
      { at: 3000, do: "cut", from: C, to: A, segment: 0 },
      { at: 15_000, do: "mend", from: C, to: A, segment: 0 },
    ],
    endMs: 16_000,
  })
  assert.equal(claims.length, 1)
  assert.deepEqual(
    [A, B].flatMap((node) => questions(node)).filter(({ at }) => at > 3000),
    [],
  )
})

test("trace 05: two nodes, and the holder's frames no longer arrive: one move, and healing moves nothing", () => {
  const [holder, other] = [0, 1]
  const { claims, losses, questions } = play({
    nodes: 2,
    groups: [{ order: [holder, other] }],
    acts: [
      { at: 3000, do: "cut", from: holder, to: other, segment: 0 },
      { at: 6000, do: "mend", from: holder, to: other, segment: 0 },
    ],
  })
  assert.deepEqual(
    claims.map(({ node }) => node),
    [holder, other],
  )
  assert.ok(questions(other).some(({ to }) => to === holder))
  assert.equal(losses.length, 1)
  assertAt(losses[0]!.at, claims[1]!.at, 1.1)
})

test("trace 06: a freeze that the clock shows: the sleeper wakes, hears the claim and sends nothing for the address", () => {
  const { claims, losses, stale } = play({
    clientAsksEveryMs: 30,
    acts: [{ at: 3000, do: "freeze", node: C, forMs: 1015, seen: true, buffer: 1000 }],
  })
  assert.equal(claims[1]!.node, B)
  assertAt(losses[0]!.at, 4015, 1)
  assert.deepEqual(stale, [])
})

test("trace 07: beats that waited in the socket since before the takeover end no doubt", () => {
  const { losses, stale } = play({
    clientAsksEveryMs: 30,
    acts: [{ at: 3000, do: "freeze", node: C, forMs: 1015, seen: true, buffer: 4 }],
  })
  assert.equal(losses[0]!.node, C)
  assertAt(losses[0]!.at, 4015, 103)
  assert.deepEqual(stale, [])
})

test("trace 08: after a pause that no clock shows the sleeper answers until the new holder's next beat", () => {
  const { losses, stale } = play({
    clientAsksEveryMs: 30,
    acts: [{ at: 3000, do: "freeze", node: C, forMs: 4468, seen: false, buffer: 4 }],
    endMs: 9000,
  })
  assertAt(losses[0]!.at, 7468, 102)
  assert.deepEqual(
    stale.filter(({ at }) => at > 7468 + 102),
    [],
  )
})

test("trace 09: an isolated holder claims nothing, and back it announces and answers nothing lost", () => {
  const { claims, losses, beats, stale, findings } = play({
    clientAsksEveryMs: 30,
    acts: [
      { at: 3000, do: "unplug", node: C, segment: 0 },
      { at: 4320, do: "plug", node: C, segment: 0 },
    ],
  })
  assert.deepEqual(
    claims.map(({ node }) => node),
    [C, B],
  )
  assertAt(beats(C).find(({ beat }) => beat.alone)?.at, 3400, 105)
  assertAt(losses[0]!.at, 4320, 103)
  assert.deepEqual(
    findings
      .filter(({ node }) => node === C)
      .map(({ code, on }) => [code, on])
      .slice(0, 2),
    [
      ["hears-nothing", true],
      ["hears-nothing", false],
    ],
  )
  assert.deepEqual(stale, [])
})
