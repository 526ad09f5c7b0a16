import assert from "node:assert/strict"
import { join } from "node:path"
import { test, type TestContext } from "node:test"
import type { Needs } from "../lab/needs.ts"
import { isUnreadable, readScenario } from "../lab/scenario.ts"
import { raiseSimulated } from "../lab/simulated/simulated-lab.ts"
import { demoLab } from "./demo-lab.ts"
import { demoOnSimulatedWire, stageOfSimulated } from "./demo-simulated.ts"
import type { DemoStage } from "./demo-stage.ts"
import { labPrograms } from "./lab-programs.ts"
import { startTimeline } from "./timeline.ts"

const scenario = join(import.meta.dirname, "../../scenarios/media-stack")

test("where namespaces are refused the whole story holds on the simulated wire, and the first line says why", async (t) => {
  const { code, lines } = await tell(t, {
    kind: "namespaces-refused",
    tried: "unshare --user",
    error: "Operation not permitted",
    because: "user.max_user_namespaces = 0",
    ways: ["run it as root", "sudo sysctl -w user.max_user_namespaces=65536       until the next boot"],
    says: "The lab needs network namespaces, and this user may not make them: user.max_user_namespaces = 0",
  })
  assert.equal(
    lines[0],
    "simulated wire, no packet leaves this process: The lab needs network namespaces, and this user may not make them: " +
      "user.max_user_namespaces = 0. To allow it: run it as root; or sudo sysctl -w user.max_user_namespaces=65536 until the next boot",
  )
  assert.equal(code, 0, lines.join("\n"))
  const said = lines.join("\n")
  assert.match(said, /media\/radarr +10\.69\.1\.156 +w3 +first of w3, w1, w2/)
  assert.match(said, /13 of 13 answered/)
  assert.match(said, /the address was away for \d{3} ms/)
  assert.match(said, /new connections answered, 0 failed/)
  assert.match(lines.at(-1)!, /^Works, /)
})

test("where a tool is missing the first line has the command that installs it", async (t) => {
  const install = "sudo apt-get install -y --no-install-recommends nftables"
  const says = `The lab needs ip and nft; nft is missing: ${install}`
  const { lines } = await tell(t, { kind: "tools-missing", tools: ["nft"], install, canInstall: false, says })
  assert.equal(lines[0], `simulated wire, no packet leaves this process: ${says}`)
})

test("a part of the story that does not hold has a line with its cause", async () => {
  const read = readScenario(scenario)
  assert.ok(!isUnreadable(read))
  const lab = await raiseSimulated(read, { seed: 1, crds: labPrograms().crds, version: "test" })
  lab.run(2000)
  const lines: string[] = []
  const stage: DemoStage = { ...stageOfSimulated(lab), patch: async () => ({ status: 200, body: {} }) }
  assert.equal(
    await demoLab(
      stage,
      startTimeline((line) => lines.push(line), lab.nowMs),
    ),
    false,
  )
  const [failure, ...others] = lines.filter((line) => line.includes("✗"))
  assert.match(
    failure!,
    /s {3}✗ +w\d answers for 10\.69\.1\.156, w\d did not take it within 5 s: why is in the explanation/,
  )
  assert.deepEqual(others, [])
})

const tell = async (
  t: TestContext,
  needs: Exclude<Needs, { kind: "ready" }>,
): Promise<{ readonly code: number; readonly lines: readonly string[] }> => {
  const lines: string[] = []
  t.mock.method(console, "log", (line: string) => void lines.push(line))
  const code = await demoOnSimulatedWire(needs, scenario)
  return { code, lines }
}
