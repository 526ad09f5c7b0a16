import assert from "node:assert/strict"
import { createReadStream, readdirSync } from "node:fs"
import { join } from "node:path"
import { createInterface } from "node:readline"
import { setTimeout as pause } from "node:timers/promises"
import { startEmbeddedApi } from "../../lab/embedded-api.ts"
import { type Lab, raiseLab } from "../../lab/lab.ts"
import { packetTest } from "../../lab/packet-test.ts"
import { isUnreadable, readScenario } from "../../lab/scenario.ts"
import { replay } from "./replayed.ts"

const address = "192.168.40.200"

packetTest(
  import.meta.url,
  "what two speakers and the controller did while the third died and came back is done again, bit by bit",
  async (directory) => {
    const lab = await raise(directory)
    await until(async () => (await lab.arping("laptop", address, 1)).answered === 1)
    await pause(2000)
    const [mac] = Object.keys((await lab.arping("laptop", address, 1)).macs)
    const holder = `attic-${Number(mac!.slice(-2))}`
    await lab.damage.break(holder, "power")
    await until(async () => (await lab.arping("laptop", address, 1)).answered === 1)
    await lab.damage.mend(holder, "power")
    await pause(3000)
    for (const program of lab.programs) await program.restart("SIGTERM")
    const files = readdirSync(directory).filter((name) => name.startsWith("record-"))
    assert.ok(files.length >= 4, files.join())
    let [speakers, steps] = [0, 0]
    for (const name of files) {
      const replayed = await replay(createInterface({ input: createReadStream(join(directory, name), "utf8") }))
      assert.ok(!("kind" in replayed), `${name}: ${JSON.stringify(replayed)}`)
      assert.deepEqual(replayed.outcome, { kind: "same" }, name)
      if (replayed.process === "speaker") speakers++
      steps += replayed.steps
    }
    assert.ok(speakers >= 3 && steps > 500, `${speakers} speakers, ${steps} steps`)
  },
)

/** Each process records in a file of its own; what the lab adds to the command line comes after. */
const raise = async (directory: string): Promise<Lab> => {
  const root = join(import.meta.dirname, "../../..")
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const recording = `exec "$0" "$@" --record '${directory}/record-'$$`
  const own = (name: string) => ["sh", "-c", recording, process.execPath, join(root, "src/main/cli.ts"), name] as const
  const options = { directory, crds: join(root, "deploy/crds"), controller: own("controller"), speaker: own("speaker") }
  return raiseLab(scenario, { ...options, startApi: startEmbeddedApi, report: () => undefined })
}

/** A busy machine takes its time; a test that waits for what never comes is ended from outside. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(20)
}
