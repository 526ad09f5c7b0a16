import assert from "node:assert/strict"
import { test } from "node:test"
import type { ServiceName } from "../../cluster/name.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { withField } from "../../kubernetes/json.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { styleFor } from "../style.ts"
import { troublesOf } from "../status/trouble.ts"
import { madeAt, madeSurvey, scenarioObjects, service, speaker, withFieldOf } from "../survey/made-survey.ts"
import type { Facts } from "../survey/survey.ts"
import { decisionLines, explainService, type ServiceExplanation } from "./service-explanation.ts"
import { serviceLines } from "./service-lines.ts"

const whoami = "demo/whoami" as ServiceName
const attic = scenarioObjects("first-light")

test("from files alone it says what the Service would get, who may answer in which order, and that nobody reports", () => {
  const explanation = explain(attic)
  assert.equal(explanation.situation, "unreported")
  assert.equal(explanation.trouble, false)
  assert.deepEqual(explanation.addresses, ["192.168.40.200"])
  assert.deepEqual(
    explanation.order?.candidates.map(({ node }) => node),
    ["attic-3", "attic-2", "attic-1"],
  )
})

test("the decision reads the same before anything is written and when a speaker announces it", () => {
  const before = decisionLines(explain(attic))
  assert.deepEqual(before, [
    "demo/whoami: 192.168.40.200 of pool porch",
    "1 attic-3",
    "2 attic-2: attic-3 has the lower SHA-256 of node#address, as in MetalLB",
    "3 attic-1: attic-2 has the lower SHA-256 of node#address, as in MetalLB",
  ])
  const running = [...withAddress(attic), speaker("attic-2", [{ address: "192.168.40.200" }])]
  assert.equal(explain(running).situation, "announced")
  assert.deepEqual(decisionLines(explain(running)), before)
})

test("of two reports the higher epoch counts: a dead node's last word does not", () => {
  const explanation = explain([
    ...withAddress(attic),
    speaker("attic-3", [{ address: "192.168.40.200", epoch: 5 }]),
    speaker("attic-2", [{ address: "192.168.40.200", epoch: 6, seenSecondsAgo: 4 }]),
  ])
  assert.deepEqual(
    explanation.reports.holds.map(({ node, gatewaySawItSecondsAgo }) => [node, gatewaySawItSecondsAgo]),
    [["attic-2", 4]],
  )
})

test("a holder that was heard and seen is said on its line, the next is named, a node that may not has its reason", () => {
  const marked = withFieldOf(withAddress(attic), "Node", "attic-1", ["metadata", "labels"], {
    "node.kubernetes.io/exclude-from-external-load-balancers": "",
  })
  const hears = { segments: [{ link: "eth0", hears: ["attic-3"] }] }
  const text = lines([
    ...marked,
    speaker("attic-3", [{ address: "192.168.40.200", seenSecondsAgo: 5 }]),
    speaker("attic-2", [], hears),
  ])
  assert.match(text[0]!, /^demo\/whoami {3}192\.168\.40\.200 {3}announced by attic-3, ports 80$/)
  const first = text.find((line) => line.startsWith("Node"))!
  assert.match(first, /1 {3}attic-3 {3}announces on eth0 since .* heard by attic-2, router saw it 5 s ago/)
  assert.ok(text.some((line) => /2 {3}attic-2 {3}next/.test(line)))
  assert.ok(text.some((line) => /- {3}attic-1 {3}may not: excluded by label/.test(line)))
})

test("a holder that is not first in order has why in words, and the command that moves it", () => {
  const move = { at: "2026-11-18T09:00:00Z", address: "192.168.40.200", from: "attic-1", to: "attic-2" }
  const moves = { moves: [{ ...move, reason: "holder-silent" }] }
  const held = [{ address: "192.168.40.200" }]
  const text = lines([...withAddress(attic), speaker("attic-2", held, moves)])
  const at = text.findIndex((line) => line.includes("attic-2 though attic-"))
  assert.match(text[at]!, /is first: attic-2 took it over from attic-1, which had fallen silent$/)
  assert.match(
    text[at + 1]!,
    /kubectl annotate --overwrite service -n demo whoami porchlight\.dev\/move-to=attic-[13]$/,
  )
})

test("a wish to move that was told before is worded anew, for the same words ask for nothing", () => {
  const wished = withFieldOf(withAddress(attic), "Service", "whoami", ["metadata", "annotations"], {
    "porchlight.dev/move-to": "attic-3",
  })
  const text = lines([...wished, speaker("attic-2", [{ address: "192.168.40.200" }])])
  assert.ok(text.some((line) => line.endsWith(" 'porchlight.dev/move-to=attic-3 again'")))
  assert.match(text.join("\n"), /move-to names attic-3: attic-2 has not given it up yet, or took it after that/)
  const moved = lines([...wished, speaker("attic-3", [{ address: "192.168.40.200" }])])
  assert.doesNotMatch(moved.join("\n"), /move-to names/)
})

