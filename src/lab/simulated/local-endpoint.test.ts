import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import type { JsonObject } from "../../kubernetes/http.ts"
import { withField } from "../../kubernetes/json.ts"
import { isUnreadable, readScenario, type Scenario } from "../scenario.ts"
import { raiseSimulated, type SimulatedLab } from "./simulated-lab.ts"
import { askerPatienceMs } from "./visitors.ts"

const vip = "192.168.40.200"
const whoami = { address: vip, port: 80, protocol: "TCP" } as const
const podsPath = "/api/v1/namespaces/demo/pods"

test("a Local pod that terminates while it still serves: its address goes to another's node, and no visitor is lost", async () => {
  const lab = await raise()
  assert.equal(lab.answererOf(vip), "attic-1")
  const asker = lab.startAsker(whoami, 200)
  lab.run(500)
  createPod(lab, "second", "attic-2")
  lab.run(2000)
  assert.equal(lab.answererOf(vip), "attic-1")
  lab.request("DELETE", `${podsPath}/first`)
  lab.run(1000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.request("PATCH", `${podsPath}/first`, { metadata: { finalizers: null } })
  lab.run(3000)
  asker.stop()
  lab.run(askerPatienceMs)
  const { gaps, answered } = asker.report()
  assert.deepEqual(gaps, [])
  assert.ok(answered > 1000, `${answered} visitors`)
  assert.equal(lab.answererOf(vip), "attic-2")
})

test("the only Local pod serves until its end, and then nobody answers", async () => {
  const lab = await raise()
  lab.request("DELETE", `${podsPath}/first`)
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-1")
  assert.equal(lab.ask(whoami).kind, "answered")
  lab.request("PATCH", `${podsPath}/first`, { metadata: { finalizers: null } })
  lab.run(1500)
  assert.equal(lab.answererOf(vip), undefined)
})

/** first-light with policy Local, and one pod on attic-1 that stays for as long as somebody holds it after its deletion. */
const raise = async (): Promise<SimulatedLab> => {
  const root = join(import.meta.dirname, "../../..")
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const lab = await raiseSimulated(local(scenario), { seed: 1, crds: join(root, "deploy/crds"), version: "test" })
  createPod(lab, "first", "attic-1")
  lab.runUntil(() => lab.answererOf(vip) !== undefined, 10_000)
  lab.run(2000)
  return lab
}

const local = (scenario: Scenario): Scenario => ({
  ...scenario,
  objects: scenario.objects
    .filter(({ kind }) => kind !== "Pod" && kind !== "EndpointSlice")
    .map((object) =>
      object["kind"] === "Service" ? withField(object, ["spec", "externalTrafficPolicy"], "Local") : object,
    ),
})

/** Its finalizer stands for the time between SIGTERM and the end of a pod that goes on serving. */
const createPod = (lab: SimulatedLab, name: string, nodeName: string): void => {
  const pod: JsonObject = {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      namespace: "demo",
      labels: { "app.kubernetes.io/name": "whoami" },
      finalizers: ["lab.porchlight.dev/serves-on"],
    },
    spec: {
      nodeName,
      containers: [{ name: "whoami", image: "lab/whoami", ports: [{ name: "http", containerPort: 8080 }] }],
    },
  }
  assert.equal(lab.request("POST", podsPath, pod).status, 201)
}
