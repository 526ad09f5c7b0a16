import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { stageOfSimulated } from "../../src/cli/demo-simulated.ts"
import { surveyOf } from "../../src/cli/survey/survey.ts"
import { isUnreadable, readScenario, type Scenario, systemNamespace } from "../../src/lab/scenario.ts"
import { raiseSimulated } from "../../src/lab/simulated/simulated-lab.ts"
import { decisionsOf, expectedDecisions, tellFirstLight } from "./first-light-story.ts"

test("from the files alone: the Service gets the lowest free address, and attic-3 comes first", () => {
  const { name, objects, facts } = scenario()
  const survey = surveyOf(
    { name, source: "dump", objects: [...objects, ...facts], withheld: [], readAt: 1_795_284_000, again: "" },
    { metallbNamespace: systemNamespace },
  )
  assert.deepEqual(decisionsOf(survey), expectedDecisions)
})

for (const seed of [1, 2, 3])
  test(`on the simulated wire: its node dies, another answers, explain says why (seed ${seed})`, async () => {
    const crds = join(import.meta.dirname, "../../deploy/crds")
    const lab = await raiseSimulated(scenario(), { seed, crds, version: "test" })
    await tellFirstLight(stageOfSimulated(lab))
  })

const scenario = (): Scenario => {
  const read = readScenario(import.meta.dirname)
  assert.ok(!isUnreadable(read))
  return read
}