test("no ready pod is bad news, with the reason", () => {
  const explanation = explain([...withoutPods(withAddress(attic)), speaker("attic-3", [])])
  assert.equal(explanation.situation, "silent")
  assert.equal(explanation.trouble, true)
  assert.deepEqual(
    explanation.order?.silent.map(({ code }) => code),
    ["no-endpoints"],
  )
})

test("a speaker may be late by ten seconds, an address nobody reports for longer is bad news", () => {
  const quiet = [...withAddress(attic), speaker("attic-3", [])]
  assert.equal(explain([...quiet, ledger(5)]).situation, "starting")
  assert.equal(explain([...quiet, ledger(5)]).trouble, false)
  assert.equal(explain([...quiet, ledger(60)]).situation, "unheld")
  assert.equal(explain([...quiet, ledger(60)]).trouble, true)
})

test("on a live cluster a decision that nobody wrote means that no controller runs", () => {
  assert.equal(explain(attic, { source: "live" }).situation, "unwritten")
  assert.equal(explain(attic, { source: "dump" }).situation, "unreported")
})

test("a stranger who answers for the address is named with its MAC and who saw it", () => {
  const stranger = { contested: [{ address: "192.168.40.200", mac: "52:54:00:28:00:66", class: "unknown" }] }
  const objects = [...withAddress(attic), speaker("attic-3", [{ address: "192.168.40.200" }], stranger)]
  assert.equal(explain(objects).situation, "contested")
  assert.ok(
    lines(objects).some((line) =>
      /✗ 192.168.40.200 is answered for by 52:54:00:28:00:66 \(unknown: .*\) too, as attic-3 saw/.test(line),
    ),
  )
})

test("without the right to list what decides, it says unknown in place of a wrong reason", () => {
  const explanation = explain(withoutPods(attic), {
    withheld: [{ kind: "EndpointSlice", why: "forbidden", says: "forbidden for dev" }],
  })
  assert.equal(explanation.situation, "unknown")
  assert.deepEqual(explanation.reports.missing, ["EndpointSlice"])
})

test("of two wishes that contradict each other the field is dropped and the annotation stays", () => {
  const twice = service(
    "mail/smtp",
    { loadBalancerIP: "192.168.40.205" },
    { "metallb.io/loadBalancerIPs": "192.168.40.206" },
  )
  const { allocation } = explain([...attic, ...twice], {}, "mail/smtp" as ServiceName)
  const [first] = allocation?.waysOut ?? []
  assert.match(first?.does ?? "", /-p '\{"spec":\{"loadBalancerIP":null\}\}'$/)
  assert.deepEqual(first?.gets, ["192.168.40.206"])
})

test("what could not be read gives no reasons", () => {
  const withheld = [{ kind: "EndpointSlice", why: "not-in-dump", says: "it holds none" }] as const
  const text = lines(withoutPods(withAddress(attic)), whoami, { withheld }).join("\n")
  assert.match(text, /cannot be said: EndpointSlice could not be read/)
  assert.doesNotMatch(text, /no pod|may not/)
})

test("a release that waits for a person is said with the controller's own words, beside the address it keeps", () => {
  const says = "5 of 5 addresses would go back at once; if it is meant: kubectl annotate addressledgers --all"
  const conditions = [{ type: "porchlight.dev/Allocated", status: "True", reason: "ReleaseWaits", message: says }]
  const status = { loadBalancer: { ingress: [{ ip: "192.168.40.200" }] }, conditions }
  const poolless = attic.filter(({ kind }) => kind !== "IPAddressPool")
  const objects = withFieldOf(poolless, "Service", "whoami", ["status"], status)
  const explanation = explain(objects)
  assert.deepEqual([explanation.situation, explanation.addresses], ["release-waits", ["192.168.40.200"]])
  assert.ok(lines(objects).some((line) => line.includes(says)))
  assert.ok(lines(objects).some((line) => line.includes("it would lose 192.168.40.200: ")))
  const [trouble, ...more] = troublesOf(madeSurvey(objects)).filter(({ severity }) => severity === "broken")
  assert.deepEqual([trouble?.code, trouble?.next, more], ["release-waits", "kubectl annotate addressledgers --all", []])
  const mended = withFieldOf(withAddress(attic), "Service", "whoami", ["status"], status)
  assert.notEqual(explain(mended).situation, "release-waits")
})

