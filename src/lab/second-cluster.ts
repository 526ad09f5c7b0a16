import { randomBytes } from "node:crypto"
import { mkdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import type { JsonObject } from "../kubernetes/http.ts"
import { textAt } from "../kubernetes/json.ts"
import { connectApi } from "./api.ts"
import { createApplier, readManifests } from "./apply-objects.ts"
import { startEmbeddedApi } from "./embedded-api.ts"
import { servicesOf } from "./lab-service.ts"
import { startProgram } from "./programs.ts"
import { type Scenario, systemNamespace } from "./scenario.ts"
import type { Machine } from "./topology/layout.ts"

/** A cluster of one node on a machine of the lab's LAN: its own API server, key and programs, and the same pools. */
export type SecondCluster = {
  /** Its first Service as its API server has it. */
  readonly service: () => Promise<JsonObject>
  readonly end: () => void
}

/** Starts it in `directory`; its speaker's inspect socket is `inspect/cellar.sock` there. */
export const startSecondCluster = async (
  directory: string,
  machine: Machine,
  scenario: Scenario,
  crds: string,
  own: (program: "controller" | "speaker") => readonly [string, ...string[]],
): Promise<SecondCluster> => {
  const socket = join(directory, "cellar.sock")
  const server = await startEmbeddedApi(socket, scenario)
  const api = connectApi(socket)
  const applier = createApplier(api)
  const isA = (kind: string) => (object: JsonObject) => textAt(object, "kind") === kind
  await applier.apply(readManifests(crds))
  await applier.apply(scenario.objects.filter(isA("Namespace")))
  const pools = scenario.objects.filter((object) => isA("IPAddressPool")(object) || isA("L2Advertisement")(object))
  await applier.apply([
    nodeOf(machine),
    ...pools,
    ...scenario.objects.filter(isA("EndpointSlice")).map(onMachine(machine)),
  ])
  const [service] = servicesOf(scenario)
  if (service !== undefined) await applier.apply([service])
  const keys = join(directory, "cellar-key")
  mkdirSync(keys, { recursive: true })
  writeFileSync(join(keys, "current"), randomBytes(32).toString("hex"))
  const at = ["--namespace", systemNamespace, "--api", `unix:${socket}`] as const
  const told = (name: string): string => join(directory, "logs", `cellar-${name}.log`)
  const inspect = ["--inspect-socket", join(directory, "inspect", "cellar.sock"), "--metrics-port", "0"] as const
  const speaker = [...own("speaker"), "--node-name", machine.name, ...at, "--beat-key-dir", keys, ...inspect] as const
  const programs = [
    {
      name: "cellar controller",
      machine: undefined,
      argv: [...own("controller"), ...at] as const,
      logFile: told("controller"),
    },
    { name: "cellar speaker", machine: machine.name, argv: speaker, logFile: told("speaker") },
  ].map((spec) => startProgram(spec, () => undefined))
  return {
    service: async () => {
      const [namespace, name] = [textAt(service, "metadata", "namespace"), textAt(service, "metadata", "name")]
      return (await api.request("GET", `/api/v1/namespaces/${namespace}/services/${name}`)).body
    },
    end: () => {
      for (const program of programs) program.kill()
      void server.close()
    },
  }
}

const nodeOf = ({ name, links }: Machine): JsonObject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "kubernetes.io/hostname": name, "kubernetes.io/os": "linux" } },
  status: {
    addresses: [{ type: "InternalIP", address: links[0].addresses[0].split("/")[0]! }],
    conditions: [{ type: "Ready", status: "True" }],
  },
})

/** An endpoint there: without one nobody would announce the Service. */
const onMachine =
  ({ name }: Machine) =>
  (slice: JsonObject): JsonObject => ({
    ...slice,
    endpoints: [{ addresses: ["10.244.1.10"], nodeName: name, conditions: { ready: true, serving: true } }],
  })
