/** Objects as tests write them: the least that Kubernetes would store, and what a story adds. */
import type { Json, JsonObject } from "../kubernetes/http.ts"
import type { Cluster } from "./cluster.ts"
import { readCluster } from "./read/whole-cluster.ts"

type Fields = { readonly [key: string]: Json }

export const clusterOf = (...objects: readonly JsonObject[]): Cluster =>
  readCluster(objects, { namespace: "metallb-system", loadBalancerClass: undefined })

export const poolObject = (
  name: string,
  addresses: readonly string[],
  spec: Fields = {},
  metadata: Fields = {},
): JsonObject => ({
  apiVersion: "metallb.io/v1beta1",
  kind: "IPAddressPool",
  metadata: { name, namespace: "metallb-system", ...metadata },
  spec: { addresses, ...spec },
})

export const advertisementObject = (name: string, spec: Fields = {}): JsonObject => ({
  apiVersion: "metallb.io/v1beta1",
  kind: "L2Advertisement",
  metadata: { name, namespace: "metallb-system" },
  spec,
})

export type ServiceStory = {
  readonly createdAt?: string
  readonly uid?: string
  readonly annotations?: Fields
  readonly labels?: Fields
  readonly spec?: Fields
  readonly ports?: readonly string[]
  readonly clusterIPs?: readonly string[]
  /** Addresses in its status. */
  readonly has?: readonly string[]
}

/** `media/plex`: type LoadBalancer, port 80/tcp, one IPv4 cluster address. */
export const serviceObject = (name: string, story: ServiceStory = {}): JsonObject => {
  const [namespace = "", short = ""] = name.split("/")
  return {
    apiVersion: "v1",
    kind: "Service",
    metadata: {
      name: short,
      namespace,
      uid: story.uid ?? `uid of ${name}`,
      creationTimestamp: story.createdAt ?? "2026-01-01T00:00:00Z",
      annotations: story.annotations ?? {},
      labels: story.labels ?? {},
    },
    spec: {
      type: "LoadBalancer",
      clusterIPs: story.clusterIPs ?? ["10.96.0.1"],
      ports: (story.ports ?? ["80/TCP"]).map((text) => ({
        port: Number(text.split("/")[0]),
        protocol: text.split("/")[1] ?? "TCP",
      })),
      selector: { app: short },
      ...story.spec,
    },
    status: { loadBalancer: { ingress: (story.has ?? []).map((ip) => ({ ip, ipMode: "VIP" })) } },
  }
}

/** Ready pods of a Service, one on each of these nodes. */
export const sliceObject = (service: string, nodes: readonly string[]): JsonObject => {
  const [namespace = "", name = ""] = service.split("/")
  return {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: `${name}-x`, namespace, labels: { "kubernetes.io/service-name": name } },
    endpoints: nodes.map((nodeName, index) => ({
      addresses: [`10.244.0.${index + 1}`],
      nodeName,
      conditions: { ready: true },
    })),
  }
}

export const nodeObject = (
  name: string,
  labels: Fields = {},
  more: Fields = {},
  annotations: Fields = {},
): JsonObject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels, annotations },
  status: { addresses: [{ type: "InternalIP", address: "192.168.1.10" }], ...more },
})

export const speakerObject = (name: string, interfaces: readonly Fields[], more: Fields = {}): JsonObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "Speaker",
  metadata: { name },
  status: { interfaces, ...more },
})

export const networkObject = (spec: Fields): JsonObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "Network",
  metadata: { name: "home" },
  spec,
})

export const ledgerObject = (
  name: string,
  pool: string,
  entries: readonly Fields[],
  annotations: Fields = {},
): JsonObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "AddressLedger",
  metadata: { name, annotations, resourceVersion: "1" },
  spec: { pool, grantFloor: 100, entries },
})
