import assert from "node:assert/strict"
import { test } from "node:test"
import type { JsonObject } from "../kubernetes/http.ts"
import type { Instant } from "../time/instant.ts"
import { createOwnWrites } from "./own-writes.ts"

test("what a watch tells of older versions than our own write does not take us back", () => {
  const own = createOwnWrites()
  own.wrote("Service", "media/plex", version(20), at(0))
  assert.equal(own.told("Service", "media/plex", version(18)), "old")
  assert.equal(own.told("Service", "media/plex", version(20)), "news")
  assert.equal(own.told("Service", "media/plex", version(21)), "news")
})

test("the answer to a write that comes after others wrote is no news", () => {
  const own = createOwnWrites()
  own.asked("Service", "media/plex")
  own.told("Service", "media/plex", version(30))
  assert.equal(own.wrote("Service", "media/plex", version(20), at(0)), "old")
  assert.equal(own.wrote("Service", "media/plex", version(30), at(0)), "old")
  assert.equal(own.wrote("Service", "media/plex", version(31), at(0)), "news")
  assert.equal(own.dueAt(), 30_000)
})

test("an answer older than what was told long before the write was asked for is news: the server went back (43)", () => {
  const own = createOwnWrites()
  own.told("Service", "media/plex", version(9000))
  own.asked("Service", "media/plex")
  assert.equal(own.wrote("Service", "media/plex", version(110), at(0)), "went-back")
  own.asked("Service", "media/plex")
  own.told("Service", "media/plex", version(112))
  assert.equal(own.wrote("Service", "media/plex", version(111), at(1)), "old", "this one is only late")
})

test("after a list that was asked for later than our write, its older version is the truth: etcd was restored (43)", () => {
  const own = createOwnWrites()
  own.wrote("AddressLedger", "first-10.69.1.0", version(9000), at(0))
  own.listing("Service")
  assert.equal(own.told("AddressLedger", "first-10.69.1.0", version(110)), "old")
  own.listing("AddressLedger")
  assert.equal(own.told("AddressLedger", "first-10.69.1.0", version(110)), "went-back")
})

test("an answer older than our own write before it is news: that one was never kept (149)", () => {
  const own = createOwnWrites()
  own.told("IPAddressPool", "metallb-system/first", version(20))
  own.asked("IPAddressPool", "metallb-system/first")
  own.wrote("IPAddressPool", "metallb-system/first", version(21), at(0))
  own.asked("IPAddressPool", "metallb-system/first")
  assert.equal(own.wrote("IPAddressPool", "metallb-system/first", version(20), at(1)), "went-back")
})

test("a watch that comes late tells of the end of a former object of that name: ours stays", () => {
  const own = createOwnWrites()
  own.wrote("Service", "media/plex", { metadata: { resourceVersion: "20", uid: "second" } }, at(0))
  assert.equal(own.told("Service", "media/plex", undefined, "first"), "old")
  assert.equal(own.told("Service", "media/plex", undefined, "second"), "news")
})

test("a write that no watch tells of within half a minute asks once for a list (149)", () => {
  const own = createOwnWrites()
  own.wrote("AddressLedger", "first-10.69.1.0", version(20), at(0))
  assert.deepEqual([...own.overdue(at(29_999))], [])
  assert.deepEqual([...own.overdue(at(30_000))], ["AddressLedger"])
  assert.deepEqual([...own.overdue(at(90_000))], [])
  own.listing("AddressLedger")
  assert.deepEqual(own.listed("AddressLedger"), ["first-10.69.1.0"], "and what that list lacks is gone")
  assert.equal(own.dueAt(), undefined)
})

test("a list that was not asked for because of a write says nothing of it", () => {
  const own = createOwnWrites()
  own.wrote("AddressLedger", "first-10.69.1.0", version(20), at(0))
  own.listing("AddressLedger")
  assert.deepEqual(own.listed("AddressLedger"), [])
  assert.equal(own.dueAt(), 30_000)
})

const version = (resourceVersion: number): JsonObject => ({ metadata: { resourceVersion: String(resourceVersion) } })
const at = (ms: number): Instant => ms as Instant