test("a pending Service names every rule of sharing, those that hold too, and only ways out that work", () => {
  const explanation = explain(sharing, {}, "mail/smtp" as ServiceName)
  assert.equal(explanation.situation, "pending")
  assert.deepEqual(
    explanation.allocation?.sharing[0]?.rules.map(({ rule, holds }) => [rule, holds]),
    [
      ["key", true],
      ["ports", true],
      ["pods", false],
    ],
  )
  assert.deepEqual(
    explanation.allocation?.waysOut.map(({ gets }) => gets),
    [["192.168.40.201"], ["192.168.40.200"]],
  )
  const text = lines(sharing, "mail/smtp" as ServiceName)
  assert.ok(text.some((line) => line.startsWith("Ways out  1  without its wish it gets 192.168.40.201")))
  assert.ok(text.some((line) => line.includes("kubectl patch service -n web ingress")))
})

test("a way out that takes an address from another Service is none", () => {
  const wish = { "metallb.io/loadBalancerIPs": "192.168.40.200", "metallb.io/allow-shared-ip": "x" }
  const at = (port: number): JsonObject => ({ ports: [{ port, protocol: "TCP" }], selector: { app: "web" } })
  const local = { externalTrafficPolicy: "Local" }
  const crowd = [
    ...withoutServices,
    ...service("web/a", { ...at(80), ...local }, wish),
    ...service("web/b", { ...at(81), ...local }, wish),
    ...service("web/c", at(82), wish),
  ]
  const { allocation } = explain(crowd, {}, "web/c" as ServiceName)
  assert.deepEqual(
    allocation?.waysOut.map(({ says }) => says),
    ["without its wish it gets 192.168.40.201"],
  )
})

test("a Service of another class, or of another type, is none of ours", () => {
  const other = withFieldOf(attic, "Service", "whoami", ["spec", "loadBalancerClass"], "example.com/other")
  assert.equal(explain(other).situation, "other-class")
  const inside = withFieldOf(attic, "Service", "whoami", ["spec", "type"], "ClusterIP")
  assert.equal(explain(inside).situation, "no-load-balancer")
  assert.deepEqual(decisionLines(explain(inside)), ["demo/whoami: no load balancer of ours"])
})

test("what cannot be read of the object is part of its explanation, with the command that opens it", () => {
  const broken = withFieldOf(attic, "Service", "whoami", ["spec", "ports"], [{ port: 99_999 }, { port: 80 }])
  const [problem] = explain(broken).problems
  assert.equal(problem?.field, "spec.ports[0].port")
  assert.equal(problem?.next, "kubectl edit service -n demo whoami")
})

const withoutServices = attic.filter(({ kind }) => kind !== "Service" && kind !== "EndpointSlice")

const sharing: readonly JsonObject[] = [
  ...withoutServices,
  ...service(
    "web/ingress",
    { externalTrafficPolicy: "Local" },
    { "metallb.io/loadBalancerIPs": "192.168.40.200", "metallb.io/allow-shared-ip": "front" },
  ),
  ...service(
    "mail/smtp",
    { ports: [{ port: 25, protocol: "TCP" }] },
    { "metallb.io/loadBalancerIPs": "192.168.40.200", "metallb.io/allow-shared-ip": "front" },
  ).map((object) => withField(object, ["metadata", "creationTimestamp"], "2026-10-02T00:00:00Z")),
]

const explain = (objects: readonly JsonObject[], facts: Partial<Facts> = {}, name = whoami): ServiceExplanation =>
  explainService(madeSurvey(objects, facts), name)

const lines = (objects: readonly JsonObject[], name = whoami, facts: Partial<Facts> = {}): readonly string[] =>
  serviceLines(explain(objects, facts, name), { style: styleFor(process.stdout, "never", {}), wide: false, again: "" })

const withAddress = (objects: readonly JsonObject[]): readonly JsonObject[] =>
  withFieldOf(objects, "Service", "whoami", ["status"], { loadBalancer: { ingress: [{ ip: "192.168.40.200" }] } })

const withoutPods = (objects: readonly JsonObject[]): readonly JsonObject[] =>
  objects.filter(({ kind }) => kind !== "EndpointSlice")

const ledger = (secondsAgo: number): JsonObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "AddressLedger",
  metadata: { name: "porch-192.168.40.0", resourceVersion: "1" },
  spec: {
    pool: "porch",
    grantFloor: 1,
    entries: [
      {
        address: "192.168.40.200",
        grant: 1,
        since: printTimestamp(madeAt - secondsAgo),
        owners: [{ service: whoami, uid: "", terms: "" }],
      },
    ],
  },
})
