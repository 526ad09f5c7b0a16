import assert from "node:assert/strict"
import { test } from "node:test"
import { parseAddress } from "../net/address.ts"
import { parseMac } from "../net/mac.ts"
import {
  clusterOf,
  ledgerObject,
  nodeObject,
  poolObject,
  serviceObject,
  sliceObject,
} from "../cluster/cluster-fixture.ts"
import type { Cluster } from "../cluster/cluster.ts"
import type { NodeName, ServiceName } from "../cluster/name.ts"
import type { Allocation } from "../decision/allocate/allocation.ts"
import { allocate } from "../decision/allocate/allocator.ts"
import { heldAllocation } from "../decision/allocate/held-allocation.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import { elect } from "../decision/elect/elector.ts"
import type { JsonObject } from "../kubernetes/http.ts"
import { allocationSummary, massReleaseSentence } from "./allocation.ts"
import { allocatedCondition, announcedCondition } from "./condition.ts"
import { electionSummary, whyNotSentence } from "./election.ts"
import { allocationEvents, nodeAssigned } from "./event.ts"
import { problemText } from "./problem.ts"

test("a full pool is said with how full, and a way out", () => {
  const cluster = clusterOf(poolObject("porch", ["192.168.40.200/32"]), serviceObject("a/b"), serviceObject("a/c"))
  assert.equal(
    allocationSummary(allocationIn(cluster, "a/c")),
    "no address: pool porch is full: 1 of 1 IPv4 addresses are given; add a range, or share an address",
  )
})

test("an address that is kept is said with when and why it was given, where the ledger tells", () => {
  const having = (more: Record<string, string>): Cluster =>
    clusterOf(
      porch,
      serviceObject("a/b", { has: ["192.168.40.200"] }),
      ledgerObject("porch-192.168.40.0", "porch", [
        {
          address: "192.168.40.200",
          grant: 7,
          since: "2026-11-21T19:26:31Z",
          owners: [{ service: "a/b", uid: "uid of a/b" }],
          ...more,
        },
      ]),
    )
  const plain = "kept: it had 192.168.40.200 and that is still valid (pool porch)"
  for (const [more, says] of [
    [
      { by: "choice" },
      "given 192.168.40.200 on 2026-11-21 19:26 UTC: the lowest that was free or could be shared (pool porch); still valid",
    ],
    [{ by: "wish" }, "given 192.168.40.200 on 2026-11-21 19:26 UTC: it asked for it (pool porch); still valid"],
    [{ by: "adopted" }, plain],
    [{ by: "a later version's word" }, plain],
    [{}, plain],
  ] as const)
    assert.equal(allocationSummary(allocationIn(having(more), "a/b")), says)
})

test("a refusal to share names the pair and the rule that fails", () => {
  const local = { annotations: { "metallb.io/allow-shared-ip": "front" }, spec: { externalTrafficPolicy: "Local" } }
  const smtp = {
    ...local,
    ports: ["25/TCP"],
    annotations: { ...local.annotations, "metallb.io/loadBalancerIPs": "192.168.40.200" },
  }
  const cluster = clusterOf(
    porch,
    serviceObject("web/ingress", { ...local, has: ["192.168.40.200"] }),
    serviceObject("mail/smtp", smtp),
  )
  assert.equal(
    allocationSummary(allocationIn(cluster, "mail/smtp")),
    "no address: 192.168.40.200 belongs to web/ingress and may not be shared: a Local Service shares only with the same pods, and app=smtp is not app=ingress; make both Cluster, or give one its own address",
  )
})

for (const [story, reason, message] of [
  [{}, "IPAllocated", /^Assigned IP \["192.168.40.200"\]$/],
  [
    { spec: { loadBalancerIP: "10.0.0.1" } },
    "AllocationFailed",
    /^Failed to allocate IP for "a\/b": \["10.0.0.1"\] is not allowed in config: .*the nearest is porch/,
  ],
  [
    { annotations: { "metallb.io/address-pool": "proch" } },
    "AllocationFailed",
    /unknown pool "proch".*did you mean porch\?/,
  ],
  [{ spec: { ipFamilyPolicy: "RequireDualStack" } }, "not enough clusterips", /requires both families/],
  [{ has: ["192.168.40.201"], spec: { loadBalancerIP: "192" } }, "LoadBalancerFailed", /^\["192.168.40.201"\] stays: /],
  [{ has: ["10.9.9.9"] }, "ClearAssignment", /^Clearing \["10.9.9.9"\]: /],
] as const)
  test(`events speak MetalLB's words: ${reason}`, () => {
    const cluster = clusterOf(porch, serviceObject("a/b", story))
    const service = cluster.services.get("a/b" as ServiceName)!
    const allocation = allocationIn(cluster, "a/b")
    const events = allocationEvents(service, undefined, allocation)
    assert.equal(events[0]?.reason, reason)
    assert.match(events[0]?.message ?? "", message)
    assert.deepEqual(allocationEvents(service, allocation, allocation), [], "nothing new, nothing said")
  })

