import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../../net/address.ts"
import { after, type Instant } from "../../time/instant.ts"
import { createGatewayWatch, type GatewayWatch } from "./gateway-watch.ts"

const start = 1000 as Instant
const whoami = parseIpv4("192.168.40.200")!

test("a silent gateway is asked at 0, 0.2, 1.1 and 3 s, then once a minute, and is reported", () => {
  const watch = createGatewayWatch()
  watch.begin(whoami, start)
  assert.deepEqual(askedAt(watch, 130_000), [0, 200, 1100, 3000, 63_000, 123_000])
  assert.deepEqual(watch.unanswered(), [whoami])
})

test("a gateway that answers is left alone for a minute", () => {
  const watch = createGatewayWatch()
  watch.begin(whoami, start)
  watch.due(start)
  watch.confirm(whoami, after(start, 1))
  assert.equal(watch.confirmedAt(whoami), after(start, 1))
  assert.deepEqual(askedAt(watch, 60_100), [60_001])
})

test("a gateway that asks by itself is never asked", () => {
  const watch = createGatewayWatch()
  watch.begin(whoami, start)
  watch.due(start)
  for (let ms = 100; ms < 300_000; ms += 30_000) {
    watch.confirm(whoami, after(start, ms))
    assert.deepEqual(watch.due(after(start, ms + 29_000)), [])
  }
})

test("an address let go is not spoken of again", () => {
  const watch = createGatewayWatch()
  watch.begin(whoami, start)
  watch.end(whoami)
  watch.confirm(whoami, start)
  assert.equal(watch.wakeAt(), undefined)
  assert.equal(watch.confirmedAt(whoami), undefined)
})

const askedAt = (watch: GatewayWatch, untilMs: number): readonly number[] => {
  const asked: number[] = []
  for (let at = watch.wakeAt(); at !== undefined && at <= after(start, untilMs); at = watch.wakeAt())
    for (const _ of watch.due(at)) asked.push(at - start)
  return asked
}
