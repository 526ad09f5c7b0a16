import assert from "node:assert/strict"
import { randomBytes } from "node:crypto"
import { setTimeout as sleep } from "node:timers/promises"
import type { ApiTarget } from "../../../edge/api-target.ts"
import type { ApiRequest, Json, JsonObject } from "../../../kubernetes/http.ts"
import { field, isObject, listAt, numberAt, textAt } from "../../../kubernetes/json.ts"
import { createStoryClient, type Answer, type StoryWatch } from "./story-client.ts"

/** How long anything may take on a busy machine. */
const patienceMs = 30_000
const lookMs = 20

/** Metadata and spec of a Service in a story; ports default to 80. */
export type ServiceWish = {
  readonly annotations?: Readonly<Record<string, string | null>>
  readonly labels?: Readonly<Record<string, string>>
  readonly spec?: JsonObject
}

/** One entry of a ledger as stories compare it. */
export type LedgerLine = { readonly address: string; readonly state: "given" | "freed"; readonly owners: string }

/**
 * A cluster for one story about controllers: a namespace of its own for Services, and one for pools and Lease. All
 * Services of type LoadBalancer, ledgers and speakers are removed before and after.
 */
export type ControllerWorld = {
  readonly namespace: string
  readonly configuration: string
  readonly ask: (method: ApiRequest["method"], path: string, body?: Json) => Promise<Answer>
  /** The same, for what must succeed. */
  readonly must: (method: ApiRequest["method"], path: string, body?: Json) => Promise<JsonObject>
  readonly watchServices: () => StoryWatch
  readonly pool: (name: string, addresses: readonly string[], spec?: JsonObject) => Promise<void>
  readonly poolPath: (name: string) => string
  readonly service: (name: string, wish?: ServiceWish) => Promise<JsonObject>
  /** Makes a Service and waits for its address: the first made has the lowest. */
  readonly serve: (name: string, address: string, wish?: ServiceWish) => Promise<void>
  readonly servicePath: (name: string) => string
  readonly read: (name: string) => Promise<JsonObject>
  readonly deleteService: (name: string) => Promise<void>
  /** Addresses in the status, joined by a blank. */
  readonly addressesOf: (name: string) => Promise<string>
  /** `True Kept: kept: it had ...` of `porchlight.dev/Allocated`, or another of ours. */
  readonly conditionOf: (name: string, type?: string) => Promise<string>
  /** `IPAllocated Assigned IP ...`, oldest first. */
  readonly eventsOf: (name: string) => Promise<readonly string[]>
  readonly ledgers: () => Promise<readonly JsonObject[]>
  readonly ledger: () => Promise<readonly LedgerLine[]>
  readonly grantOf: (address: string) => Promise<number>
  /** Waits until all Services have their last condition and nothing was written for a while. */
  readonly rest: () => Promise<void>
  /** The resourceVersions of whatever a controller writes. */
  readonly versions: () => Promise<Readonly<Record<string, string>>>
  /** Removes what the next story must not meet, when the controllers have ended. */
  readonly close: () => Promise<void>
}

const servicesPath = "/api/v1/services"
const ledgersPath = "/apis/porchlight.dev/v1alpha1/addressledgers"
const speakersPath = "/apis/porchlight.dev/v1alpha1/speakers"
const poolsPath = "/apis/metallb.io/v1beta1/ipaddresspools"

