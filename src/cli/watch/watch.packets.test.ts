import assert from "node:assert/strict"
import { execFile, spawn } from "node:child_process"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { startEmbeddedApi } from "../../lab/embedded-api.ts"
import { type Lab, raiseLab } from "../../lab/lab.ts"
import { packetTest } from "../../lab/packet-test.ts"
import { isUnreadable, readScenario } from "../../lab/scenario.ts"
import type { MovesReport } from "../moves/moves-report.ts"
import type { Occurrence } from "./occurrence.ts"

const root = join(import.meta.dirname, "../../..")
const program = [process.execPath, join(root, "src/main/cli.ts")] as const
const address = "192.168.40.200"

packetTest(
  import.meta.url,
  "a death, its return, a way back and a twin: watch tells each as it happens, and moves remembers them",
  async (directory) => {
    const lab = await raise(directory)
    const kubeconfig = kubeconfigIn(directory)
    const watched = startWatching(kubeconfig)
    const holder = await holderOf(lab)
    await until(() => watched.begun())
    await lab.damage.break(holder, "power")
    const taken = await watched.next(({ code, facts }) => code === "moved" && facts["reason"] === "holder-silent")
    assert.deepEqual([taken.about, taken.services, taken.facts["from"]], [address, ["demo/whoami"], holder])
    assert.ok(taken.lastedMs! > 0, "for how long it was away")
    await watched.next(({ code, about }) => code === "unheard" && about === holder)
    await lab.damage.mend(holder, "power")
    assert.ok((await watched.next(({ code, about }) => code === "heard" && about === holder)).lastedMs! > 0)

    const rebalance = ["rebalance", "--kubeconfig", kubeconfig]
    await until(async () => (await run(rebalance)).said.includes("1 would move"))
    const done = await run([...rebalance, "--yes"])
    assert.match(done.said, /1 of 1 moved in /)
    const given = await watched.next(({ code, facts }) => code === "moved" && facts["reason"] === "offered")
    assert.deepEqual([given.facts["to"], given.facts["offeredBecause"]], [holder, "told-to-move"])

    const twin = nodes.find((node) => node !== holder)!
    await lab.damage.break(twin, `twin=${address}`)
    const found = await watched.next(({ code, facts }) => code === "found" && facts["code"] === "foreign-answer")
    assert.equal(found.about, address)
    watched.end()

    const asked = await run(["moves", address, "-o", "json", "--kubeconfig", kubeconfig])
    const { moves } = JSON.parse(asked.said) as MovesReport
    assert.deepEqual(
      moves.filter(({ from }) => from !== undefined).map(({ from, to, reason }) => [from, to, reason]),
      [
        [holder, taken.facts["to"], "holder-silent"],
        [taken.facts["to"], holder, "offered"],
      ],
    )
  },
)

const nodes = ["attic-1", "attic-2", "attic-3"]

type Watched = {
  readonly begun: () => Promise<boolean>
  /** The next occurrence of that kind after the last that was asked for; others are passed over. */
  readonly next: (wanted: (occurrence: Occurrence) => boolean) => Promise<Occurrence>
  readonly end: () => void
}

/** `watch -o json` in a process of its own. */
const startWatching = (kubeconfig: string): Watched => {
  const [command, ...before] = program
  const words = ["watch", "-o", "json", "--kubeconfig", kubeconfig]
  const child = spawn(command, [...before, ...words], { stdio: ["ignore", "pipe", "pipe"] })
  let [printed, said] = ["", ""]
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed += text))
  child.stderr.setEncoding("utf8").on("data", (text: string) => (said += text))
  const occurrences = (): Occurrence[] =>
    printed
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Occurrence)
  const next = async (wanted: (occurrence: Occurrence) => boolean): Promise<Occurrence> => {
    await until(async () => occurrences().some(wanted))
    return occurrences().find(wanted)!
  }
  return {
    begun: async () => said.startsWith("Watching attic: 1 addresses, 3 speakers"),
    next,
    end: () => child.kill(),
  }
}

const run = (words: readonly string[]): Promise<{ readonly code: number; readonly said: string }> =>
  new Promise((resolve) => {
    const [command, ...before] = program
    const child = execFile(command, [...before, ...words], (_, stdout, stderr) =>
      resolve({ code: child.exitCode ?? -1, said: stdout + stderr }),
    )
  })

const kubeconfigIn = (directory: string): string => {
  const path = join(directory, "kubeconfig")
  writeFileSync(
    path,
    `apiVersion: v1
kind: Config
current-context: attic
clusters: [{ name: attic, cluster: { server: "unix://${join(directory, "api.sock")}" } }]
contexts: [{ name: attic, context: { cluster: attic, user: me } }]
users: [{ name: me, user: {} }]
`,
  )
  return path
}

/** The MACs of the scenario end in the node's number. Whoever answers has told so in its Speaker object by then. */
const holderOf = async (lab: Lab): Promise<string> => {
  await until(async () => (await lab.arping("laptop", address, 1)).answered === 1)
  await pause(1500)
  const [mac] = Object.keys((await lab.arping("laptop", address, 1)).macs)
  return `attic-${Number(mac!.slice(-2))}`
}

const raise = async (directory: string): Promise<Lab> => {
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const own = (name: string) => [...program, name] as const
  const options = { directory, crds: join(root, "deploy/crds"), controller: own("controller"), speaker: own("speaker") }
  return raiseLab(scenario, { ...options, startApi: startEmbeddedApi, report: () => undefined })
}

/** A busy machine takes its time; a test that waits for what never comes is ended from outside. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(50)
}
