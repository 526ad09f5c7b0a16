import assert from "node:assert/strict"
import { test } from "node:test"
import type { JsonObject } from "../../kubernetes/http.ts"
import { styleFor } from "../style.ts"
import { madeAt, madeSurvey, scenarioObjects, service, speaker, withFieldOf } from "../survey/made-survey.ts"
import type { Facts } from "../survey/survey.ts"
import { bgpObjectsIn } from "./bgp-objects.ts"
import { sideBySide } from "./side-by-side.ts"
import { statusLines } from "./status-lines.ts"
import { statusReport } from "./status-report.ts"

const attic = scenarioObjects("first-light")
/** Gives whoami its address, whatever pools there are. */
const ledger: JsonObject = {
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "AddressLedger",
  metadata: { name: "porch-192.168.40.0" },
  spec: {
    pool: "porch",
    grantFloor: 1,
    entries: [
      {
        address: "192.168.40.200",
        grant: 1,
        by: "pool",
        since: "2026-10-01T00:00:00Z",
        owners: [{ service: "demo/whoami", uid: "", terms: "" }],
      },
    ],
  },
}
const running = [
  ...withFieldOf(attic, "Service", "whoami", ["status"], { loadBalancer: { ingress: [{ ip: "192.168.40.200" }] } }),
  speaker("attic-1", []),
  speaker("attic-2", [{ address: "192.168.40.200", seenSecondsAgo: 3 }]),
  speaker("attic-3", []),
]

test("a healthy cluster is one screen: who announces, who is next, what the pool has left", () => {
  const text = print(running)
  assert.equal(text[0], "made   1 Service, all announced   3 nodes, 3 speakers   dump, 0.0 s old")
  assert.match(text[2]!, /^SERVICE +ADDRESS +NODE +NEXT +ROUTER SAW IT +PORTS$/)
  assert.match(text[3]!, /^demo\/whoami +192\.168\.40\.200 +attic-2 +attic-3 +3 s ago +80$/)
  assert.ok(
    text.some((line) => /porch +192\.168\.40\.200-192\.168\.40\.219 +1 of 20 given, next 192\.168\.40\.201/.test(line)),
  )
})

test("what keeps its address until a person confirms its release is announced meanwhile, and by whom", () => {
  const reason = "ReleaseWaits"
  const text = print(
    withFieldOf(
      running.filter(({ kind }) => kind !== "IPAddressPool").concat(ledger),
      "Service",
      "whoami",
      ["status", "conditions"],
      [{ type: "porchlight.dev/Allocated", status: "True", reason, message: "1 of 1 addresses would go back" }],
    ),
  )
  assert.match(text[0]!, /1 Service, all announced/)
  assert.match(text[1]!, /^✗ demo\/whoami \(ReleaseWaits\)/)
  assert.ok(text.some((line) => /^demo\/whoami +192\.168\.40\.200 +attic-2 +attic-3 +3 s ago +80$/.test(line)))
})

test("trouble comes first and each line of it ends in the next command to type", () => {
  const broken = [
    ...running.filter(({ kind }) => kind !== "EndpointSlice").map(withoutHolds),
    ...service("mail/smtp", {}, { "metallb.io/address-pool": "proch" }),
  ]
  const report = statusReport(madeSurvey(broken, { again: " --from dump.yaml" }), madeAt)
  assert.deepEqual(
    report.troubles.map(({ severity, code, next }) => [severity, code, next]),
    [
      ["broken", "silent", "porchlight explain whoami --from dump.yaml"],
      ["broken", "pending", "porchlight explain smtp --from dump.yaml"],
    ],
  )
  const text = statusLines(report, plain)
  assert.match(
    text[1]!,
    /^✗ demo\/whoami 192\.168\.40\.200 {3}nobody announces it: no pod of demo\/whoami is ready {5}porch/,
  )
})

test("who else answers for an address is named by MAC and what it is, also where the address is announced all the same", () => {
  const contested = [
    { address: "192.168.40.200", mac: "52:54:00:28:00:66", class: "other-cluster" },
    { address: "192.168.40.200", mac: "52:54:00:28:00:03", class: "member", node: "attic-3" },
  ]
  const seen = [
    ...running.slice(0, -2),
    speaker("attic-2", [{ address: "192.168.40.200" }], { contested }),
    speaker("attic-3", []),
  ]
  const text = print(seen)
  assert.match(
    text[1]!,
    /^✗ demo\/whoami 192\.168\.40\.200 {3}is wanted by 52:54:00:28:00:66 \(other-cluster: a speaker of another cluster, or with another key\) too, as attic-2 saw/,
  )
})

