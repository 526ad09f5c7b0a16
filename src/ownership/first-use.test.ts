import assert from "node:assert/strict"
import { test } from "node:test"
import type { Ipv6 } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import { activeRig, address, claimed, group, only, second, self, third } from "./rig.ts"

const strangerMac = 0x02ffffffff01 as Mac

test("asks everybody three times, 30 ms apart, and then claims", () => {
  const rig = activeRig([group()])
  const outputs = rig.pass(250)
  assert.equal(only(outputs, "ask").filter(({ whom }) => whom === "everybody").length, 3)
  assert.deepEqual(
    only(outputs, "moved").map(({ because }) => because.code),
    ["first-claim"],
  )
  assert.equal(rig.segment.inspect(rig.now() as never).addresses[0]!.state.is, "holding")
})

test("asks for every address of a group, of both families", () => {
  const other = 0x20010db8000000000000000000000001n as Ipv6
  const rig = activeRig([group({ addresses: [address, other] })])
  const asked = only(rig.pass(250), "ask").map((ask) => ask.address)
  assert.deepEqual(asked, [address, other, address, other, address, other])
})

test("a stranger's answer is a conflict: nothing is announced, and it is asked again after ten seconds", () => {
  const rig = activeRig([group()])
  rig.pass(160)
  const found = rig.feed({ kind: "foreign", address, mac: strangerMac, member: undefined })
  assert.deepEqual(
    only(found, "finding").map(({ finding }) => finding),
    [{ code: "stranger-answers", address, mac: strangerMac }],
  )
  const meanwhile = rig.pass(9900)
  assert.equal(only(meanwhile, "announce").length + only(meanwhile, "ask").length, 0)
  const later = rig.pass(300)
  assert.equal(only(later, "ask").length, 3)
  assert.deepEqual(
    only(later, "moved").map(({ because }) => because.code),
    ["first-claim"],
  )
  assert.ok(only(later, "finding").some(({ finding, on }) => finding.code === "stranger-answers" && !on))
})

test("a member's other program keeps what it holds: the member is offered it and claims it", () => {
  const rig = activeRig([group()])
  rig.pass(160)
  const offers = only(rig.feed({ kind: "foreign", address, mac: strangerMac, member: third }), "beat")
  assert.deepEqual(
    offers.flatMap(({ beat }) => beat.offers.map((offer) => [beat.to, offer.epoch])),
    [[third, 0]],
  )
  rig.beat(third, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  assert.deepEqual(rig.segment.inspect(rig.now() as never).addresses[0]!.state, { is: "elsewhere", holder: third })
})

test("a member that answers and does not take the offer is a finding, and the address is claimed all the same", () => {
  const rig = activeRig([group()])
  rig.pass(160)
  rig.feed({ kind: "foreign", address, mac: strangerMac, member: third })
  const outputs = rig.pass(1010)
  assert.ok(only(outputs, "finding").some(({ finding }) => finding.code === "member-answers"))
  assert.deepEqual(
    only(outputs, "moved").map(({ to }) => to),
    [self],
  )
})

test("an answer without token blocks nothing once the address was ever claimed", () => {
  const rig = activeRig([group()])
  rig.pass(300)
  const outputs = rig.feed({ kind: "foreign", address, mac: strangerMac, member: undefined })
  assert.deepEqual(
    only(outputs, "finding").map(({ finding }) => finding.code),
    ["answered-without-token"],
  )
  assert.equal(only(outputs, "moved").length, 0)
})

test("an address given anew to somebody else is in first use again: a stranger who took it meanwhile is a conflict", () => {
  const rig = activeRig([group()])
  rig.pass(300)
  rig.feed({ kind: "view", groups: [], gone: [address], complete: true })
  rig.pass(1000)
  rig.feed({ kind: "view", groups: [group({ grant: 2 })], gone: [], complete: true })
  rig.pass(40)
  const found = rig.feed({ kind: "foreign", address, mac: strangerMac, member: undefined })
  assert.deepEqual(rig.segment.inspect(rig.now() as never).addresses[0]!.state.is, "conflict")
  assert.ok(only(found, "finding").some(({ finding }) => finding.code === "stranger-answers"))
})

test("an address that its claimant let go is asked for before it is claimed: another may hold it unheard", () => {
  for (const without of [[], ["probes-after-release"]] as const) {
    const rig = activeRig([], { without: new Set(without) })
    rig.living.delete(third)
    rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
    rig.pass(600)
    rig.feed({ kind: "view", groups: [group()], gone: [], complete: true })
    rig.living.set(second, { changes: [{ ...claimed(2), kind: "free" }], base: 1, pageEnd: 2, total: 2 })
    const outputs = rig.pass(560)
    assert.equal(only(outputs, "ask").length > 0, without.length === 0)
    const question = only(outputs, "ask")[0]
    if (question !== undefined) rig.feed({ kind: "answer", from: third, address, holds: 1, nonce: question.nonce })
    const moved = only([...outputs, ...rig.pass(100)], "moved")
    assert.equal(moved.length, without.length === 0 ? 0 : 1)
  }
})

test("a member heard only by its token counts as holder while it answers", () => {
  const rig = activeRig([group()], {}, [second])
  rig.pass(160)
  const question = only(rig.pass(30), "ask")[0]!
  rig.feed({ kind: "answer", from: third, address, holds: 1, nonce: question.nonce })
  const outputs = rig.pass(3000)
  assert.equal(only(outputs, "moved").length, 0)
  const asked = only(outputs, "ask").filter(({ whom }) => whom === third)
  assert.ok(asked.length >= 1, "it is asked again")
  const dead = rig.pass(1500)
  assert.deepEqual(
    only(dead, "moved").map(({ because }) => because.code),
    ["holder-silent"],
  )
})

test("a member that answers a question to all, whose beat has not said so yet, has a window to say it", () => {
  const rig = activeRig([group()])
  const question = only(rig.pass(180), "ask")[0]!
  rig.feed({ kind: "answer", from: second, address, holds: 1, nonce: question.nonce })
  assert.equal(only(rig.pass(480), "moved").length, 0)
  rig.living.set(second, { changes: [claimed(1)], pageEnd: 1, total: 1 })
  rig.pass(200)
  assert.deepEqual(rig.segment.inspect(rig.now() as never).addresses[0]!.state, { is: "elsewhere", holder: second })
})

test("a member that answered and whose beats never say so is asked again, and then not believed", () => {
  const rig = activeRig([group()])
  const question = only(rig.pass(180), "ask")[0]!
  rig.feed({ kind: "answer", from: second, address, holds: 1, nonce: question.nonce })
  const outputs = rig.pass(700)
  assert.equal(only(outputs, "ask").length, 3)
  assert.equal(only(outputs, "moved").length, 1)
})

test("a finding about an event is withdrawn when the event does not come again for a minute", () => {
  const rig = activeRig([group()])
  rig.pass(300)
  rig.feed({ kind: "foreign", address, mac: strangerMac, member: undefined })
  assert.equal(only(rig.pass(59_000), "finding").length, 0)
  assert.deepEqual(
    only(rig.pass(2000), "finding").map(({ finding, on }) => [finding.code, on]),
    [["answered-without-token", false]],
  )
})

test("an answer with a nonce this node did not draw is a recording and changes nothing", () => {
  const rig = activeRig([group()])
  const question = only(rig.pass(180), "ask")[0]!
  rig.feed({ kind: "answer", from: second, address, holds: 1, nonce: question.nonce + 1 })
  assert.equal(only(rig.pass(200), "moved").length, 1)
})
