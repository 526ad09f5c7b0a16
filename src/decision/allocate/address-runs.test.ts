import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { Address } from "../../net/address.ts"
import { clusterOf, networkObject, poolObject } from "../../cluster/cluster-fixture.ts"
import type { PoolName } from "../../cluster/name.ts"
import { createAddressRuns } from "./address-runs.ts"
import { createAllocator } from "./allocator.ts"

for (const family of [4, 6] as const)
  test(`runs of IPv${family} addresses hold what a plain set holds`, () => {
    const at = (number: number): Address => (family === 4 ? number : 2n ** 64n + BigInt(number)) as Address
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.nat(20)), { maxLength: 60 }), (steps) => {
        const runs = createAddressRuns()
        const plain = new Set<number>()
        for (const [isAdded, number] of steps) {
          if (isAdded) plain.add(number)
          else plain.delete(number)
          if (isAdded) runs.add(at(number))
          else runs.remove(at(number))
        }
        for (let number = 0; number <= 21; number++) {
          let end = number
          while (plain.has(end + 1)) end++
          assert.equal(runs.endOfRun(at(number)), plain.has(number) ? at(end) : undefined)
        }
      }),
    )
  })

test("capacity is counted as MetalLB counts, reservations that overlap count once", () => {
  const facts = networkObject({
    subnets: [{ name: "lan", dhcp: { ranges: ["10.0.0.0-10.0.0.9", "10.0.0.5-10.0.0.14"] } }],
  })
  const cluster = clusterOf(
    facts,
    poolObject("plain", ["10.0.0.0/24"]),
    poolObject("wide", ["10.1.0.0/22", "10.2.0.128/25", "10.2.1.0/30", "10.2.2.5/32"], { avoidBuggyIPs: true }),
    poolObject("huge", ["2001:db8::/64", "2001:db9::/120"]),
    poolObject("small", ["2001:dba::/120"]),
  )
  const allocator = createAllocator()
  allocator.decide(cluster, { kind: "everything" }, 0)
  const capacity = (pool: string, family: 4 | 6): unknown => allocator.use(pool as PoolName, family)?.capacity
  assert.deepEqual(
    [capacity("plain", 4), capacity("wide", 4), capacity("huge", 6), capacity("small", 6)],
    [256, 1024 - 8 + 127 + 3 + 1, 9223372036854775807n, 256n],
  )
  assert.equal(allocator.use("plain" as PoolName, 4)?.reserved, 15)
})