test("a dead holder's last report is not believed: the taker announces, the dead one is never next", () => {
  const last = [{ address: "192.168.40.200", epoch: 9 }]
  const hears = (...names: readonly string[]): JsonObject => ({ segments: [{ segment: "lan", hears: [...names] }] })
  const others = [...running.slice(0, -3), speaker("attic-1", [], hears("attic-3"))]
  const dead = speaker("attic-2", last, hears("attic-1", "attic-3"))
  const taken = [...others, dead, speaker("attic-3", [{ address: "192.168.40.200" }], hears("attic-1"))]
  const [row] = statusReport(madeSurvey(taken), madeAt).services
  assert.deepEqual([row?.situation, row?.holds[0]?.node, row?.next], ["announced", "attic-3", "attic-1"])
  assert.deepEqual(row?.holds[0]?.heardBy, ["attic-1"])
  assert.match(print(taken)[1]!, /^✗ attic-2 is not heard by any other speaker: .* {5}kubectl get node attic-2/)
  const alone = statusReport(madeSurvey([...others, dead, speaker("attic-3", [], hears("attic-1"))]), madeAt)
  assert.deepEqual([alone.counts.announced, alone.services[0]?.situation], [0, "doubted"])
})

test("one namespace is shown alone: its Services and their troubles", () => {
  const pending = service("mail/smtp", {}, { "metallb.io/address-pool": "proch" })
  const report = statusReport(madeSurvey([...running, ...pending]), madeAt, "demo")
  assert.deepEqual([report.services.map(({ name }) => name), report.troubles], [["demo/whoami"], []])
  assert.equal(report.nodes.find(({ name }) => name === "attic-2")?.holds, 1)
})

test("findings of one kind are one line, and a pause of a node that holds nothing is none", () => {
  const found = (code: string, facts: JsonObject): JsonObject => ({ code, message: `${code} of one`, facts })
  const stalled = { findings: [found("stalled", { gapMs: 300 })] }
  const lost = ["192.168.40.201", "192.168.40.202"].map((address) => found("no-witness", { address }))
  const objects = [
    ...running.slice(0, -3),
    speaker("attic-1", [], stalled),
    speaker("attic-2", [{ address: "192.168.40.200" }], stalled),
    speaker("attic-3", [], { findings: lost }),
  ]
  const says = statusReport(madeSurvey(objects), madeAt).troubles.map(({ about, says }) => `${about.name} ${says}`)
  assert.equal(says.length, 2)
  assert.match(says[0]!, /^attic-2 speaker was not run for 300 ms: /)
  assert.match(says[1]!, /^attic-3 hears nobody answer for 192\.168\.40\.201, 192\.168\.40\.202, /)
})

test("a node whose speaker says nothing, and what speakers find, are risks that break nothing yet", () => {
  const findings = { findings: [{ code: "beats-blocked", message: "beats do not arrive" }] }
  const report = statusReport(madeSurvey([...running.slice(0, -2), speaker("attic-3", [], findings)]), madeAt)
  assert.deepEqual(
    report.troubles.filter(({ severity }) => severity === "risk").map(({ code, about }) => [code, about.name]),
    [
      ["no-speaker-report", "attic-2"],
      ["beats-blocked", "attic-3"],
    ],
  )
})

test("an object that cannot be read is bad news, with its field and the command that opens it", () => {
  const broken = withFieldOf(running, "L2Advertisement", "porch", ["spec"], { nodeSelectors: "all" })
  const [trouble] = statusReport(madeSurvey(broken), madeAt).troubles
  assert.equal(trouble?.severity, "broken")
  assert.equal(trouble?.next, "kubectl edit l2advertisement -n metallb-system porch")
})

test("without reports of speakers it says that nobody says, and no word of trouble", () => {
  const report = statusReport(madeSurvey(attic), madeAt)
  assert.deepEqual(report.troubles, [])
  assert.match(statusLines(report, plain)[0]!, /it has an address, nobody says who announces/)
})

test("many well Services are cut to a screen, those in trouble never are; --all shows every one", () => {
  const many = Array.from({ length: 30 }, (_, index) =>
    service(`many/service-${String(index).padStart(2, "0")}`),
  ).flat()
  const objects = [...attic, ...many]
  assert.ok(print(objects).includes("... 16 more, all well: --all"))
  assert.ok(!print(objects, {}, { all: true }).some((line) => line.startsWith("...")))
})

