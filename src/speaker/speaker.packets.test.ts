import assert from "node:assert/strict"
import { spawn } from "node:child_process"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { askInspect } from "../edge/inspect.ts"
import type { Json } from "../kubernetes/http.ts"
import { listAt, textAt } from "../kubernetes/json.ts"
import { startEmbeddedApi } from "../lab/embedded-api.ts"
import { type Lab, raiseLab } from "../lab/lab.ts"
import { inNamespace } from "../lab/namespace.ts"
import { packetTest } from "../lab/packet-test.ts"
import type { LabProgram } from "../lab/programs.ts"
import { isUnreadable, readScenario } from "../lab/scenario.ts"

const address = "192.168.40.200"

packetTest(
  import.meta.url,
  "three speakers, one answer; the holder loses power, another answers; its return moves nothing",
  async (directory) => {
    const lab = await raise(directory)
    const holder = await onlyAnswerer(lab)
    await lab.damage.break(holder, "power")
    const next = await anotherAnswerer(lab, holder)
    await lab.damage.mend(holder, "power")
    await untilReady(directory, holder)
    await pause(1500)
    assert.equal(await onlyAnswerer(lab), next)
  },
)

packetTest(import.meta.url, "a killed speaker loses its address, a restarted one keeps it", async (directory) => {
  const lab = await raise(directory)
  const first = await onlyAnswerer(lab)
  await lab.damage.break(first, "speaker")
  const holder = await anotherAnswerer(lab, first)
  await speakerOf(lab, holder).restart("SIGTERM")
  await until(async () => (await lab.arping("laptop", address, 1)).answered === 1)
  assert.equal(await onlyAnswerer(lab), holder)
})

packetTest(
  import.meta.url,
  "a frozen holder is replaced, and says nothing for the address when it wakes",
  async (directory) => {
    const lab = await raise(directory)
    const holder = await onlyAnswerer(lab)
    await lab.damage.break(holder, "freeze")
    const next = await anotherAnswerer(lab, holder)
    await lab.damage.mend(holder, "freeze")
    for (let i = 0; i < 5; i++) assert.equal(await onlyAnswerer(lab), next)
  },
)

packetTest(import.meta.url, "beats filtered: nothing moves, and the finding names the port", async (directory) => {
  const lab = await raise(directory)
  const holder = await onlyAnswerer(lab)
  await lab.damage.break(holder, "beats")
  await pause(4000)
  assert.equal(await onlyAnswerer(lab), holder)
  const others = nodes.filter((node) => node !== holder)
  const said = await Promise.all(others.map((node) => inspect(directory, node)))
  const codes = said.flatMap((one) => listAt(one, "findings")).map((finding) => textAt(finding, "code"))
  assert.ok(codes.includes("beats-blocked"), codes.join())
})

packetTest(
  import.meta.url,
  "a new process beside the old one answers at once when the old one goes",
  async (directory) => {
    const lab = await raise(directory)
    const holder = await onlyAnswerer(lab)
    const { spec } = speakerOf(lab, holder)
    const [command, ...argv] = spec.argv
    const surge = inNamespace(holder, () => spawn(command, argv, { stdio: "ignore" }))
    try {
      await pause(2500)
      assert.equal(await onlyAnswerer(lab), holder)
      const state = speakerOf(lab, holder).state()
      assert.ok(state.kind === "running")
      process.kill(state.pid, "SIGTERM")
      for (let round = 0; round < 40; round++) {
        const { asked, answered, macs } = await lab.arping("laptop", address, 20)
        assert.deepEqual([answered, Object.keys(macs).map(nodeOf)], [asked, [holder]], `round ${round}`)
      }
    } finally {
      surge.kill("SIGKILL")
    }
  },
)

packetTest(
  import.meta.url,
  "what it does is told: Speaker object, ServiceL2Status, event, metrics and inspect agree",
  async (directory) => {
    const lab = await raise(directory)
    const holder = await onlyAnswerer(lab)
    const get = async (path: string): Promise<Json | undefined> => (await lab.api.request("GET", path)).body
    await until(async () => {
      const speaker = await get(`/apis/porchlight.dev/v1alpha1/speakers/${holder}`)
      return listAt(speaker, "status", "holds").some((hold) => textAt(hold, "address") === address)
    })
    await until(async () => {
      const statuses = await get("/apis/metallb.io/v1beta1/namespaces/metallb-system/servicel2statuses")
      return listAt(statuses, "items").some((item) => textAt(item, "status", "node") === holder)
    })
    const events = listAt(await get("/api/v1/namespaces/demo/events"), "items").map((item) => textAt(item, "message"))
    assert.ok(events.includes(`announcing from node "${holder}" with protocol "layer2"`), events.join())
    const [answer] = listAt(await inspect(directory, holder), "answers")
    assert.equal(textAt(answer, "address"), address)
  },
)

const nodes = ["attic-1", "attic-2", "attic-3"]

const raise = async (directory: string): Promise<Lab> => {
  const root = join(import.meta.dirname, "../..")
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const own = (name: string) => [process.execPath, join(root, "src/main/cli.ts"), name] as const
  const options = { directory, crds: join(root, "deploy/crds"), controller: own("controller"), speaker: own("speaker") }
  const lab = await raiseLab(scenario, { ...options, startApi: startEmbeddedApi, report: () => undefined })
  await until(async () => (await lab.arping("laptop", address, 1)).answered === 1)
  return lab
}

/** Who answers, asked many times over: never two. */
const onlyAnswerer = async (lab: Lab): Promise<string> => {
  const { macs } = await lab.arping("laptop", address, 100)
  assert.equal(Object.keys(macs).length, 1, JSON.stringify(macs))
  return nodeOf(Object.keys(macs)[0]!)
}

const anotherAnswerer = async (lab: Lab, than: string): Promise<string> => {
  await until(async () => {
    const [mac] = Object.keys((await lab.arping("laptop", address, 1)).macs)
    return mac !== undefined && nodeOf(mac) !== than
  })
  return onlyAnswerer(lab)
}

/** The MACs of the scenario end in the node's number. */
const nodeOf = (mac: string): string => `attic-${Number(mac.slice(-2))}`

const speakerOf = (lab: Lab, node: string): LabProgram =>
  lab.programs.find(({ spec }) => spec.machine === node) ?? assert.fail(`no speaker on ${node}`)

const inspect = async (directory: string, node: string): Promise<Json> => {
  const answer = await askInspect(join(directory, "inspect", `${node}.sock`), "all", 2000)
  if (typeof answer === "object" && answer !== null && "code" in answer) assert.fail(JSON.stringify(answer))
  return answer
}

const untilReady = (directory: string, node: string): Promise<void> =>
  until(async () => {
    const answer = await askInspect(join(directory, "inspect", `${node}.sock`), "ready", 1000)
    return typeof answer === "object" && answer !== null && "ready" in answer && answer["ready"] === true
  })

/** A busy machine takes its time; a test that waits for what never comes is ended from outside. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(20)
}
