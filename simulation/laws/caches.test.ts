import assert from "node:assert/strict"
import { test } from "node:test"
import { clientPort } from "../lan.ts"
import { framesMove } from "../profiles/frames.ts"
import { simulate } from "../simulate.ts"
import type { World } from "../world.ts"
import { cachesFollow, speaksForItsOwn } from "./caches.ts"

const follows = cachesFollow(3, { from: 0 })

test("a host that missed the announcement of a move is found out", () => {
  const world = movedWorld()
  assert.equal(follows.broken(world), undefined)
  const { pointers } = world.history
  const lastOfClient = pointers.findLastIndex(
    ({ host, address }) => host === clientPort && address === addressOf(world),
  )
  pointers.splice(lastOfClient, 1)
  assert.match(follows.broken(world)!, /the client \(IPv4\) sent packets for group 0 elsewhere than to node/)
})

test("a node that speaks for what it does not answer for is found out", () => {
  const world = movedWorld()
  assert.equal(speaksForItsOwn.broken(world), undefined)
  world.history.unheld.push({ segment: 0, group: 0, at: 5000, node: 1, op: "reply" })
  assert.match(speaksForItsOwn.broken(world)!, /node 1 sent a reply for group 0 at 5000.0, not holding it/)
})

const addressOf = (world: World) => world.groups[0]!.addresses[0]

/** Seed 1: a holder leaves and hands its address over. */
const movedWorld = (): World => {
  const { world } = simulate(framesMove.scenario(1))
  assert.ok(world.history.claims.some(({ isMove, group }) => isMove && group === 0))
  return world
}
