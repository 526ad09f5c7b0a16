import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { objectAt, textAt } from "../../kubernetes/json.ts"
import { isUnreadable, readScenario } from "../scenario.ts"
import { raiseSimulated, type SimulatedLab } from "./simulated-lab.ts"

/** Every scenario here is settled by then. */
const settledMs = 5000
const vip = "192.168.40.200"
const root = join(import.meta.dirname, "../../..")
const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
const ledgersPath = "/apis/porchlight.dev/v1alpha1/addressledgers"
const poolsPath = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools"
const porchPath = `${poolsPath}/porch`
const firstPoolPath = `${poolsPath}/first-pool`

for (const name of ["addressledgers", "speakers"]) {
  test(`somebody deletes the definition of ${name}: nothing moves, then or when it is back`, async () => {
    const lab = await raise()
    lab.request("DELETE", `${definitionsPath}/${name}.porchlight.dev`)
    lab.run(60_000)
    define(lab, name)
    lab.run(120_000)
    assert.equal(lab.answererOf(vip), "attic-3")
    assert.deepEqual(movesIn(lab), [])
    assert.deepEqual(lab.services()[0]?.addresses, [vip])
  })

  test(`while the definition of ${name} is missing the holder dies: another answers, and goes on when it is back`, async () => {
    const lab = await raise()
    lab.request("DELETE", `${definitionsPath}/${name}.porchlight.dev`)
    lab.run(30_000)
    lab.damage.break("attic-3", "power")
    lab.run(1000)
    assert.equal(lab.answererOf(vip), "attic-2")
    define(lab, name)
    lab.run(120_000)
    assert.equal(lab.answererOf(vip), "attic-2")
    assert.equal(movesIn(lab).length, 1)
  })
}

test("somebody deletes the definition of L2Advertisements: the holder answers on, and whoever takes over when it dies", async () => {
  const lab = await raise()
  lab.request("DELETE", `${definitionsPath}/l2advertisements.metallb.io`)
  lab.run(60_000)
  assert.equal(lab.answererOf(vip), "attic-3")
  assert.deepEqual(movesIn(lab), [])
  lab.damage.break("attic-3", "power")
  lab.run(1000)
  assert.equal(lab.answererOf(vip), "attic-2")
})

test("somebody deletes the definition of IPAddressPools: not even one address is released; it is said; back, all is as before", async () => {
  const lab = await raise()
  const pool = lab.request("GET", porchPath).body
  lab.request("DELETE", `${definitionsPath}/ipaddresspools.metallb.io`)
  lab.run(60_000)
  assert.equal(lab.answererOf(vip), "attic-3")
  assert.deepEqual(lab.services()[0]?.addresses, [vip])
  assert.ok(
    lab.log().some(({ who, says }) => who === "controller" && says.startsWith("1 of 1 addresses would go back")),
  )
  lab.damage.break("attic-3", "power")
  lab.run(1000)
  assert.equal(lab.answererOf(vip), "attic-2")
  define(lab, "ipaddresspools", "metallb.io")
  lab.run(60_000)
  assert.equal(lab.answererOf(vip), "attic-2", "the kind is back, its pool is not")
  makeAgain(lab, porchPath, pool)
  lab.run(60_000)
  assert.equal(lab.answererOf(vip), "attic-2")
  assert.deepEqual(lab.services()[0]?.addresses, [vip])
  assert.equal(movesIn(lab).length, 1)
})

test("somebody deletes a pool of one address on purpose: it is answered for until the ledger has it back, and a pool made again gives it anew", async () => {
  const lab = await raise()
  const pool = lab.request("GET", porchPath).body
  lab.request("DELETE", porchPath)
  lab.run(4000)
  assert.equal(lab.answererOf(vip), "attic-3")
  lab.run(3000)
  assert.equal(lab.answererOf(vip), undefined)
  assert.deepEqual(lab.services()[0]?.addresses, [])
  makeAgain(lab, porchPath, pool)
  lab.run(5000)
  assert.deepEqual(lab.services()[0]?.addresses, [vip])
  assert.notEqual(lab.answererOf(vip), undefined)
})