test("the size of an IPv6 pool is said as people say it", () => {
  const pool = (name: string, ...addresses: string[]): JsonObject => ({
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { namespace: "metallb-system", name },
    spec: { addresses },
  })
  const text = print([
    ...running,
    pool("six", "2001:db8::/64"),
    pool("odd", "2001:db8:1::/64", "2001:db8:2::/120"),
    pool("few", "2001:db8:3::/120"),
  ]).join("\n")
  assert.match(text, /six +2001:db8::\/64 +0 of 2\^64 given, next 2001:db8::/)
  assert.match(text, /odd +2001:db8:1::\/64 2001:db8:2::\/120 +0 of over 2\^64 given/)
  assert.match(text, /few .* 0 of 256 given/)
})

test("a pool of thousands of ranges stays one line, and says how many there are", () => {
  const addresses = ["no range", ...Array.from({ length: 6000 }, (_, i) => `10.${i >> 8}.${i & 255}.1/32`)]
  const pool = { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", spec: { addresses } }
  const objects = [...running, { ...pool, metadata: { namespace: "metallb-system", name: "big" } }]
  const line = print(objects).find((text) => text.includes("big  "))
  assert.match(line!, /big +10\.0\.0\.1 10\.0\.1\.1 10\.0\.2\.1 10\.0\.3\.1 and 4091 more +0 of 4095 given/)
})

test("of two objects of one name the last is read, and that is said; the same one twice is nothing", () => {
  const second = withFieldOf(attic, "IPAddressPool", "porch", ["spec", "addresses"], ["10.0.0.0/24"]).find(
    ({ kind }) => kind === "IPAddressPool",
  )!
  const text = print([...running, second]).join("\n")
  assert.match(
    text,
    /✗ IPAddressPool metallb-system\/porch: the first of two is left out: objects of this kind and name differ, and the last one is read; keep one/,
  )
  assert.match(text, /porch +10\.0\.0\.0-10\.0\.0\.255/)
  assert.deepEqual(print([...running, ...attic.filter(({ kind }) => kind === "Node")]), print(running))
})

test("an object without a name is told as such, with a command that works", () => {
  const nameless = { apiVersion: "v1", kind: "Service", metadata: {}, spec: { type: "LoadBalancer" } }
  assert.match(
    print([...running, nameless]).join("\n"),
    /✗ Service \(without a name\): .* {5}kubectl explain service\.metadata/,
  )
})

test("BGP objects of MetalLB are told as what nobody here speaks, and break nothing", () => {
  const peers = ["tor-1", "tor-2", "tor-3", "tor-4"].map((name) => ({ kind: "BGPPeer", metadata: { name } }))
  const report = statusReport(madeSurvey(running), madeAt, undefined, bgpObjectsIn(peers))
  assert.deepEqual(
    report.troubles.map(({ severity, code }) => [severity, code]),
    [["risk", "bgp-not-spoken"]],
  )
  const text = statusLines(report, plain)
  assert.match(text[0]!, /all announced/)
  assert.match(
    text[1]!,
    /^! BGPPeer tor-1, tor-2, tor-3 and 1 more do nothing here: .* speaks no BGP {5}kubectl get bgppeers/,
  )
})

test("the last move from a node that was deleted since names it as such", () => {
  const move = { at: "2026-11-18T09:00:00Z", address: "192.168.40.200", link: "eth0", reason: "holder-silent" }
  const moves = [{ ...move, from: "node 0badcafe", to: "attic-2" }]
  const objects = [...running.filter((object) => object["kind"] !== "Speaker"), speaker("attic-2", [], { moves })]
  assert.match(
    print(objects).join("\n"),
    /Last move: .* attic-2 took it over from a node no longer known \(id 0badcafe\), which had fallen silent/,
  )
  assert.equal(statusReport(madeSurvey(objects), madeAt).lastMove?.from, "node 0badcafe")
})

test("two blocks stand beside each other only where the screen is wide enough", () => {
  assert.deepEqual(sideBySide(["a", "bb"], ["c"], undefined), ["a       c", "bb"])
  assert.deepEqual(sideBySide(["a", "bb"], ["c"], 8), ["a", "bb", "", "c"])
})

const plain = { style: styleFor(process.stdout, "never", {}), all: false, wide: false, columns: undefined }

const print = (objects: readonly JsonObject[], facts: Partial<Facts> = {}, options: object = {}): readonly string[] =>
  statusLines(statusReport(madeSurvey(objects, facts), madeAt), { ...plain, ...options })

const withoutHolds = (object: JsonObject): JsonObject =>
  object["kind"] === "Speaker" ? speaker((object["metadata"] as JsonObject)["name"] as string, []) : object
