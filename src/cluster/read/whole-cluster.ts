import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import type { Cluster, KindName } from "../cluster.ts"
import { allKinds, createSnapshot, type SnapshotOptions } from "./snapshot.ts"

/** A Cluster from objects at hand (a file, a dump, a scenario). Objects of other kinds are passed by. */
export const readCluster = (objects: Iterable<JsonObject>, options: Omit<SnapshotOptions, "kinds">): Cluster => {
  const snapshot = createSnapshot({ ...options, kinds: allKinds })
  for (const object of objects) {
    const kind = allKinds.find((known) => known === textAt(object, "kind") && groupFits(known, object))
    if (kind !== undefined) snapshot.take(kind, { kind: "upserted", object })
  }
  for (const kind of allKinds) snapshot.take(kind, { kind: "synced" })
  const knowledge = snapshot.look()
  if (knowledge.state === "listing") throw new Error("A snapshot is complete once every kind is synced.")
  return knowledge.cluster
}

/** `Service` is also a kind of others (serving.knative.dev, say). An object without apiVersion is taken at its word. */
const groupFits = (kind: KindName, object: JsonObject): boolean =>
  textAt(object, "apiVersion") === undefined || groups[kind].test(textAt(object, "apiVersion") ?? "")

const groups: Readonly<Record<KindName, RegExp>> = {
  Service: /^v1$/,
  Node: /^v1$/,
  Namespace: /^v1$/,
  EndpointSlice: /^discovery\.k8s\.io\//,
  IPAddressPool: /^metallb\.io\//,
  L2Advertisement: /^metallb\.io\//,
  AddressLedger: /^porchlight\.dev\//,
  Speaker: /^porchlight\.dev\//,
  Network: /^porchlight\.dev\//,
}
