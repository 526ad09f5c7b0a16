import assert from "node:assert/strict"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { askInspect } from "../edge/inspect.ts"
import { beatPort } from "../edge/udp.ts"
import { startEmbeddedApi } from "../lab/embedded-api.ts"
import { raiseLab } from "../lab/lab.ts"
import { packetTest } from "../lab/packet-test.ts"
import { isUnreadable, readScenario } from "../lab/scenario.ts"
import { runInNamespace } from "../lab/topology/build.ts"

packetTest(
  import.meta.url,
  "a node whose packet filter stops beats is not ready and says which port; with the filter gone it is",
  async (directory) => {
    await raise(directory)
    await until(async () => (await obstacles(directory)).length === 0)
    const chain = "type filter hook output priority 0"
    await nft(`table inet stops { chain beats { ${chain}; udp dport ${beatPort} drop; }; }`)
    const says = /refuses to send beats \(EPERM\): .* UDP port 7947/
    await until(async () => (await obstacles(directory)).some((obstacle) => says.test(obstacle)))
    await nft("delete table inet stops")
    await until(async () => (await obstacles(directory)).length === 0)
  },
)

const node = "attic-2"

const raise = async (directory: string): Promise<void> => {
  const root = join(import.meta.dirname, "../..")
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const own = (name: string) => [process.execPath, join(root, "src/main/cli.ts"), name] as const
  const options = { directory, crds: join(root, "deploy/crds"), controller: own("controller"), speaker: own("speaker") }
  await raiseLab(scenario, { ...options, startApi: startEmbeddedApi, report: () => undefined })
}

const nft = (rules: string): Promise<void> => runInNamespace(node, ["nft", "-f", "-"], rules)

/** What the speaker's own `ready` names. */
const obstacles = async (directory: string): Promise<readonly string[]> => {
  const answer = await askInspect(join(directory, "inspect", `${node}.sock`), "ready", 2000)
  if (typeof answer !== "object" || answer === null || !("because" in answer)) return ["no answer yet"]
  const { because } = answer
  return Array.isArray(because) ? because.map(String) : []
}

/** A test that waits for what never comes is ended from outside. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(20)
}
