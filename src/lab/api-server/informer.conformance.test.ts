import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import type { KubernetesListObject, KubernetesObject } from "@kubernetes/client-node"
import { CoreV1Api, KubeConfig, makeInformer } from "@kubernetes/client-node"
import { type ApiDoor, openApiDoor } from "../api-door.ts"
import { printKubeconfig } from "../kubeconfig.ts"
import type { ApiServer } from "./server.ts"
import { startApiServer } from "./server.ts"

/** The official JavaScript client, used as its documentation shows, with the kubeconfig and through the door of a lab. */
const folder = mkdtempSync(join(tmpdir(), "porchlight-informer-"))
let server: ApiServer
let door: ApiDoor
let config: KubeConfig

before(async () => {
  server = await startApiServer({ listen: { path: join(folder, "api.sock") } })
  const opened = await openApiDoor(join(folder, "api.sock"), undefined)
  assert.ok(typeof opened !== "string")
  door = opened
  config = new KubeConfig()
  config.loadFromString(printKubeconfig("lab", door.url))
})

after(async () => {
  door.close()
  await server.close()
  rmSync(folder, { recursive: true })
})

test("its typed client creates, reads, patches and deletes", async () => {
  const api = config.makeApiClient(CoreV1Api)
  const body = { metadata: { name: "typed" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } }
  const made = await api.createNamespacedService({ namespace: "default", body })
  assert.equal(made.spec?.allocateLoadBalancerNodePorts, true)
  assert.ok(made.metadata?.creationTimestamp instanceof Date)
  const patch = [{ op: "add", path: "/metadata/labels", value: { tier: "web" } }]
  await api.patchNamespacedService({ namespace: "default", name: "typed", body: patch })
  const { items } = await api.listNamespacedService({ namespace: "default", labelSelector: "tier=web" })
  assert.deepEqual(
    items.map((item) => item.metadata?.name),
    ["typed"],
  )
  await api.deleteNamespacedService({ namespace: "default", name: "typed" })
  await assert.rejects(api.readNamespacedService({ namespace: "default", name: "typed" }), /HTTP-Code: 404/)
})

test("its informer lists, then hears what comes, changes and goes, line separators and all", async () => {
  const api = config.makeApiClient(CoreV1Api)
  const list = (): Promise<KubernetesListObject<KubernetesObject>> =>
    api.listNamespacedConfigMap({ namespace: "default" })
  create("before", "plain")
  const informer = makeInformer(config, "/api/v1/namespaces/default/configmaps", list)
  const heard: string[] = []
  for (const verb of ["add", "update", "delete"] as const)
    informer.on(verb, (object: KubernetesObject) => heard.push(`${verb} ${object.metadata?.name}`))
  await informer.start()
  try {
    await until(() => heard.includes("add before"))
    create("later", "one\u2028two\u2029three")
    await until(() => heard.includes("add later"))
    server.ask({ method: "PUT", path: `${MAPS}/later`, body: { metadata: { name: "later" }, data: { a: "b" } } })
    await until(() => heard.includes("update later"))
    server.ask({ method: "DELETE", path: `${MAPS}/later` })
    await until(() => heard.includes("delete later"))
    assert.deepEqual(
      informer.list("default").map((object) => object.metadata?.name),
      ["before"],
    )
  } finally {
    await informer.stop()
  }
  assert.deepEqual(heard, ["add before", "add later", "update later", "delete later"])
})

test("its informer lists anew when told that its place in the history is gone", async () => {
  const api = config.makeApiClient(CoreV1Api)
  let lists = 0
  const list = (): Promise<KubernetesListObject<KubernetesObject>> => {
    lists += 1
    if (lists > 1) server.faults.set(undefined)
    return api.listNamespacedConfigMap({ namespace: "default" })
  }
  server.faults.set({ kind: "expired", how: "in-frame" })
  const informer = makeInformer(config, "/api/v1/namespaces/default/configmaps", list)
  await informer.start()
  try {
    await until(() => lists > 1)
  } finally {
    server.faults.set(undefined)
    await informer.stop()
  }
})

const MAPS = "/api/v1/namespaces/default/configmaps"

const create = (name: string, text: string): void => {
  server.ask({ method: "POST", path: MAPS, body: { metadata: { name }, data: { text } } })
}

const WITHIN_MS = 20_000

const until = async (holds: () => boolean): Promise<void> => {
  const end = Date.now() + WITHIN_MS
  while (!holds()) {
    assert.ok(Date.now() < end, "it did not happen in time")
    await new Promise((resolve) => setTimeout(resolve, 10))
  }
}
