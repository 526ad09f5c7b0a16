import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { setTimeout as pause } from "node:timers/promises"
import type { JsonObject } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { connectApi, type LabApi } from "../api.ts"
import type { LabEvent } from "../lab.ts"
import { isUnreadable, readScenario } from "../scenario.ts"
import { type HeldLab, holdSimulated } from "./held-lab.ts"

const root = join(import.meta.dirname, "../../..")
const whoami = "192.168.40.200"

test("it tells its steps as a real lab does, and every address is answered", () =>
  hold(async ({ events }) => {
    const steps = events.flatMap((event) => (event.kind === "step" ? [`${event.step} ${event.good}`] : []))
    assert.deepEqual(steps, ["network true", "api true", "programs true", "answers true"])
  }))

test("people make a Service through its API server, and it has an address soon, as they see in their watch", () =>
  hold(async ({ api }) => {
    const seen: string[] = []
    const unfollow = api.follow("/api/v1/services", (services) => {
      const address = addressIn(services.get("demo/radarr"))
      if (address !== undefined) seen.push(address)
    })
    const made = await api.request("POST", "/api/v1/namespaces/demo/services", {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name: "radarr" },
      spec: { type: "LoadBalancer", ports: [{ port: 80 }], selector: { app: "radarr" } },
    })
    assert.equal(made.status, 201)
    await until(() => seen.length > 0)
    unfollow()
    assert.equal(seen[0], "192.168.40.201")
  }))

test("time in there is ours: what is broken now is taken over now, and its clock shows our time", () =>
  hold(async ({ held, api }) => {
    const before = await answerers(held)
    await held.handlers.break({ machine: before[0]!, fault: "power" })
    await until(async () => {
      const now = await answerers(held)
      return now.length === 1 && now[0] !== before[0]
    })
    const { body } = await api.request(
      "GET",
      "/apis/coordination.k8s.io/v1/namespaces/metallb-system/leases/porchlight-controller",
    )
    const renewed = Date.parse(textAt(body, "spec", "renewTime") ?? "")
    assert.ok(Math.abs(Date.now() - renewed) < 60_000, textAt(body, "spec", "renewTime"))
  }))

type Story = { readonly held: HeldLab; readonly api: LabApi; readonly events: readonly LabEvent[] }

const hold = async (story: (story: Story) => Promise<void>): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "pl-held-"))
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const events: LabEvent[] = []
  const report = (event: LabEvent): void => void events.push(event)
  const held = await holdSimulated(scenario, { directory, crds: join(root, "deploy/crds"), version: "test", report })
  try {
    await story({ held, api: connectApi(join(directory, "api.sock")), events })
  } finally {
    await held.close()
    rmSync(directory, { recursive: true })
  }
}

const addressIn = (service: JsonObject | undefined): string | undefined =>
  listAt(service, "status", "loadBalancer", "ingress").map((entry) => textAt(entry, "ip"))[0]

/** Machines that answer for the Service's address. */
const answerers = async (held: HeldLab): Promise<readonly string[]> => {
  const { macs } = await held.handlers.arping({ machine: undefined, address: whoami, count: 1 })
  const { machines } = await held.handlers.status({})
  return machines.filter(({ macs: own }) => own.some((mac) => mac in macs)).map(({ name }) => name)
}

/** A busy machine takes its time; a test that waits for what never comes is ended from outside. */
const until = async (holds: () => boolean | Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(20)
}
