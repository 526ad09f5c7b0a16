import assert from "node:assert/strict"
import { globSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import type { JsonObject } from "../kubernetes/http.ts"
import { listAt, textAt } from "../kubernetes/json.ts"
import { arrives, type ControllerProcess, type Fate, InMemoryControl } from "./in-memory-control.ts"

/**
 * Two controllers; at one request of the first something befalls it, and the story goes on. It is told once for every
 * request that the first sends in it, so that every place where a process can be caught is tried.
 */
type Hazard = {
  readonly fate: Fate
  /** What becomes of the process at that moment. */
  readonly befalls: (process: ControllerProcess) => void
}

const nothing = (): void => undefined
const hazards: Readonly<Record<string, Hazard>> = {
  "crashes before it is sent": { fate: "lost", befalls: (process) => process.crash() },
  "crashes when it is sent": { fate: arrives, befalls: (process) => process.crash() },
  "stands still for half a minute": { fate: arrives, befalls: (process) => process.freeze() },
  "stands still, and it arrives late": { fate: { lateMs: 30_000 }, befalls: (process) => process.freeze() },
  "never hears the answer": { fate: "answer-lost", befalls: nothing },
  "gives it up, and it arrives": { fate: { lateMs: 6000 }, befalls: nothing },
  "sends it, and it arrives when another leads": { fate: { lateMs: 25_000 }, befalls: (process) => process.crash() },
}

for (const [name, hazard] of Object.entries(hazards))
  test(`no address is given twice and none changes, at whichever request the leader ${name}`, () => {
    const requests = tell({ fate: arrives, befalls: nothing }, 0)
    assert.ok(requests > 30, `the story had ${requests} requests only`)
    for (let at = 1; at <= requests; at++) tell(hazard, at)
  })

/** By then all that this story is about has been written; what follows are renewals of the lease. */
const toldAtMs = 4000
const thawAtMs = 31_500

/** Tells the story with the hazard at that request of the first controller; returns how many it sent until all was told. */
const tell = (hazard: Hazard, hazardAt: number): number => {
  const control = cluster(hazardAt)
  const first = new Map<string, string>()
  control.onWritten = () => keepsLaws(control, first, hazardAt)
  let sent = 0
  const leader = control.start({
    befalls: (_, count, process) => {
      if (control.now < toldAtMs) sent = count
      if (count !== hazardAt) return arrives
      hazard.befalls(process)
      return hazard.fate
    },
  })
  control.run(10)
  control.start()
  control.run(1000)
  for (const name of ["one", "two", "three"]) control.createService(`media/${name}`)
  control.run(300)
  control.must("DELETE", `${servicesPath}/two`)
  control.createService("media/four")
  control.run(300)
  control.must("PATCH", `${servicesPath}/three/status`, {
    status: { loadBalancer: { ingress: [{ ip: "10.69.1.150" }] } },
  })
  control.run(300)
  control.createService("media/two")
  control.run(300)
  control.must("PATCH", `${servicesPath}/four`, { spec: { type: "ClusterIP" } })
  control.run(10_000)
  control.createService("media/five")
  control.run(thawAtMs - control.now)
  leader.thaw()
  control.createService("media/six")
  control.run(40_000)
  endsWell(control, hazardAt)
  return sent
}

/** After every write: an address has one owner, whatever the object; a Service that has one keeps it. */
const keepsLaws = (control: InMemoryControl, first: Map<string, string>, hazardAt: number): void => {
  const owner = new Map<string, string>()
  for (const [address, uid] of given(control)) {
    assert.equal(owner.get(address), undefined, `request ${hazardAt}: ${address} is given twice`)
    owner.set(address, uid)
    assert.equal(first.get(uid) ?? address, address, `request ${hazardAt}: the address of ${uid} changed`)
    first.set(uid, address)
  }
}

/** Every load balancer has the address that the ledger gives it, and no other. */
const endsWell = (control: InMemoryControl, hazardAt: number): void => {
  const statuses = control
    .items(servicesPath)
    .flatMap((service) =>
      listAt(service, "status", "loadBalancer", "ingress").map(
        (entry) => `${textAt(entry, "ip")} ${textAt(service, "metadata", "uid")}`,
      ),
    )
  const ledger = given(control).map((entry) => entry.join(" "))
  assert.deepEqual(statuses.toSorted(), ledger.toSorted(), `request ${hazardAt}`)
  assert.equal(statuses.length, 5, `request ${hazardAt}: ${JSON.stringify(statuses)}`)
}

const servicesPath = "/api/v1/namespaces/media/services"

const given = (control: InMemoryControl): readonly (readonly [string, string])[] =>
  control
    .items("/apis/porchlight.dev/v1alpha1/addressledgers")
    .flatMap((ledger) => listAt(ledger, "spec", "entries"))
    .filter((entry) => textAt(entry, "freedAt") === undefined)
    .flatMap((entry) =>
      listAt(entry, "owners").map((owner) => [textAt(entry, "address") ?? "", textAt(owner, "uid") ?? ""] as const),
    )

const crds: readonly JsonObject[] = globSync(join(import.meta.dirname, "../../deploy/crds/*.yaml")).map(
  (file) => parse(readFileSync(file, "utf8")) as JsonObject,
)

const cluster = (seed: number): InMemoryControl => {
  const control = new InMemoryControl(crds, seed)
  control.createPool("first-pool", "10.69.1.150-10.69.1.165")
  return control
}
