import assert from "node:assert/strict"
import { readFileSync } from "node:fs"
import { join } from "node:path"
import type { ServiceName } from "../../src/cluster/name.ts"
import type { DemoStage } from "../../src/cli/demo-stage.ts"
import { decisionLines, explainService } from "../../src/cli/explain/service-explanation.ts"
import { explanationOf } from "../../src/cli/demo-words.ts"
import { styleFor } from "../../src/cli/style.ts"
import type { Survey } from "../../src/cli/survey/survey.ts"

/** What every telling must decide, line by line. */
export const expectedDecisions: readonly string[] = readFileSync(join(import.meta.dirname, "decisions.txt"), "utf8")
  .trimEnd()
  .split("\n")

export const whoami = "demo/whoami" as ServiceName
const target = { address: "192.168.40.200", port: 80, protocol: "TCP" } as const
/** Far above what a takeover takes; nothing here is a measurement. */
const patienceMs = 10_000
const pollMs = 50

export const decisionsOf = (survey: Survey): readonly string[] => decisionLines(explainService(survey, whoami))

/** The story of `story.md`, told to a lab: simulated or real, it is the same to the word. */
export const tellFirstLight = async (lab: DemoStage): Promise<void> => {
  await until(lab, async () => (await answererOf(lab)) === "attic-3", "attic-3 answers")
  assert.deepEqual(decisionsOf(await lab.survey()), expectedDecisions)
  assert.equal(await seen(lab), "10.244.3.0")

  await lab.call("break", { machine: "attic-3", fault: "power" })
  await until(lab, async () => (await answererOf(lab)) === "attic-2", "attic-2 answers")
  assert.equal(await seen(lab), "10.244.2.0")
  await until(lab, async () => (await explained(lab)).includes("announced by attic-2"), "attic-2 reports it")
  assert.deepEqual(decisionsOf(await lab.survey()), expectedDecisions)

  await lab.call("mend", { machine: "attic-3", fault: undefined })
  await lab.pause(2000)
  assert.equal(await answererOf(lab), "attic-2")
  assert.deepEqual(decisionsOf(await lab.survey()), expectedDecisions)
}

const until = async (lab: DemoStage, holds: () => Promise<boolean>, what: string): Promise<void> => {
  for (const end = lab.nowMs() + patienceMs; lab.nowMs() < end; await lab.pause(pollMs)) if (await holds()) return
  assert.fail(`it never came to this: ${what}; explain says\n${await explained(lab)}`)
}

const explained = async (lab: DemoStage): Promise<string> =>
  explanationOf(await lab.survey(), whoami, styleFor(process.stdout, "never")).join("\n")

const answererOf = async (lab: DemoStage): Promise<string | undefined> => {
  const { macs } = await lab.call("arping", { machine: undefined, address: target.address, count: 1 })
  const { machines } = await lab.call("status", {})
  return machines.find(({ macs: own }) => own.some((mac) => Object.hasOwn(macs, mac)))?.name
}

const seen = async (lab: DemoStage): Promise<string> => {
  const answer = await lab.call("ask", { machine: undefined, target })
  return answer.kind === "answered" ? (answer.greeting?.seen ?? "nothing") : answer.kind
}
