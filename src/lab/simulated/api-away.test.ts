import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { objectAt } from "../../kubernetes/json.ts"
import { isUnreadable, readScenario } from "../scenario.ts"
import { raiseSimulated, type SimulatedLab } from "./simulated-lab.ts"

const vip = "192.168.40.200"
const hourMs = 3_600_000

test("the API server is away for an hour: a speaker starts anew, the holder dies and returns, and only its death moves anything", async () => {
  const lab = await raise()
  lab.damage.break(undefined, "api")
  lab.run(hourMs)
  lab.speaker("attic-1")?.restart()
  lab.run(60_000)
  assert.equal(lab.answererOf(vip), "attic-3")
  lab.damage.break("attic-3", "power")
  lab.run(1000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.damage.mend("attic-3", undefined)
  lab.run(60_000)
  lab.damage.mend(undefined, "api")
  lab.run(120_000)
  assert.equal(lab.answererOf(vip), "attic-2")
  assert.equal(movesIn(lab).length, 1, movesIn(lab).join("\n"))
})

test("a holder that is told to stop while the API server is away hands over, for its next process could know nothing", async () => {
  const lab = await raise()
  lab.damage.break(undefined, "api")
  lab.run(60_000)
  lab.speaker("attic-3")?.restart()
  lab.run(2000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.run(60_000)
  lab.damage.mend(undefined, "api")
  lab.run(60_000)
  assert.equal(lab.answererOf(vip), "attic-2")
})

test("the holder's Node object is deleted and comes back: its address goes to the next without losing a visitor, and stays", async () => {
  const lab = await raise()
  const node = lab.request("GET", "/api/v1/nodes/attic-3").body
  const asker = lab.startAsker({ address: vip, port: 80, protocol: "TCP" }, 200)
  lab.request("DELETE", "/api/v1/nodes/attic-3")
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-2")
  const labels = objectAt(node, "metadata", "labels")
  lab.request("POST", "/api/v1/nodes", { ...node, metadata: { name: "attic-3", labels } })
  lab.run(70_000)
  asker.stop()
  lab.run(2000)
  assert.equal(lab.answererOf(vip), "attic-2")
  assert.deepEqual(asker.report().gaps, [])
})

/** attic-3 answers, and its first claim is long ago. */
const raise = async (): Promise<SimulatedLab> => {
  const root = join(import.meta.dirname, "../../..")
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const lab = await raiseSimulated(scenario, { seed: 1, crds: join(root, "deploy/crds"), version: "test" })
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-3")
  return lab
}

/** What was logged of moves after the lab had settled. */
const movesIn = (lab: SimulatedLab): readonly string[] =>
  lab.log().flatMap(({ ms, says }) => (ms > 5000 && says.includes(" moves from ") ? [says] : []))
