import assert from "node:assert/strict"
import { performance } from "node:perf_hooks"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { nobody, type ApiTarget } from "../../edge/api-target.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { startEmbeddedApi } from "../../lab/embedded-api.ts"
import { type Lab, raiseLab } from "../../lab/lab.ts"
import { packetTest } from "../../lab/packet-test.ts"
import { isUnreadable, readScenario } from "../../lab/scenario.ts"
import { type ApiSession, openSession } from "../survey/api-session.ts"
import { readLive } from "../survey/live-facts.ts"
import { type Survey, surveyOf } from "../survey/survey.ts"
import { type Performed, performMoves } from "./perform.ts"
import { rebalancePlan } from "./plan.ts"

const services = 50
const perSecond = 100

packetTest(
  import.meta.url,
  "50 addresses go back to the first of their order, and of 100 new connections a second none fails",
  async (directory) => {
    const lab = await raise(directory)
    const target = targetIn(directory)
    const session = openSession(target, 10_000)
    await addServices(lab)
    await until(async () => (await held(target)) === services)
    const before = await survey(target)
    const away = planAway(before)
    assert.equal(away.length, services)
    const first = await performMoves(session, away, passing, () => undefined)
    assert.deepEqual(first.failed, [])

    const askers = away.map(({ address }) =>
      lab.startAsker("laptop", { address, port: 80, protocol: "TCP" }, perSecond / services),
    )
    await pause(2000)
    const done = await rebalanceNow(target, session)
    await pause(2000)
    const reports = await Promise.all(askers.map((asker) => asker.stop()))
    session.close()
    assert.deepEqual(done.failed, [])
    assert.equal(done.moved.length, services)
    const [asked, lost] = [sum(reports.map((report) => report.asked)), sum(reports.map((report) => report.lost))]
    assert.ok(asked > perSecond * 3, `only ${asked} asked`)
    assert.equal(lost, 0, `${lost} of ${asked} failed`)
    assert.deepEqual(rebalancePlan(await survey(target), Date.now() / 1000).moves, [])
  },
)

/** A wish for each address to go to the last of its order. */
const planAway = (before: Survey): ReturnType<typeof rebalancePlan>["moves"] =>
  [...before.settled.decisions.elections.values()].flatMap(({ group, outcome }) => {
    if (outcome.kind !== "ordered") return []
    const to = outcome.order.at(-1)!.node
    const ask = { service: group.services[0], value: to }
    return [{ address: group.key, services: group.services, from: "", to, says: "", ask }]
  })

const rebalanceNow = async (target: ApiTarget, session: ApiSession): Promise<Performed> => {
  const plan = rebalancePlan(await survey(target), Date.now() / 1000)
  return performMoves(session, plan.moves, passing, () => undefined)
}

const passing = { nowMs: () => performance.now(), pause: (ms: number) => pause(ms) }

const targetIn = (directory: string): ApiTarget => ({
  server: { kind: "unix", path: join(directory, "api.sock") },
  credentials: () => Promise.resolve(nobody),
})

const survey = async (target: ApiTarget): Promise<Survey> => {
  const found = await readLive(target, "metallb-system", 10_000)
  assert.ok(found.kind === "objects")
  const facts = { name: "lab", source: "live", ...found, readAt: Date.now() / 1000, again: "" } as const
  return surveyOf(facts, { metallbNamespace: "metallb-system" })
}

const held = async (target: ApiTarget): Promise<number> => (await survey(target)).holds.size

const raise = async (directory: string): Promise<Lab> => {
  const root = join(import.meta.dirname, "../../..")
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const own = (name: string) => [process.execPath, join(root, "src/main/cli.ts"), name] as const
  const options = { directory, crds: join(root, "deploy/crds"), controller: own("controller"), speaker: own("speaker") }
  return raiseLab(scenario, { ...options, startApi: startEmbeddedApi, report: () => undefined })
}

/** A pool for them, and as many Services before the lab's one pod as make 50 with its own. */
const addServices = async (lab: Lab): Promise<void> => {
  const pool = "/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools/porch"
  const ranges = { spec: { addresses: ["192.168.40.200-192.168.40.254"] } }
  assert.equal((await lab.api.request("PATCH", pool, ranges, "application/merge-patch+json")).status, 200)
  for (let number = 1; number < services; number++) {
    const { status } = await lab.api.request("POST", "/api/v1/namespaces/demo/services", serviceOf(`s${number}`))
    assert.equal(status, 201)
  }
}

const serviceOf = (name: string): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { namespace: "demo", name },
  spec: {
    type: "LoadBalancer",
    selector: { "app.kubernetes.io/name": "whoami" },
    ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
  },
})

const sum = (numbers: readonly number[]): number => numbers.reduce((total, one) => total + one, 0)

/** A busy machine takes its time; a test that waits for what never comes is ended from outside. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(100)
}