for (const [what, path] of [
  ["a pool of twelve addresses", firstPoolPath],
  ["the definition of its pools", `${definitionsPath}/ipaddresspools.metallb.io`],
] as const)
  test(`somebody deletes ${what}: the release waits for a person, and every address goes on; undone, nothing has moved`, async () => {
    const lab = await raiseTwelve()
    const before = answerers(lab)
    const pool = lab.request("GET", firstPoolPath).body
    lab.request("DELETE", path)
    lab.run(60_000)
    assert.deepEqual(answerers(lab), before)
    assert.equal(codeIn(lab)?.length, 6)
    if (path !== firstPoolPath) define(lab, "ipaddresspools", "metallb.io")
    makeAgain(lab, firstPoolPath, pool)
    lab.run(60_000)
    assert.deepEqual(answerers(lab), before)
    assert.deepEqual(movesIn(lab), [])
    assert.equal(JSON.stringify(lab.objects()).includes("ReleaseWaits"), false)
  })

test("a person confirms that the twelve addresses of a deleted pool go: all are taken back, and nobody answers", async () => {
  const lab = await raiseTwelve()
  lab.request("DELETE", firstPoolPath)
  lab.run(10_000)
  const before = answerers(lab)
  for (const ledger of lab.api.list(ledgersPath))
    lab.request("PATCH", `${ledgersPath}/${textAt(ledger, "metadata", "name")}`, {
      metadata: { annotations: { "porchlight.dev/confirm-release": codeIn(lab)! } },
    })
  lab.run(3000)
  assert.equal(before.size, 12)
  for (const address of before.keys()) assert.equal(lab.answererOf(address), undefined, address)
  assert.deepEqual(
    lab.services().flatMap(({ addresses }) => addresses),
    [],
  )
})

test("somebody deletes the holder's Speaker object: it is made again, and nothing moves", async () => {
  const lab = await raise()
  const path = "/apis/porchlight.dev/v1alpha1/speakers/attic-3"
  lab.request("DELETE", path)
  lab.run(60_000)
  assert.match(JSON.stringify(lab.request("GET", path).body), /192\.168\.40\.200/)
  assert.deepEqual(movesIn(lab), [])
})

/** attic-3 answers, and its first claim is long ago. */
const raise = async (): Promise<SimulatedLab> => {
  const lab = await raiseScenario("first-light")
  assert.equal(lab.answererOf(vip), "attic-3")
  return lab
}

/** Twelve Services, each with an address of first-pool that somebody answers for. */
const raiseTwelve = async (): Promise<SimulatedLab> => {
  const lab = await raiseScenario("media-stack")
  assert.equal(answerers(lab).size, 12)
  return lab
}

const raiseScenario = async (name: string): Promise<SimulatedLab> => {
  const scenario = readScenario(join(root, "scenarios", name))
  assert.ok(!isUnreadable(scenario))
  const lab = await raiseSimulated(scenario, { seed: 1, crds: join(root, "deploy/crds"), version: "test" })
  lab.run(5000)
  return lab
}

const define = (lab: SimulatedLab, name: string, group = "porchlight.dev"): void => {
  const file = join(root, `deploy/crds/${group}_${name}.yaml`)
  assert.equal(lab.request("POST", definitionsPath, parse(readFileSync(file, "utf8")) as JsonObject).status, 201)
}

/** As `kubectl apply` of the same file would. */
const makeAgain = (lab: SimulatedLab, path: string, object: Json | undefined): void => {
  const made = lab.request("POST", poolsPath, {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name: path.slice(path.lastIndexOf("/") + 1) },
    spec: objectAt(object, "spec"),
  })
  assert.equal(made.status, 201)
}

/** Who answers for the address of each Service. */
const answerers = (lab: SimulatedLab): ReadonlyMap<string, string> => {
  const addresses = lab.services().flatMap((service) => service.addresses)
  return new Map(addresses.flatMap((address) => entryOf(address, lab.answererOf(address))))
}

const entryOf = (address: string, node: string | undefined): readonly (readonly [string, string])[] =>
  node === undefined ? [] : [[address, node]]

/** What a person confirms a release with, as the Services' conditions tell it. */
const codeIn = (lab: SimulatedLab): string | undefined =>
  /confirm-release=([0-9a-f]+)/.exec(JSON.stringify(lab.objects()))?.[1]

/** What was logged of moves after the lab had settled. */
const movesIn = (lab: SimulatedLab): readonly string[] =>
  lab.log().flatMap(({ ms, says }) => (ms > settledMs && says.includes(" moves from ") ? [says] : []))
