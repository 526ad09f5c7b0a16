import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { ApiRequest, Json, JsonObject } from "./http.ts"
import { field, listAt, numberAt, textAt } from "./json.ts"
import { createStoreFixture, namesOf } from "./store-fixture.ts"

const MAPS = "/api/v1/namespaces/default/configmaps"

test("an object made gets a uid, a version and the time of its making", () => {
  const { must } = createStoreFixture()
  const made = must("POST", MAPS, configMap("a"))
  assert.match(
    textAt(made, "metadata", "uid") ?? "",
    /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  assert.equal(textAt(made, "metadata", "creationTimestamp"), "2026-11-21T18:00:00Z")
  assert.deepEqual(must("GET", `${MAPS}/a`), made)
})

test("two stores given the same entropy make the same objects", () => {
  const [a, b] = [createStoreFixture(), createStoreFixture()]
  assert.deepEqual(a.must("POST", MAPS, configMap("a")), b.must("POST", MAPS, configMap("a")))
})

test("refuses a second object of the same name, and one in a namespace that is not there", () => {
  const { ask, must } = createStoreFixture()
  must("POST", MAPS, configMap("a"))
  const twice = ask("POST", MAPS, configMap("a"))
  assert.equal(twice.status, 409)
  assert.equal(textAt(twice.body, "reason"), "AlreadyExists")
  assert.equal(textAt(twice.body, "message"), 'configmaps "a" already exists')
  const lost = ask("POST", "/api/v1/namespaces/nowhere/configmaps", configMap("a"))
  assert.equal(lost.status, 404)
  assert.equal(textAt(lost.body, "message"), 'namespaces "nowhere" not found')
})

test("a write that knows an older version is a conflict, one that knows none is not", () => {
  const { ask, must } = createStoreFixture()
  const made = must("POST", MAPS, configMap("a"))
  must("PUT", `${MAPS}/a`, { ...made, data: { x: "1" } })
  const late = ask("PUT", `${MAPS}/a`, { ...made, data: { x: "2" } })
  assert.equal(late.status, 409)
  assert.match(textAt(late.body, "message") ?? "", /please apply your changes to the latest version/)
  assert.equal(field(must("PUT", `${MAPS}/a`, { ...configMap("a"), data: { x: "3" } }), "data", "x"), "3")
})

test("a write that changes nothing is no change", () => {
  const { must, watch } = createStoreFixture()
  const made = must("POST", MAPS, configMap("a"))
  const events = watch(MAPS, { resourceVersion: textAt(made, "metadata", "resourceVersion") ?? "" })
  assert.deepEqual(must("PUT", `${MAPS}/a`, made), made)
  assert.equal(events.filter((event) => event.kind === "frames").length, 0)
})

test("a dry run answers what would be and stores nothing", () => {
  const { ask, must } = createStoreFixture()
  assert.equal(ask("POST", MAPS, configMap("a"), { query: { dryRun: "All" } }).status, 201)
  assert.equal(ask("GET", `${MAPS}/a`).status, 404)
  must("POST", MAPS, configMap("a"))
  ask("DELETE", `${MAPS}/a`, { dryRun: ["All"] })
  assert.equal(ask("GET", `${MAPS}/a`).status, 200)
})

test("unknown fields are dropped with a warning, or refused where the client wants to know", () => {
  const { ask } = createStoreFixture()
  const sent = { ...configMap("a"), dta: { x: "1" } }
  const strict = ask("POST", MAPS, sent, { query: { fieldValidation: "Strict" } })
  assert.equal(strict.status, 400)
  assert.match(textAt(strict.body, "message") ?? "", /strict decoding error: unknown field "dta"$/)
  const warned = ask("POST", MAPS, sent)
  assert.deepEqual(warned.warnings, ['unknown field "dta"'])
  assert.equal(field(warned.body, "dta"), undefined)
})

test("makes up a name where only its beginning is given", () => {
  const { must } = createStoreFixture()
  const names = [1, 2].map(
    () => textAt(must("POST", MAPS, { metadata: { generateName: "l2-" } }), "metadata", "name") ?? "",
  )
  for (const name of names) assert.match(name, /^l2-[bcdfghjklmnpqrstvwxz2456789]{5}$/)
  assert.notEqual(names[0], names[1])
})

test("what has a finalizer stays, marked, until its keeper lets go", () => {
  const { ask, must, patch } = createStoreFixture()
  must("POST", MAPS, { metadata: { name: "a", finalizers: ["attic.example/keep"] } })
  const marked = must("DELETE", `${MAPS}/a`)
  assert.equal(textAt(marked, "metadata", "deletionTimestamp"), "2026-11-21T18:00:00Z")
  const more = patch(`${MAPS}/a`, { metadata: { finalizers: ["attic.example/keep", "attic.example/more"] } })
  assert.equal(more.status, 422)
  assert.equal(patch(`${MAPS}/a`, { metadata: { finalizers: null } }).status, 200)
  assert.equal(ask("GET", `${MAPS}/a`).status, 404)
})

test("a deletion meant for an earlier object of that name is refused", () => {
  const { ask, must } = createStoreFixture()
  must("POST", MAPS, configMap("a"))
  assert.equal(ask("DELETE", `${MAPS}/a`, { preconditions: { uid: "another" } }).status, 409)
  assert.equal(ask("GET", `${MAPS}/a`).status, 200)
})

test("a namespace takes its content with it, and waits for what has a finalizer", () => {
  const { ask, must, patch } = createStoreFixture()
  must("POST", "/api/v1/namespaces", { metadata: { name: "attic" } })
  const maps = "/api/v1/namespaces/attic/configmaps"
  must("POST", maps, configMap("plain"))
  must("POST", maps, { metadata: { name: "kept", finalizers: ["attic.example/keep"] } })
  must("DELETE", "/api/v1/namespaces/attic")
  assert.equal(textAt(must("GET", "/api/v1/namespaces/attic"), "status", "phase"), "Terminating")
  assert.equal(ask("GET", `${maps}/plain`).status, 404)
  assert.equal(ask("POST", maps, configMap("late")).status, 403)
  patch(`${maps}/kept`, { metadata: { finalizers: null } })
  assert.equal(ask("GET", "/api/v1/namespaces/attic").status, 404)
})

test("pages of one list show one moment, whatever happens between them", () => {
  const { must } = createStoreFixture()
  for (const name of ["a", "b", "c", "d", "e"]) must("POST", MAPS, configMap(name))
  const first = must("GET", MAPS, undefined, { query: { limit: "2" } })
  assert.equal(numberAt(first, "metadata", "remainingItemCount"), 3)
  must("DELETE", `${MAPS}/c`)
  must("POST", MAPS, configMap("bb"))
  const token = textAt(first, "metadata", "continue") ?? ""
  const second = must("GET", MAPS, undefined, { query: { limit: "2", continue: token } })
  assert.deepEqual([...namesOf(first), ...namesOf(second)], ["a", "b", "c", "d"])
  assert.equal(textAt(second, "metadata", "resourceVersion"), textAt(first, "metadata", "resourceVersion"))
})

test("a page asked for too late is expired", () => {
  const { ask, must } = createStoreFixture({ changesMax: 2 })
  for (const name of ["a", "b", "c"]) must("POST", MAPS, configMap(name))
  const token = textAt(must("GET", MAPS, undefined, { query: { limit: "1" } }), "metadata", "continue") ?? ""
  for (const name of ["d", "e", "f", "g"]) must("POST", MAPS, configMap(name))
  const late = ask("GET", MAPS, undefined, { query: { continue: token } })
  assert.equal(late.status, 410)
  assert.equal(textAt(late.body, "reason"), "Expired")
})

test("lists by label and by field", () => {
  const { must } = createStoreFixture()
  must("POST", MAPS, { metadata: { name: "a", labels: { tier: "web" } } })
  must("POST", MAPS, { metadata: { name: "b" } })
  const by = (query: Record<string, string>): readonly string[] => namesOf(must("GET", MAPS, undefined, { query }))
  assert.deepEqual(by({ labelSelector: "tier in (web,db)" }), ["a"])
  assert.deepEqual(by({ labelSelector: "!tier" }), ["b"])
  assert.deepEqual(by({ fieldSelector: "metadata.name=b" }), ["b"])
  assert.deepEqual(by({ fieldSelector: "metadata.name!=b,metadata.namespace=default" }), ["a"])
})

test("a Secret keeps plain text as bytes, and its type", () => {
  const { must, patch } = createStoreFixture()
  const secrets = "/api/v1/namespaces/default/secrets"
  const made = must("POST", secrets, { metadata: { name: "s" }, stringData: { word: "grüß" } })
  assert.deepEqual([made["data"], made["type"], made["stringData"]], [{ word: "Z3LDvMOf" }, "Opaque", undefined])
  assert.equal(patch(`${secrets}/s`, { type: "other" }).status, 422)
})

test("an event written in one of its two shapes is read in the other", () => {
  const { must } = createStoreFixture()
  must("POST", "/apis/events.k8s.io/v1/namespaces/default/events", {
    metadata: { name: "web.1" },
    regarding: { kind: "Service", name: "web" },
    note: "assigned",
    reason: "IPAllocated",
  })
  const core = must("GET", "/api/v1/namespaces/default/events/web.1")
  assert.equal(textAt(core, "message"), "assigned")
  assert.equal(textAt(core, "involvedObject", "name"), "web")
  assert.equal(textAt(must("GET", "/apis/events.k8s.io/v1/namespaces/default/events/web.1"), "note"), "assigned")
})

test("server-side apply is refused with what to do instead", () => {
  const { ask } = createStoreFixture()
  const answer = ask("PATCH", `${MAPS}/a`, undefined, { contentType: "application/apply-patch+yaml" })
  assert.equal(answer.status, 415)
  assert.match(textAt(answer.body, "message") ?? "", /kubectl apply without --server-side/)
})

test("every kind is found through both ways of discovery", () => {
  const { must } = createStoreFixture()
  const plain = listAt(must("GET", "/api/v1"), "resources").map((one) => textAt(one, "name"))
  assert.ok(plain.includes("services/status"))
  const accept = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
  const groups = listAt(must("GET", "/apis", undefined, { accept }), "items").map((one) =>
    textAt(one, "metadata", "name"),
  )
  assert.ok(groups.includes("discovery.k8s.io"))
})

test("paths that are not there are answered as a real server does", () => {
  const { ask } = createStoreFixture()
  const unknown = ask("GET", "/apis/metallb.io/v1beta1/ipaddresspools")
  assert.deepEqual([unknown.status, unknown.body, unknown.text], [404, undefined, "404 page not found\n"])
  assert.equal(textAt(ask("GET", "/api/v1/lamps").body, "reason"), "NotFound")
  assert.equal(ask("DELETE", "/api/v1").status, 405)
})

test("never throws, whatever is asked with whatever body", () => {
  const { ask } = createStoreFixture()
  const paths = ["/api/v1/namespaces/default/services", "/api/v1/namespaces/default/services/a", "/api/v1/namespaces"]
  const crds = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
  fc.assert(
    fc.property(
      fc.constantFrom(...paths, `${paths[1]}/status`, crds, MAPS),
      methods,
      types,
      bodies,
      (path, method, type, body) => {
        assert.ok(ask(method, path, body as Json, { contentType: type }).status >= 200)
      },
    ),
    { numRuns: 3000 },
  )
})

const methods = fc.constantFrom<ApiRequest["method"]>("GET", "POST", "PUT", "PATCH", "DELETE")
const types = fc.constantFrom("json", "merge", "strategic-merge").map((kind) => `application/${kind}-patch+json`)
const word = fc.constantFrom(
  "a",
  "spec",
  "ports",
  "metadata",
  "name",
  "labels",
  "type",
  "LoadBalancer",
  "__proto__",
  "versions",
  "10.96.0.1",
)
const { tree } = fc.letrec<{ tree: unknown }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.boolean(),
    fc.constant(null),
    word,
    fc.array(tie("tree"), { maxLength: 3 }),
    fc.dictionary(word, tie("tree")),
  ),
}))
const service = fc.record({
  metadata: fc.record({ name: fc.constantFrom("a", "b") }),
  spec: fc.dictionary(
    fc.constantFrom("type", "ports", "clusterIP", "clusterIPs", "ipFamilies", "ipFamilyPolicy", "selector"),
    tree,
  ),
})
const bodies = fc.oneof(
  tree,
  service,
  fc.array(
    fc.record({
      op: fc.constantFrom("add", "remove", "copy"),
      path: fc.constantFrom("/spec", "/metadata/name", "/a/0"),
      value: tree,
    }),
  ),
)

const configMap = (name: string): JsonObject => ({ apiVersion: "v1", kind: "ConfigMap", metadata: { name } })
