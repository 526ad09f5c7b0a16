import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { Address } from "../net/address.ts"
import { beatBytes, createClaimLog, logChange, pageAfter, tidyLog } from "./log.ts"

test("pages of any size, lost at random, tell a receiver in the end exactly what is claimed", () => {
  fc.assert(
    fc.property(
      fc.array(changes, { maxLength: 60 }),
      fc.integer({ min: 29, max: 200 }),
      fc.array(fc.boolean()),
      (list, bytes, lost) => {
        const log = createClaimLog()
        const receiver = { version: 0, claims: new Map<Address, number>() }
        for (const [step, { kind, address, grant }] of list.entries()) {
          logChange(log, kind, address, grant, 1)
          if (lost[step] !== true) receivePage(receiver, log, bytes)
          tidyLog(log, receiver.version)
        }
        for (let round = 0; receiver.version < log.version; round++) {
          assert.ok(round <= list.length, "every page brings the receiver further")
          receivePage(receiver, log, bytes)
        }
        const wanted = new Map<Address, number>()
        for (const { kind, address, grant } of list) {
          if (kind === "claimed") wanted.set(address, grant)
          else wanted.delete(address)
        }
        assert.deepEqual([...receiver.claims].sort(byAddress), [...wanted].sort(byAddress))
      },
    ),
  )
})

test("a page never has more bytes or entries than a beat has room for", () => {
  const log = createClaimLog()
  for (let i = 0; i < 1000; i++) logChange(log, "claimed", (0x0a000000 + i) as Address, 1, 1)
  const room = beatBytes.page - beatBytes.fixed - 4 * beatBytes.heard
  let pages = 0
  for (let base = 0; base < log.version; pages++) {
    const { page, bytes } = pageAfter(log, base, room)
    assert.ok(bytes <= room && page.changes.length <= beatBytes.listMax)
    base = page.pageEnd
  }
  assert.equal(pages, 16, "1,000 IPv4 addresses are 16 datagrams at five nodes")
})

test("releases that every peer has acknowledged are dropped, so that a log stays as long as what is claimed", () => {
  const log = createClaimLog()
  for (let i = 0; i < 10_000; i++) {
    logChange(log, i % 2 === 0 ? "claimed" : "free", (0x0a000000 + (i >> 1)) as Address, 1, i)
    tidyLog(log, log.version)
  }
  assert.ok(log.changes.length < 128, `${log.changes.length} changes`)
})

const receivePage = (
  receiver: { version: number; claims: Map<Address, number> },
  log: ReturnType<typeof createClaimLog>,
  bytes: number,
): void => {
  const { page } = pageAfter(log, receiver.version, bytes)
  for (const { kind, address, grant } of page.changes) {
    if (kind === "claimed") receiver.claims.set(address, grant)
    else receiver.claims.delete(address)
  }
  receiver.version = page.pageEnd
}

const byAddress = (a: [Address, number], b: [Address, number]): number => (a[0] < b[0] ? -1 : 1)

const changes = fc.record({
  kind: fc.constantFrom("claimed" as const, "free" as const, "revoked" as const),
  address: fc.oneof(
    fc.integer({ min: 1, max: 9 }).map((n) => n as Address),
    fc.bigInt({ min: 1n << 64n, max: (1n << 64n) + 5n }).map((n) => n as Address),
  ),
  grant: fc.integer({ min: 1, max: 5 }),
})