test("nodeAssigned reads as dashboards know it", () => {
  assert.equal(nodeAssigned("w1" as NodeName).message, 'announcing from node "w1" with protocol "layer2"')
})

test("a Service nobody may answer for says why, and each node says why it may not", () => {
  const excluded = nodeObject("cp1", { "node.kubernetes.io/exclude-from-external-load-balancers": "" })
  const ad: JsonObject = { kind: "L2Advertisement", metadata: { name: "ad", namespace: "metallb-system" }, spec: {} }
  const cluster = clusterOf(
    porch,
    ad,
    excluded,
    serviceObject("a/b", { has: ["192.168.40.200"] }),
    sliceObject("a/b", ["cp1"]),
  )
  const election = elect(cluster).get("192.168.40.200")!
  assert.match(electionSummary(election), /^192.168.40.200: nobody answers: no node may answer for a\/b/)
  assert.equal(
    whyNotSentence({ kind: "barred", bars: [{ code: "excluded" }] }),
    "may not: excluded by label exclude-from-external-load-balancers",
  )
})

test("Allocated is True while a release waits for a person, and names the command", () => {
  const release = {
    code: "a1b2c3",
    addresses: [parseAddress("192.168.40.200")!],
    services: ["a/b" as ServiceName],
    given: 1,
    awaited: new Map(),
  }
  const condition = allocatedCondition(allocationIn(clusterOf(porch, serviceObject("a/b")), "a/b"), release)
  assert.deepEqual([condition?.status, condition?.reason], ["True", "ReleaseWaits"])
  assert.match(massReleaseSentence(release), /confirm-release=a1b2c3$/)
})

test("who awaits an address of that release is told who has it, and the command", () => {
  const owner = "a/c" as ServiceName
  const release = {
    code: "a1b2c3",
    addresses: [parseAddress("192.168.40.200")!],
    services: [owner],
    given: 1,
    awaited: new Map([["a/b" as ServiceName, [{ address: parseAddress("192.168.40.200")!, from: [owner] }]]]),
  } satisfies MassRelease
  const decided = allocationIn(clusterOf(porch, serviceObject("a/b")), "a/b")
  const condition = allocatedCondition(heldAllocation("a/b" as ServiceName, decided, release)!, undefined)
  assert.deepEqual([condition?.status, condition?.reason], ["False", "ReleaseAwaited"])
  assert.match(
    condition!.message,
    /^no address: 192.168.40.200 is to be its own, but a\/c has it until a person confirms that release; if it is meant: .*confirm-release=a1b2c3$/,
  )
})

test("Allocated is False with the first reason's code, in one word", () => {
  const condition = allocatedCondition(allocationIn(clusterOf(serviceObject("a/b")), "a/b"), undefined)
  assert.deepEqual([condition?.status, condition?.reason], ["False", "NoPools"])
})

test("Announced says who answers, who else does, or why nobody", () => {
  const address = parseAddress("192.168.40.200")!
  const contested = new Map([
    [address, { mac: parseMac("52:54:00:00:00:01")!, class: "unknown", seenBy: "w1" as NodeName }],
  ])
  const held = { holders: new Map([[address, ["w1" as NodeName]]]), contested: new Map() }
  assert.deepEqual(announcedCondition([address], undefined, held).message, "192.168.40.200 by w1")
  assert.equal(announcedCondition([address], undefined, { holders: new Map(), contested }).reason, "Contested")
  assert.equal(
    announcedCondition([address], undefined, { holders: new Map(), contested: new Map() }).reason,
    "NoAddress",
  )
  const silent = elect(clusterOf(porch, serviceObject("a/b", { has: ["192.168.40.200"] }))).get("192.168.40.200")
  assert.equal(
    announcedCondition([address], silent, { holders: new Map(), contested: new Map() }).reason,
    "NoEndpoints",
  )
})

test("a problem is one line: object, field, value, what became of it, why, what to do", () => {
  const { problems } = clusterOf(poolObject("porch", ["10.0.0.9-10.0.0.1"]))
  assert.equal(
    problemText(problems[0]!),
    'IPAddressPool metallb-system/porch: spec.addresses[0] "10.0.0.9-10.0.0.1" is left out: its first address is above its last; write 10.0.0.1-10.0.0.9',
  )
})

const porch = poolObject("porch", ["192.168.40.200-192.168.40.219"])

const allocationIn = (cluster: Cluster, name: string): Allocation =>
  allocate(cluster, 1_800_000_000).get(name as ServiceName)!
