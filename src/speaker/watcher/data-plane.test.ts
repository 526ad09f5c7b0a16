import assert from "node:assert/strict"
import { test } from "node:test"
import type { ServiceName } from "../../cluster/name.ts"
import { after, type At, type Instant } from "../../time/instant.ts"
import { DataPlane } from "./data-plane.ts"

const radarr = "media/radarr" as ServiceName

test("before the proxy has answered once, nothing is ready", () => {
  const plane = new DataPlane()
  assert.deepEqual(plane.questions(at(0).now), [{ kind: "probe-proxy" }])
  assert.equal(plane.isReady(radarr, at(0)), false)
  plane.proxySaid({ is: "absent" }, at(1))
  assert.equal(plane.isReady(radarr, at(1)), true)
})

test("one question is under way at a time", () => {
  const plane = new DataPlane()
  plane.questions(at(0).now)
  assert.deepEqual(plane.questions(at(60_000).now), [])
  assert.equal(plane.wakeAt(), undefined)
})

test("after a change the proxy is asked every 50 ms until it has synced, then every ten seconds", () => {
  const plane = new DataPlane()
  const asked: number[] = []
  for (let ms = 0; ms < 30_000; ms += 10) {
    if (ms === 5000) plane.changed(radarr, at(ms))
    if (plane.questions(at(ms).now).length === 0) continue
    asked.push(ms)
    const syncedAt = at(ms).wallSeconds >= 8 ? 8 : 2
    plane.proxySaid({ is: "synced", syncedAt, queuedAt: undefined }, at(ms))
  }
  assert.deepEqual(asked.slice(0, 3), [0, 5000, 5050])
  assert.ok(plane.isReady(radarr, at(30_000)))
  const late = asked.filter((ms) => ms > 9000)
  assert.ok(late.length <= 3, `${late.length} questions in 21 quiet seconds`)
})

test("while addresses are served the proxy is asked every second and a half, so that it cannot stand still for long", () => {
  const plane = new DataPlane()
  const asked: number[] = []
  for (let ms = 0; ms < 20_000; ms += 10) {
    if (ms === 5000) plane.serves(true, at(ms))
    if (ms === 12_000) plane.serves(false, at(ms))
    if (plane.questions(at(ms).now).length === 0) continue
    asked.push(ms)
    plane.proxySaid({ is: "synced", syncedAt: 1, queuedAt: undefined }, at(ms))
  }
  assert.deepEqual(asked, [0, 6500, 8000, 9500, 11_000, 12_500])
})

test("where there is no proxy to ask it is asked seldom, whatever is served", () => {
  const plane = new DataPlane()
  plane.questions(at(0).now)
  plane.proxySaid({ is: "absent" }, at(0))
  plane.serves(true, at(10))
  assert.equal(plane.wakeAt(), 30_000)
})

test("a proxy that stays behind is asked at leisure after ten seconds", () => {
  const plane = new DataPlane()
  plane.changed(radarr, at(0))
  let asked = 0
  for (let ms = 0; ms < 60_000; ms += 10) {
    if (plane.questions(at(ms).now).length === 0) continue
    asked++
    plane.proxySaid({ is: "synced", syncedAt: -60, queuedAt: 1 }, at(ms))
  }
  assert.ok(asked < 220, `${asked} questions in a minute`)
  assert.equal(plane.isReady(radarr, at(60_000)), false)
})

test("while others change all the time a Service that did not stays ready, until the proxy hangs", () => {
  const plane = new DataPlane()
  plane.changed(radarr, at(0))
  for (let ms = 500; ms <= 60_000; ms += 500) {
    plane.changed(`media/new-${ms}` as ServiceName, at(ms))
    plane.proxySaid({ is: "synced", syncedAt: ms / 1000 - 0.4, queuedAt: ms / 1000 }, at(ms))
    if (ms >= 3000) assert.equal(plane.isReady(radarr, at(ms)), true, `after ${ms} ms`)
  }
  for (let ms = 61_500; ms <= 66_000; ms += 1500)
    plane.proxySaid({ is: "synced", syncedAt: 59.6, queuedAt: 60 }, at(ms))
  assert.equal(plane.isReady(radarr, at(66_000)), false)
})

test("a clock set back by an hour does not make a Service look newer than the syncs after it", () => {
  const plane = new DataPlane()
  plane.changed(radarr, at(7_200_000))
  plane.proxySaid({ is: "synced", syncedAt: 7200.2, queuedAt: 7200.1 }, at(7_200_300))
  const hourBack = { ...at(7_210_000), wallSeconds: 3610 }
  plane.proxySaid({ is: "synced", syncedAt: 3609, queuedAt: 3608 }, hourBack)
  assert.equal(plane.isReady(radarr, hourBack), true)
  plane.changed(radarr, hourBack)
  plane.proxySaid({ is: "synced", syncedAt: 3609, queuedAt: 3610 }, hourBack)
  assert.equal(plane.isReady(radarr, { ...hourBack, wallSeconds: 3700 }), false, "the proxy stands still")
})

test("a Local Service's health check is asked too, and speaks for it alone", () => {
  const plane = new DataPlane()
  plane.port(radarr, 31_234)
  assert.deepEqual(plane.questions(at(0).now), [{ kind: "probe-proxy" }, { kind: "probe-local", port: 31_234 }])
  plane.proxySaid({ is: "absent" }, at(1))
  plane.localSaid(31_234, "no-endpoints")
  assert.equal(plane.isReady(radarr, at(1)), false)
  assert.equal(plane.isReady("media/sonarr" as ServiceName, at(1)), true)
})

const at = (ms: number): At => ({ now: after(0 as Instant, ms), wallSeconds: Math.floor(ms / 1000), entropy: 1 })
