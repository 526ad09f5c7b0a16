import { join } from "node:path"
import assert from "node:assert/strict"
import { test } from "node:test"
import { stageOfLab } from "../../src/cli/demo-stage.ts"
import { startLab } from "../../src/lab/host.ts"
import { assessNeeds } from "../../src/lab/needs.ts"
import { tellFirstLight } from "./first-light-story.ts"

const needs = assessNeeds()

test(
  "with real packets: its node dies, another answers, explain says why",
  {
    skip: needs.kind === "ready" ? false : needs.says,
  },
  async () => {
    const root = join(import.meta.dirname, "../..")
    const program = (command: string) => [process.execPath, join(root, "src/main/cli.ts"), command] as const
    const said: string[] = []
    const started = await startLab({
      name: "first-light-test",
      scenarioFolder: import.meta.dirname,
      inside: program("lab-inside"),
      controller: program("controller"),
      speaker: program("speaker"),
      crds: join(root, "deploy/crds"),
      report: (news) => said.push(JSON.stringify(news)),
    })
    assert.ok(started.kind === "up", `${JSON.stringify(started)}\n${said.join("\n")}`)
    try {
      await tellFirstLight(stageOfLab(started.lab))
    } finally {
      await started.lab.end()
    }
  },
)
