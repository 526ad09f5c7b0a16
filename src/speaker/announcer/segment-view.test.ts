import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress } from "../../net/address.ts"
import type { Hold, Intent } from "../intent.ts"
import type { Link } from "./link.ts"
import { MemberDirectory } from "./member-directory.ts"
import { SegmentView } from "./segment-view.ts"

test("who has no address on the segment comes last in its order, whatever its rank", () => {
  const { view, ids } = viewOf(["w2"])
  const [group] = groupsOf(view.page([intent({ order: order("w3", "w1", "w2") })], "eth0", true))
  assert.deepEqual(
    group?.order.map(({ node }) => node),
    ids("w1", "w2", "w3"),
  )
})

test("a group that was never for this link is not told; one that was stays known, without this node in its order", () => {
  const { view, ids } = viewOf(["w2", "w3"])
  assert.deepEqual(groupsOf(view.page([intent({ links: ["eth1"] })], "eth0", true)), [])
  view.page([intent({})], "eth0", true)
  const later = view.page([intent({ links: ["eth1"] })], "eth0", true)
  assert.deepEqual(
    groupsOf(later)[0]?.order.map(({ node }) => node),
    ids("w2", "w3"),
  )
  assert.deepEqual(later.kind === "view" && later.gone, [])
})

test("what is let go is gone once, and only where it was known", () => {
  const { view } = viewOf(["w2"])
  const letGo: Intent = { kind: "let-go", key: whoami }
  assert.deepEqual(view.page([letGo], "eth0", true), { kind: "view", groups: [], gone: [], complete: true })
  view.page([intent({})], "eth0", true)
  assert.equal(view.keyOf(whoami), whoami)
  assert.deepEqual(view.page([letGo], "eth0", true), { kind: "view", groups: [], gone: [whoami], complete: true })
  assert.equal(view.keyOf(whoami), undefined)
})

test("an address that passes from one group to another in a page belongs to the new one, in either order", () => {
  const other = parseAddress("192.168.40.201")!
  const [both, alone] = [intent({ addresses: [whoami, other] }), intent({ key: other, addresses: [other] })]
  for (const page of [
    [intent({}), alone],
    [alone, intent({})],
  ]) {
    const { view } = viewOf([])
    view.page([both], "eth0", true)
    view.page(page, "eth0", true)
    assert.equal(view.keyOf(other), other)
    assert.equal(view.keyOf(whoami), whoami)
  }
})

const whoami = parseAddress("192.168.40.200")!

const viewOf = (near: readonly string[]) => {
  const directory = new MemberDirectory("w1")
  const addresses = [parseAddress("192.168.40.12")!]
  const members = ["w1", "w2", "w3"].map((node) => ({
    node,
    addresses: near.includes(node) ? addresses : [],
    reported: [],
  }))
  directory.list(members, link)
  const ids = (...nodes: readonly string[]) => nodes.map((node) => directory.idOf(node))
  return { view: new SegmentView("w1", directory), ids }
}

const link: Link = {
  index: 2,
  name: "eth0",
  mac: 1 as Link["mac"],
  arp: true,
  linkLocal: undefined,
  ipv4: undefined,
  addresses: [],
  prefixes: [{ family: 4, address: parseAddress("192.168.40.0") as never, length: 24 }],
  gateway4: undefined,
  gateway6: undefined,
}

const order = (...nodes: readonly string[]): Hold["order"] => nodes.map((node) => ({ node, score: 0 }))

const intent = (change: Partial<Hold>): Intent => ({
  kind: "hold",
  hold: {
    key: whoami,
    addresses: [whoami],
    grant: 1,
    links: undefined,
    order: order("w1", "w2", "w3"),
    ready: true,
    moveTo: undefined,
    ...change,
  },
})

const groupsOf = (input: ReturnType<SegmentView["page"]>) => (input.kind === "view" ? input.groups : [])
