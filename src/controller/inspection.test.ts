import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import type { Json, JsonObject } from "../kubernetes/http.ts"
import { field, listAt, numberAt, textAt } from "../kubernetes/json.ts"
import { type ControllerProcess, InMemoryControl } from "./in-memory-control.ts"

test("a leader shows that it leads, follows every kind, and what it gave", () => {
  const { control, controller } = running()
  control.createService("media/plex")
  control.run(3000)
  const seen = controller.inspect()
  assert.equal(textAt(seen, "lease", "is"), "leading")
  assert.ok((numberAt(seen, "lease", "mayWriteForMs") ?? 0) > 0)
  const watches = Object.values(field(seen, "watches") as JsonObject)
  assert.deepEqual(
    watches.map((watch) => textAt(watch, "is")),
    watches.map(() => "following"),
  )
  assert.equal(numberAt(seen, "watches", "IPAddressPool", "listed"), 1)
  assert.deepEqual(field(seen, "pools"), [
    { pool: "first-pool", ipv4: { given: 1, free: 15 }, ipv6: { given: 0, free: "0" } },
  ])
  assert.deepEqual(field(seen, "ledgers"), { objects: 1, given: 1, freed: 0 })
  assert.deepEqual(field(seen, "services"), {
    known: 1,
    withoutAddress: { count: 0, first: [] },
    behind: { count: 0, first: [] },
  })
  assert.deepEqual(field(seen, "writes"), { waiting: 0, inFlight: 0 })
  const last = listAt(seen, "rounds").at(-1)
  assert.equal(numberAt(last, "services"), 1)
  assert.ok((numberAt(last, "msAgo") ?? 0) > 0)
  assert.ok(listAt(seen, "rounds").some((round) => (numberAt(round, "writes") ?? 0) > 0))
})

test("a Service without an address is named with every reason; many are counted, and the first named", () => {
  const { control, controller } = running()
  for (let i = 0; i < 60; i++)
    control.createService(`media/app-${i}`, {}, { "metallb.io/address-pool": "no-such-pool" })
  control.run(2000)
  const without = field(controller.inspect(), "services", "withoutAddress")
  assert.equal(numberAt(without, "count"), 60)
  assert.equal(listAt(without, "first").length, 50)
  const [first] = listAt(without, "first")
  assert.equal(textAt(first, "service"), "media/app-0")
  assert.deepEqual(codesOf(first), ["unknown-pool"])
  assert.match(textAt(listAt(first, "because")[0], "says") ?? "", /no-such-pool/)
})

test("a write that is under way is seen, with the Service that waits for it", () => {
  const { control, controller } = running(({ path, method }) => method === "POST" && path.endsWith("/addressledgers"))
  control.createService("media/plex")
  control.run(20)
  const seen = controller.inspect()
  assert.deepEqual(field(seen, "writes"), { waiting: 0, inFlight: 1 })
  assert.deepEqual(listAt(seen, "services", "behind", "first"), [
    { service: "media/plex", because: "ledger-not-written" },
  ])
})

test("a refused write stays to be seen, and so does a kind that cannot be listed any more", () => {
  const { control, controller } = running()
  control.must("DELETE", "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/addressledgers.porchlight.dev")
  control.createService("media/plex")
  control.run(2000)
  const seen = controller.inspect()
  assert.match(textAt(seen, "writes", "lastRefused", "key") ?? "", /^ledger\/first-pool-/)
  assert.match(textAt(seen, "writes", "lastRefused", "says") ?? "", /^The API server will not take it/)
  assert.equal(textAt(seen, "watches", "AddressLedger", "is"), "failing")
  assert.match(textAt(seen, "watches", "AddressLedger", "says") ?? "", /CustomResourceDefinitions/)
  assert.equal(textAt(seen, "watches", "Service", "is"), "following")
})

test("a release that waits for a person is shown with its code", () => {
  const { control, controller } = running()
  for (let i = 0; i < 12; i++) control.createService(`media/app-${i}`)
  control.run(3000)
  control.must("DELETE", "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/first-pool")
  control.run(2000)
  const seen = controller.inspect()
  assert.match(textAt(seen, "heldRelease", "code") ?? "", /^[0-9a-f]{6}$/)
  assert.equal(numberAt(seen, "services", "behind", "count"), 12)
  assert.equal(textAt(listAt(seen, "services", "behind", "first")[0], "because"), "release-held")
})

test("one that follows names the leader, and shows nothing that it did not decide", () => {
  const { control, controller } = running()
  const second = control.start()
  control.createService("media/plex")
  control.run(3000)
  const seen = second.inspect()
  assert.equal(textAt(seen, "lease", "is"), "following")
  assert.equal(textAt(seen, "lease", "holder"), controller.name)
  assert.deepEqual([field(seen, "services"), field(seen, "pools"), field(seen, "rounds")], [null, [], []])
})

test("a leader that cannot reach the API server says since when, and that it writes no more", () => {
  const { control, controller } = running()
  control.createService("media/plex")
  control.run(1000)
  controller.setOnline(false)
  control.run(30_000)
  const seen = controller.inspect()
  assert.equal(field(seen, "services"), null)
  assert.deepEqual([textAt(seen, "lease", "is"), textAt(seen, "lease", "why")], ["stopped", "overdue"])
  assert.match(textAt(seen, "lease", "failing", "says") ?? "", /cannot be reached/)
  assert.ok((numberAt(seen, "watches", "Service", "forMs") ?? 0) > 10_000)
  controller.setOnline(true)
  control.run(60_000)
  const again = controller.inspect()
  assert.deepEqual([textAt(again, "lease", "is"), field(again, "lease", "failing")], ["leading", undefined])
  assert.equal(numberAt(again, "services", "known"), 1)
})

test("only the last rounds are kept", () => {
  const { control, controller } = running()
  for (let i = 0; i < 40; i++) {
    control.createService(`media/app-${i}`)
    control.run(300)
  }
  assert.equal(listAt(controller.inspect(), "rounds").length, 16)
})

const codesOf = (service: Json | undefined) => listAt(service, "because").map((reason) => textAt(reason, "code"))

const crds: readonly JsonObject[] = globSync(join(import.meta.dirname, "../../deploy/crds/*.yaml")).map(
  (file) => parse(readFileSync(file, "utf8")) as JsonObject,
)

/** A cluster with one pool and a controller that leads; `isLost`: requests of its own that never arrive. */
const running = (
  isLost: (request: { readonly method: string; readonly path: string }) => boolean = () => false,
): { readonly control: InMemoryControl; readonly controller: ControllerProcess } => {
  const control = new InMemoryControl(crds)
  control.createPool("first-pool", "10.69.1.150-10.69.1.165")
  const controller = control.start({ befalls: (request) => (isLost(request) ? "lost" : { lateMs: 0 }) })
  control.run(1000)
  return { control, controller }
}
