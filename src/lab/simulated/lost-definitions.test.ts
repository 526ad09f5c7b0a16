import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { parse } from "yaml"
import type { JsonObject } from "../../kubernetes/http.ts"
import { isUnreadable, readScenario } from "../scenario.ts"
import { raiseSimulated, type SimulatedLab } from "./simulated-lab.ts"

const vip = "192.168.40.200"
const root = join(import.meta.dirname, "../../..")
const definitionsPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

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
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const lab = await raiseSimulated(scenario, { seed: 1, crds: join(root, "deploy/crds"), version: "test" })
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-3")
  return lab
}

const define = (lab: SimulatedLab, name: string): void => {
  const file = join(root, `deploy/crds/porchlight.dev_${name}.yaml`)
  assert.equal(lab.request("POST", definitionsPath, parse(readFileSync(file, "utf8")) as JsonObject).status, 201)
}

/** What was logged of moves after the lab had settled. */
const movesIn = (lab: SimulatedLab): readonly string[] =>
  lab.log().flatMap(({ ms, says }) => (ms > 5000 && says.includes(" moves from ") ? [says] : []))
