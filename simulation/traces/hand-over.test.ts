import assert from "node:assert/strict"
import { test } from "node:test"
import { A, assertAt, B, C, play } from "./stage.ts"

test("trace 10: a planned move has no gap and overlaps by one delay", () => {
  const { claims, losses, answerersAt } = play({ acts: [{ at: 3000, do: "give", group: 0, to: A }] })
  assert.deepEqual(
    claims.map(({ node, because }) => [node, because.code]),
    [
      [C, "first-claim"],
      [A, "offered"],
    ],
  )
  assertAt(claims[1]!.at, 3000, 1)
  assertAt(losses[0]!.at, claims[1]!.at, 1)
  assert.deepEqual(losses[0]!.because, { code: "handed-over", because: { code: "told-to-move", to: 0x3c6ef362 } })
  assert.deepEqual(answerersAt(3003), [A])
})

test("trace 10: a target that is not ready does not claim, and the offer ends after a second", () => {
  const { claims, findings, beats } = play({
    acts: [
      { at: 2500, do: "ready", node: A, ready: false },
      { at: 3000, do: "give", group: 0, to: A },
    ],
  })
  assert.equal(claims.length, 1)
  const offering = beats(C)
    .filter(({ beat }) => beat.offers.length > 0)
    .map(({ at }) => at)
  assertAt(offering[0], 3000, 1)
  assert.ok(offering.at(-1)! <= 4001)
  assert.equal(findings.find(({ on }) => on)?.code, "nobody-takes")
})

test("trace 11: who leaves offers all, lets go when it is claimed, and exits when all know", () => {
  const { claims, losses, beats } = play({
    groups: [{ order: [C, B, A] }, { order: [C, A, B] }],
    acts: [{ at: 3000, do: "stop", node: C, how: "leaving", backAfterMs: undefined }],
  })
  const takers = new Map(claims.slice(2).map(({ group, node }) => [group, node]))
  assert.deepEqual([takers.get(0), takers.get(1), claims.length], [B, A, 4])
  for (const loss of losses) assertAt(loss.at, 3000, 2.1)
  assert.ok(beats(C).at(-1)!.at < 3110, "it is gone when its peers have acknowledged")
})

test("trace 12: a restart within its promise moves nothing: peers tell the new process what it held", () => {
  const { claims, moves, beats } = play({
    groups: [{ order: [B, C, A] }],
    acts: [{ at: 3000, do: "stop", node: B, how: "restarting", backAfterMs: 300 }],
  })
  assert.deepEqual(
    claims.map(({ node, because }) => [node, because.code]),
    [
      [B, "first-claim"],
      [B, "held-before-restart"],
    ],
  )
  assert.equal(moves, 0)
  assert.ok(claims[1]!.epoch > claims[0]!.epoch)
  const exited = beats(B).findLast(({ beat }) => beat.state === "restarting")!.at
  assert.ok(exited >= 3200 && exited <= 3251)
  assertAt(claims[1]!.at, 3250 + 300 + 500, 5)
  assert.ok(beats(A).some(({ beat }) => beat.estate.length === 1))
})

test("trace 12: without a return the first of the others claims when the promise ends", () => {
  const { claims } = play({
    groups: [{ order: [B, C, A] }],
    acts: [{ at: 3000, do: "stop", node: B, how: "restarting", backAfterMs: undefined }],
    endMs: 34_000,
  })
  assert.deepEqual(
    claims.map(({ node, because }) => [node, because.code]),
    [
      [B, "first-claim"],
      [C, "promise-broken"],
    ],
  )
  assertAt(claims[1]!.at, 33_200, 60)
})

test("trace 13: an address given anew behind the holder's back is claimed at once by the first of the new order", () => {
  const { claims, losses } = play({
    acts: [
      { at: 3900, do: "api", node: C, reachable: false },
      { at: 4000, do: "grant", group: 0, order: [B, A] },
    ],
  })
  assert.deepEqual(
    claims.map(({ node, grant }) => [node, grant]),
    [
      [C, 1],
      [B, 2],
    ],
  )
  assertAt(claims[1]!.at, 4020, 300)
  assertAt(losses[0]!.at, claims[1]!.at, 1.1)
})

test("trace 13: a holder that is in the new order has a second to raise its own claim", () => {
  const blind = play({
    acts: [
      { at: 3900, do: "api", node: C, reachable: false },
      { at: 4000, do: "grant", group: 0, order: [B, C, A] },
    ],
  })
  assert.deepEqual(
    blind.claims.map(({ node, because }) => [node, because.code]),
    [
      [C, "first-claim"],
      [B, "newer-grant"],
    ],
  )
  assertAt(blind.claims[1]!.at, 5020, 300)
  const seeing = play({ acts: [{ at: 4000, do: "grant", group: 0, order: [B, C, A] }] })
  assert.equal(seeing.claims.length, 1)
})

test("trace 14: a deleted address stays away although a late view still has it; a new grant is claimed", () => {
  const { claims, losses, answerersAt } = play({
    viewDelayMs: [20, 2000],
    seed: 4,
    acts: [
      { at: 5000, do: "delete", group: 0 },
      { at: 8000, do: "grant", group: 0, order: [C, B, A] },
    ],
    endMs: 12_000,
  })
  assert.equal(losses[0]!.because.code, "deleted")
  assert.deepEqual(
    claims.filter(({ at }) => at > losses[0]!.at && at < 8000),
    [],
  )
  assert.deepEqual(answerersAt(7500), [])
  assert.equal(claims.at(-1)!.grant, 2)
})
