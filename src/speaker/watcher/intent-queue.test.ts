import assert from "node:assert/strict"
import { test } from "node:test"
import { type Address, parseAddress } from "../../net/address.ts"
import { type Hold, intentsAPage } from "../intent.ts"
import { IntentQueue } from "./intent-queue.ts"

test("an empty cluster is a whole view, said once", () => {
  const queue = new IntentQueue()
  assert.equal(queue.next(), undefined)
  queue.complete()
  assert.deepEqual(queue.next(), { page: [], complete: true })
  queue.acknowledged()
  assert.equal(queue.next(), undefined)
})

test("1,200 groups go in pages of 500, each after the last was taken; the last one makes the view whole", () => {
  const queue = new IntentQueue()
  for (let i = 0; i < 1200; i++) queue.hold(hold(((base as number) + i) as Address))
  queue.complete()
  const sizes: [number, boolean][] = []
  for (let page = queue.next(); page !== undefined; page = queue.next()) {
    assert.equal(queue.next(), undefined, "one page is under way")
    sizes.push([page.page.length, page.complete])
    queue.acknowledged()
  }
  assert.deepEqual(sizes, [
    [intentsAPage, false],
    [intentsAPage, false],
    [200, true],
  ])
})

test("a group that is as it was is not told again", () => {
  const queue = new IntentQueue()
  queue.hold(hold(base))
  queue.next()
  queue.acknowledged()
  queue.hold(hold(base))
  assert.equal(queue.next(), undefined)
  queue.hold({ ...hold(base), links: [] })
  assert.equal(queue.next()?.page.length, 1, "no interface at all is not every interface")
})

test("of several changes only the newest is told", () => {
  const queue = new IntentQueue()
  queue.hold(hold(base))
  queue.hold({ ...hold(base), ready: false })
  queue.letGo(base)
  assert.deepEqual(queue.next()?.page, [{ kind: "let-go", key: base }])
})

test("a group never told is not let go of", () => {
  const queue = new IntentQueue()
  queue.letGo(base)
  assert.equal(queue.next(), undefined)
})

const base = parseAddress("192.168.40.200")!

const hold = (key: Address): Hold => ({
  key,
  addresses: [key],
  grant: 1,
  links: undefined,
  order: [{ node: "w1", score: 0 }],
  ready: true,
  moveTo: undefined,
})
