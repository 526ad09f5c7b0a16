import { join } from "node:path"
import type { JsonObject } from "../../kubernetes/http.ts"
import { withField } from "../../kubernetes/json.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { readObjectFiles } from "./object-files.ts"
import { type Facts, type Survey, surveyOf } from "./survey.ts"

/** For tests: facts made by hand, read at a fixed moment. */
export const madeAt = 1_795_000_000

export const scenarioObjects = (name: string): readonly JsonObject[] =>
  readObjectFiles(join(import.meta.dirname, "..", "..", "..", "scenarios", name)).objects

export const madeSurvey = (objects: readonly JsonObject[], facts: Partial<Facts> = {}): Survey =>
  surveyOf(
    { name: "made", source: "dump", objects, withheld: [], readAt: madeAt, again: "", ...facts },
    { metallbNamespace: "metallb-system" },
  )

/** The object with one field set, found by kind and name. */
export const withFieldOf = (
  objects: readonly JsonObject[],
  kind: string,
  name: string,
  path: readonly string[],
  value: JsonObject[string],
): readonly JsonObject[] =>
  objects.map((object) =>
    object["kind"] === kind && (object["metadata"] as JsonObject)["name"] === name
      ? withField(object, path, value)
      : object,
  )

export type MadeHold = { readonly address: string; readonly epoch?: number; readonly seenSecondsAgo?: number }

/** A Speaker object that reports these addresses, held for an hour. */
export const speaker = (node: string, holds: readonly MadeHold[], more: JsonObject = {}): JsonObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "Speaker",
  metadata: { name: node },
  status: {
    version: "0.1.0",
    state: "active",
    dataPlaneReady: true,
    interfaces: [{ name: "eth0", up: true, use: "speaks", addresses: [] }],
    holds: holds.map(({ address, epoch = 1, seenSecondsAgo }) => ({
      address,
      link: "eth0",
      grant: 1,
      epoch,
      since: printTimestamp(madeAt - 3600),
      ...(seenSecondsAgo !== undefined && { gatewayConfirmedAt: printTimestamp(madeAt - seenSecondsAgo) }),
    })),
    ...more,
  },
})

/** A Service of type LoadBalancer with one ready pod on `on`. */
export const service = (name: string, spec: JsonObject = {}, annotations: JsonObject = {}): readonly JsonObject[] => {
  const [namespace = "", short = ""] = name.split("/")
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata: { namespace, name: short, creationTimestamp: "2026-10-01T00:00:00Z", annotations },
      spec: {
        type: "LoadBalancer",
        clusterIPs: [`10.96.0.${short.length + 10}`],
        ipFamilies: ["IPv4"],
        ports: [{ port: 80, protocol: "TCP" }],
        selector: { app: short },
        ...spec,
      },
    },
    {
      apiVersion: "discovery.k8s.io/v1",
      kind: "EndpointSlice",
      metadata: { namespace, name: short, labels: { "kubernetes.io/service-name": short } },
      addressType: "IPv4",
      endpoints: [{ addresses: ["10.244.1.10"], nodeName: "attic-1", conditions: { ready: true } }],
    },
  ]
}
