import assert from "node:assert/strict"
import { test } from "node:test"
import { after, type At, type Instant } from "../../time/instant.ts"
import { HostWatch } from "./host-watch.ts"

test("the kernel is asked every ten seconds, whether or not it answers", () => {
  const host = new HostWatch()
  const asked = Array.from({ length: 35 }, (_, second) => second).filter((second) => host.isDue(at(second * 1000)))
  assert.deepEqual(asked, [0, 10, 20, 30])
})

test("a connection table that is nearly full is said, and no more once it is not", () => {
  const host = new HostWatch()
  const said = (count: number): readonly string[] => {
    host.heard({ connections: { count, max: 1000 }, throttledMs: undefined })
    return host.findings.map(({ message }) => message)
  }
  assert.deepEqual(said(899), [])
  assert.match(said(950)[0] ?? "", /is 90 % full \(at most 1000\).*nf_conntrack_max/)
  assert.match(said(1000)[0] ?? "", /is 100 % full/)
  assert.deepEqual(said(100), [])
})

test("what a CPU limit took before this process looked is history; what it takes now is said with how much", () => {
  const host = new HostWatch()
  const said = (throttledMs: number): readonly string[] => {
    host.heard({ connections: undefined, throttledMs })
    return host.findings.map(({ code, message }) => `${code}: ${message}`)
  }
  assert.deepEqual(said(60_000), [])
  assert.deepEqual(said(60_200), [], "a little is no matter")
  assert.match(said(63_700)[0] ?? "", /^cpu-throttled: .*held this speaker back for 3\.5 s of the last 10/)
  assert.deepEqual(said(63_700), [])
})

const at = (ms: number): At => ({ now: after(0 as Instant, ms), wallSeconds: 0, entropy: 1 })
