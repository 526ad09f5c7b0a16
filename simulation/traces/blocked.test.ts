import assert from "node:assert/strict"
import { test } from "node:test"
import type { Act } from "../act.ts"
import { A, assertAt, B, C, play } from "./stage.ts"

test("trace 15: a filtered beat port moves nothing: questions on the wire are answered, and the alarm names the port", () => {
  const { claims, findings, questions } = play({
    acts: [{ at: 3000, do: "filter", node: C, segment: 0, channel: "beat" }],
    endMs: 30_000,
  })
  assert.equal(claims.length, 1)
  assert.ok(findings.some(({ code, at, on }) => code === "beats-blocked" && on && at < 5300))
  const later = questions(B)
    .filter(({ at, to }) => to === C && at > 10_000)
    .map(({ at }) => at)
  assert.ok(later.length > 15 && later.length < 22, `${later.length} questions in 20 s: about one a second`)
})

test("trace 16: a holder whose receive path is dead says so, and is replaced", () => {
  const { claims, losses, announcements, stale } = play({
    acts: [
      { at: 3000, do: "deafen", node: C, segment: 0 },
      { at: 6000, do: "undeafen", node: C, segment: 0 },
    ],
    clientAsksEveryMs: 100,
  })
  assert.deepEqual(
    claims.map(({ node, because }) => [node, because.code]),
    [
      [C, "first-claim"],
      [B, "holder-deaf"],
    ],
  )
  assert.ok(claims[1]!.at <= 3800, `${claims[1]!.at}`)
  assert.deepEqual(
    announcements(C).filter(({ at }) => at > 3500),
    [],
  )
  assertAt(losses[0]!.at, 6000, 102)
  assert.deepEqual(stale, [])
})

test("trace 17: all others forget while the holder sleeps, and it takes nothing back", () => {
  const acts = [A, C].flatMap((node): Act[] => [
    { at: 6010, do: "crash", node },
    { at: 6600, do: "start", node },
  ])
  const { claims, losses, answerersAt } = play({
    groups: [{ order: [B, C, A] }],
    acts: [{ at: 6000, do: "freeze", node: B, forMs: 9000, seen: true, buffer: 4 }, ...acts],
    endMs: 18_000,
  })
  assert.deepEqual(
    claims.map(({ node }) => node),
    [B, C],
  )
  assert.ok(claims[1]!.epoch > claims[0]!.epoch)
  assert.equal(losses[0]!.node, B)
  assert.deepEqual(answerersAt(17_000), [C])
})

test("trace 18: two equal claims after a cut: the lower node id keeps it, and announces again", () => {
  const cuts = [
    [A, B],
    [B, A],
  ] as const
  const { claims, losses, announcements, answerersAt } = play({
    nodes: 2,
    groups: [{ order: [A, B], otherOrders: new Map([[B, [B, A]]]) }],
    acts: cuts.flatMap(([from, to]): Act[] => [
      { at: 0, do: "cut", from, to, segment: 0 },
      { at: 1900, do: "mend", from, to, segment: 0 },
    ]),
  })
  assert.equal(claims.length, 2)
  assert.equal(claims[0]!.epoch, claims[1]!.epoch)
  assert.deepEqual(
    losses.map(({ node, because }) => [node, because.code]),
    [[B, "better-claim"]],
  )
  assert.deepEqual(answerersAt(2100), [A])
  assert.ok(announcements(A).some(({ at }) => at > 1900 && at < 2105))
})

test("trace 19: another program answers on C: C is offered the address and is its holder", () => {
  const { claims } = play({ groups: [{ order: [A, B, C], otherHolder: C }], acts: [] })
  assert.deepEqual(
    claims.map(({ node, because }) => [node, because.code]),
    [[C, "adopted"]],
  )
  assertAt(claims[0]!.at, 500, 6)
})

test("trace 20: all become not ready: nobody moves; the holder alone does: it moves after two seconds without a gap", () => {
  const all = play({
    acts: [A, B, C].map((node, i) => ({ at: 3000 + i * 100, do: "ready" as const, node, ready: false })),
    endMs: 12_000,
  })
  assert.equal(all.claims.length, 1)
  assert.deepEqual(all.answerersAt(11_000), [C])
  const alone = play({ acts: [{ at: 3000, do: "ready", node: C, ready: false }] })
  assert.equal(alone.claims[1]!.because.code, "offered")
  assertAt(alone.claims[1]!.at, 5020, 300)
  assertAt(alone.losses[0]!.at, alone.claims[1]!.at, 1.1)
})
