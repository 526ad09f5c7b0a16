import assert from "node:assert/strict"
import { test } from "node:test"
import type { NodeName, ServiceName } from "../../cluster/name.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import type { KubernetesObject } from "../../kubernetes/object.ts"
import type { Call } from "../../kubernetes/request.ts"
import { type AnnouncedService, layer2StatusWrites, type Reporter } from "./layer2-status.ts"

const radarr = "media/radarr" as ServiceName
const reporter: Reporter = {
  node: "w1" as NodeName,
  namespace: "metallb-system",
  pod: { name: "speaker-x", uid: "u1" },
}

test("an announced Service gets an object, then its status, then nothing more", () => {
  const [create, ...rest] = writes([announce(radarr)], [])
  assert.equal(rest.length, 0)
  assert.equal(create?.method, "POST")
  const object = create.body as unknown as KubernetesObject
  const [patch] = writes([announce(radarr)], [object])
  assert.match(patch!.path, /\/servicel2statuses\/l2-[0-9a-f]{10}\/status$/)
  const status = { node: "w1", serviceName: "radarr", serviceNamespace: "media" }
  assert.deepEqual((patch!.body as JsonObject)["status"], { interfaces: null, ...status })
  assert.deepEqual(writes([announce(radarr)], [{ ...object, status }]), [])
})

test("the announcer removes the words of earlier announcers, not those about other Services", () => {
  const said = (node: string, service: string): KubernetesObject => status(node, service)
  const [removal, ...rest] = writes(
    [announce(radarr)],
    [mine(radarr), said("w2", "media/radarr"), said("w2", "media/plex")],
  )
  assert.equal(removal?.method, "DELETE")
  assert.match(removal.path, /w2-media-radarr$/)
  assert.deepEqual(rest, [])
})

test("who stops announcing removes its own word only", () => {
  const removed = writes([], [mine(radarr), status("w2", "media/radarr")])
  assert.deepEqual(
    removed.map(({ method }) => method),
    ["DELETE"],
  )
  assert.match(removed[0]!.path, /w1-media-radarr$/)
})

test("interfaces are named only where the advertisement limits them", () => {
  const limited = { service: radarr, interfaces: ["eth1"] }
  const [patch] = writes([limited], [mine(radarr)])
  assert.deepEqual((patch!.body as { status: JsonObject }).status["interfaces"], [{ name: "eth1" }])
  const unlimited = {
    ...mine(radarr),
    status: { ...(mine(radarr)["status"] as JsonObject), interfaces: [{ name: "eth1" }] },
  }
  assert.deepEqual(
    (writes([announce(radarr)], [unlimited])[0]!.body as { status: JsonObject }).status["interfaces"],
    null,
  )
})

test("a repeated creation has the same name", () => {
  const names = [1, 2].map(() => (writes([announce(radarr)], [])[0]!.body as unknown as KubernetesObject).metadata.name)
  assert.equal(names[0], names[1])
})

const announce = (service: ServiceName): AnnouncedService => ({ service, interfaces: [] })

const writes = (announced: readonly AnnouncedService[], observed: readonly KubernetesObject[]): readonly Call[] =>
  layer2StatusWrites(new Map(announced.map((one) => [one.service, one])), observed, reporter)

const mine = (service: ServiceName): KubernetesObject => status("w1", service)

const status = (node: string, service: string): KubernetesObject => {
  const [namespace, name] = service.split("/") as [string, string]
  return {
    apiVersion: "metallb.io/v1beta1",
    kind: "ServiceL2Status",
    metadata: {
      name: `${node}-${namespace}-${name}`,
      namespace: "metallb-system",
      labels: { "metallb.io/node": node, "metallb.io/service-name": name, "metallb.io/service-namespace": namespace },
    },
    status: { node, serviceName: name, serviceNamespace: namespace },
  }
}