export const createControllerWorld = async (target: ApiTarget, subject: string): Promise<ControllerWorld> => {
  const client = createStoryClient(target)
  // A server that runs already may have heard this story before.
  const namespace = `${subject}-${randomBytes(3).toString("hex")}`
  const configuration = `${namespace}-system`
  const poolPath = (name: string): string =>
    `/apis/metallb.io/v1beta1/namespaces/${configuration}/ipaddresspools/${name}`
  const servicePath = (name: string): string => `/api/v1/namespaces/${namespace}/services/${name}`
  const above = (path: string): string => path.slice(0, path.lastIndexOf("/"))

  const ask: ControllerWorld["ask"] = (method, path, body) =>
    client.ask({
      method,
      path,
      ...(body !== undefined && { body }),
      ...(method === "PATCH" && { contentType: "application/merge-patch+json" }),
    })
  const must: ControllerWorld["must"] = async (method, path, body) => {
    const answer = await ask(method, path, body)
    assert.ok(answer.status < 300, `${method} ${path}: ${answer.status} ${textAt(answer.body, "message")}`)
    return isObject(answer.body) ? answer.body : {}
  }
  const items = async (path: string): Promise<readonly JsonObject[]> =>
    listAt(await must("GET", path), "items").filter(isObject)
  const read = (name: string): Promise<JsonObject> => must("GET", servicePath(name))
  const service: ControllerWorld["service"] = (name, { annotations = {}, labels = {}, spec = {} } = {}) =>
    must("POST", above(servicePath(name)), {
      apiVersion: "v1",
      kind: "Service",
      metadata: { name, annotations, labels },
      spec: { type: "LoadBalancer", ports: [{ port: 80 }], selector: { app: name }, ...spec },
    })
  const addressesOf = async (name: string): Promise<string> => ingressOf(await read(name))
  const entries = async (): Promise<readonly Json[]> =>
    (await items(ledgersPath)).flatMap((object) => listAt(object, "spec", "entries"))

  const tidy = async (): Promise<void> => {
    const nodes = await items("/api/v1/nodes")
    const inUse = nodes.find((node) => (textAt(node, "status", "nodeInfo", "kubeletVersion") ?? "") !== "")
    if (inUse !== undefined)
      throw new Error(
        `this cluster is in use, node ${textAt(inUse, "metadata", "name")} runs a kubelet, and stories delete Services: start a server for them with node tools/kube-apiserver.ts`,
      )
    const balanced = (await items(servicesPath)).filter((object) => textAt(object, "spec", "type") === "LoadBalancer")
    for (const { metadata } of balanced)
      await must("DELETE", `/api/v1/namespaces/${textAt(metadata, "namespace")}/services/${textAt(metadata, "name")}`)
    for (const path of [ledgersPath, speakersPath])
      for (const object of await items(path)) await must("DELETE", `${path}/${textAt(object, "metadata", "name")}`)
  }

  const versions = async (): Promise<Readonly<Record<string, string>>> => {
    const found: Record<string, string> = {}
    for (const path of [servicesPath, ledgersPath, poolsPath])
      for (const { metadata } of await items(path)) {
        const name = [textAt(metadata, "namespace") ?? [], textAt(metadata, "name")].flat().join("/")
        found[`${path.slice(path.lastIndexOf("/") + 1)}/${name}`] = textAt(metadata, "resourceVersion") ?? ""
      }
    return found
  }

  await tidy()
  for (const name of [namespace, configuration])
    await must("POST", "/api/v1/namespaces", { apiVersion: "v1", kind: "Namespace", metadata: { name } })

  return {
    namespace,
    configuration,
    ask,
    must,
    read,
    versions,
    poolPath,
    servicePath,
    watchServices: () => client.watch(`/api/v1/namespaces/${namespace}/services?watch=1`),
    pool: async (name, addresses, spec = {}) =>
      void (await must("POST", above(poolPath(name)), {
        apiVersion: "metallb.io/v1beta1",
        kind: "IPAddressPool",
        metadata: { name },
        spec: { addresses, ...spec },
      })),
    service,
    serve: async (name, address, wish) => {
      await service(name, wish)
      await eventually(() => addressesOf(name), address)
    },
    deleteService: async (name) => void (await must("DELETE", servicePath(name))),
    addressesOf,
    conditionOf: async (name, type = "Allocated") => {
      const conditions = listAt(await read(name), "status", "conditions")
      const found = conditions.find((condition) => textAt(condition, "type") === `porchlight.dev/${type}`)
      return found === undefined
        ? ""
        : `${textAt(found, "status")} ${textAt(found, "reason")}: ${textAt(found, "message")}`
    },
    eventsOf: async (name) => {
      const selector = encodeURIComponent(`involvedObject.name=${name},involvedObject.kind=Service`)
      const found = await items(`/api/v1/namespaces/${namespace}/events?fieldSelector=${selector}`)
      return found.map((event) => `${textAt(event, "reason")} ${textAt(event, "message")}`)
    },
    ledgers: () => items(ledgersPath),
    ledger: async () =>
      (await entries()).map((entry) => ({
        address: textAt(entry, "address") ?? "",
        state: field(entry, "freedAt") === undefined ? "given" : "freed",
        owners: listAt(entry, "owners")
          .map((owner) => textAt(owner, "service")?.replace(`${namespace}/`, ""))
          .join(" "),
      })),
    grantOf: async (address) => {
      const entry = (await entries()).find((one) => textAt(one, "address") === address)
      return numberAt(entry, "grant") ?? 0
    },
    rest: async () => {
      // The condition Announced is written a second after the address.
      let before = await versions()
      for (let quietLooks = 0; quietLooks < 5;) {
        await sleep(400)
        const now = await versions()
        quietLooks = JSON.stringify(now) === JSON.stringify(before) ? quietLooks + 1 : 0
        before = now
      }
    },
    close: async () => {
      await tidy()
      client.close()
    },
  }
}

const ingressOf = (service: JsonObject): string =>
  listAt(service, "status", "loadBalancer", "ingress")
    .map((entry) => textAt(entry, "ip") ?? "")
    .join(" ")

/** Reads until it reads what is expected; fails with the last that it read. */
export const eventually = async <T>(read: () => Promise<T>, expected: T | RegExp): Promise<void> => {
  const deadline = performance.now() + patienceMs
  const isIt = (found: T): boolean =>
    expected instanceof RegExp ? expected.test(String(found)) : JSON.stringify(found) === JSON.stringify(expected)
  let found = await read()
  while (!isIt(found) && performance.now() < deadline) {
    await sleep(lookMs)
    found = await read()
  }
  if (expected instanceof RegExp) assert.match(String(found), expected)
  else assert.deepEqual(found, expected)
}
