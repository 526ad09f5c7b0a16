import { createController } from "../src/controller/controller.ts"
import type { ControllerInput } from "../src/controller/output.ts"
import { readManifests } from "../src/lab/apply-objects.ts"
import { join } from "node:path"
import type { ApiRequest, Json, JsonObject } from "../src/kubernetes/http.ts"
import { listAt, textAt } from "../src/kubernetes/json.ts"
import { createStore, type StoreInput } from "../src/kubernetes/store.ts"
import type { At, Instant } from "../src/time/instant.ts"
import { root } from "./bundle.ts"
import { loadBalancer, servicesPath } from "./service.ts"
import { monotonicMs } from "./wire/clock.ts"

/** The controller's machine against the API server's machine, handed each other's values: no sockets, no JSON. */
export const burstInMemory = (services: number): { readonly ms: number; readonly requests: number } => {
  const store = createStore({}, now())
  const controller = createController({ namespace: "metallb-system", loadBalancerClass: undefined, identity: "bench" })
  const toStore: StoreInput[] = []
  const toController: ControllerInput[] = []
  let requests = 0
  const given = new Set<string>()

  const tellStore = (input: StoreInput): void => {
    for (const { client, event } of store.step(input, now())) {
      if (client === "controller") toController.push(event)
      else if (client === "watch" && event.kind === "frames") event.frames.forEach(see)
      else if (event.kind === "response" && event.status >= 400) throw new Error(JSON.stringify(event.body))
    }
  }
  const see = (frame: Json): void => {
    const name = textAt(frame, "object", "metadata", "name")
    if (name !== undefined && listAt(frame, "object", "status", "loadBalancer", "ingress").length > 0) given.add(name)
  }
  const tellController = (input: ControllerInput): void => {
    for (const output of controller.step(input, now()))
      if (output.kind === "request") {
        requests += 1
        toStore.push({ kind: "request", client: "controller", request: output.request })
      } else if (output.kind === "abort") toStore.push({ kind: "abort", client: "controller", id: output.id })
  }
  /** One turn each; a wake where nothing waits, as a clock would. */
  const turn = (): void => {
    const [forStore, forController] = [toStore.shift(), toController.shift()]
    if (forStore !== undefined) tellStore(forStore)
    if (forController !== undefined) tellController(forController)
    else if ((controller.wakeAt() ?? Number.POSITIVE_INFINITY) <= now().now) tellController({ kind: "wake" })
  }
  const post = (path: string, body: JsonObject): void =>
    tellStore({ kind: "request", client: "people", request: request("POST", path, body) })

  prepare(post)
  tellStore({ kind: "request", client: "watch", request: request("GET", servicesPath, undefined) })
  tellController({ kind: "wake" })
  for (const end = monotonicMs() + settleMs; monotonicMs() < end;) turn()
  requests = 0
  const began = monotonicMs()
  for (let index = 0; index < services; index++) post(servicesPath, loadBalancer(`burst-${index}`))
  while (given.size < services) {
    turn()
    if (monotonicMs() - began > patienceMs) throw new Error(`${given.size} of ${services} have an address`)
  }
  return { ms: monotonicMs() - began, requests }
}

/** Until it leads and has listed everything. */
const settleMs = 500
const patienceMs = 60_000

const prepare = (post: (path: string, body: JsonObject) => void): void => {
  for (const crd of readManifests(join(root, "deploy", "crds")))
    post("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd)
  for (const name of ["metallb-system", "bench"]) post("/api/v1/namespaces", { metadata: { name } })
  post("/apis/metallb.io/v1beta1/namespaces/metallb-system/ipaddresspools", {
    apiVersion: "metallb.io/v1beta1",
    kind: "IPAddressPool",
    metadata: { name: "bench" },
    spec: { addresses: ["10.80.16.0-10.80.31.255"] },
  })
}

let lastId = 0
const request = (method: "GET" | "POST", path: string, body: JsonObject | undefined): ApiRequest => {
  const watching = method === "GET"
  return {
    id: ++lastId,
    method,
    path,
    query: watching ? { watch: "true" } : {},
    contentType: "application/json",
    ...(body === undefined ? {} : { body }),
    stream: watching,
    timeoutMs: patienceMs,
  }
}

const epochSeconds = Date.now() / 1000
const now = (): At => ({
  now: monotonicMs() as Instant,
  wallSeconds: epochSeconds + process.uptime(),
  entropy: Math.floor(Math.random() * 2 ** 32),
})
