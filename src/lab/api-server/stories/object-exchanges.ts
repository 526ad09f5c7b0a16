import { textAt } from "../../../kubernetes/json.ts"
import type { Json } from "../../../kubernetes/http.ts"
import type { Exchange } from "./exchange.ts"

const namespace = "exchanged-objects"
const core = `/api/v1/namespaces/${namespace}`
const merge = "application/merge-patch+json"
const table = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"

const post = (title: string, path: string, body: Json): Exchange => ({ title, ask: { method: "POST", path, body } })
const get = (title: string, path: string, accept?: string): Exchange => ({
  title,
  ask: { method: "GET", path, ...(accept && { accept }) },
})

/** Nodes, pods, endpoints, leases, events, secrets: what the lab and the programs read and write besides Services. */
export const objectExchanges: readonly Exchange[] = [
  post("namespace", "/api/v1/namespaces", { metadata: { name: namespace, labels: { team: "a" } } }),
  get("the namespace as a table", `/api/v1/namespaces/${namespace}`, table),
  {
    ...post("node", "/api/v1/nodes", {
      metadata: { name: "exchanged-w1", labels: { "node-role.kubernetes.io/worker": "" } },
      spec: { podCIDR: "10.244.1.0/24", podCIDRs: ["10.244.1.0/24"] },
    }),
    without: ["body.status"],
  },
  {
    title: "node status",
    without: ["body.status.daemonEndpoints", "body.status.nodeInfo"],
    ask: {
      method: "PATCH",
      path: "/api/v1/nodes/exchanged-w1/status",
      contentType: "application/strategic-merge-patch+json",
      body: {
        status: {
          addresses: [{ type: "InternalIP", address: "10.69.1.11" }],
          conditions: [
            {
              type: "Ready",
              status: "True",
              reason: "KubeletReady",
              message: "ready",
              lastHeartbeatTime: "2026-11-21T18:00:00Z",
              lastTransitionTime: "2026-11-21T18:00:00Z",
            },
          ],
          nodeInfo: { kubeletVersion: "v1.35.4" },
        },
      },
    },
  },
  {
    title: "cordon",
    without: ["body.status.daemonEndpoints", "body.status.nodeInfo"],
    ask: {
      method: "PATCH",
      path: "/api/v1/nodes/exchanged-w1",
      contentType: "application/strategic-merge-patch+json",
      body: { spec: { unschedulable: true } },
    },
  },
  get("nodes by name as a table", "/api/v1/nodes?fieldSelector=metadata.name%3Dexchanged-w1", table),
  post("secret", `${core}/secrets`, {
    metadata: { name: "key" },
    stringData: { current: "a" },
    data: { next: "Yg==" },
  }),
  post("secret of bad base64", `${core}/secrets`, { metadata: { name: "bad" }, data: { next: "%" } }),
  post("config map", `${core}/configmaps`, { metadata: { name: "one" }, data: { a: "1" } }),
  post("config map with a number", `${core}/configmaps`, { metadata: { name: "two" }, data: { a: 1 } }),
  {
    title: "strategic patch removes a key",
    ask: {
      method: "PATCH",
      path: `${core}/configmaps/one`,
      contentType: "application/strategic-merge-patch+json",
      body: { data: { a: null, b: "2" } },
    },
  },
  {
    title: "merge patch with an old version",
    ask: (earlier) => ({
      method: "PATCH",
      path: `${core}/configmaps/one`,
      contentType: merge,
      body: {
        metadata: { resourceVersion: textAt(earlier("config map"), "metadata", "resourceVersion") ?? "" },
        data: { c: "3" },
      },
    }),
  },
  post("endpoint slice", `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    metadata: { name: "radarr-1", labels: { "kubernetes.io/service-name": "radarr" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.1.5"], nodeName: "exchanged-w1", conditions: { ready: true } }],
    ports: [{ port: 7878 }],
  }),
  post("endpoint slice of no family", `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, {
    metadata: { name: "bad" },
    endpoints: [],
  }),
  get("endpoint slices as a table", `/apis/discovery.k8s.io/v1/namespaces/${namespace}/endpointslices`, table),
  post("lease", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
    metadata: { name: "l" },
    spec: {
      holderIdentity: "one",
      leaseDurationSeconds: 15,
      renewTime: "2026-11-21T18:00:00.000000Z",
      leaseTransitions: 0,
    },
  }),
  post("lease of no length", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
    metadata: { name: "bad" },
    spec: { holderIdentity: "one", leaseDurationSeconds: 0 },
  }),
  post("lease with a bad time", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, {
    metadata: { name: "bad" },
    spec: { renewTime: "yesterday" },
  }),
  get("leases as a table", `/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`, table),
  post("event", `${core}/events`, {
    metadata: { name: "e.1" },
    involvedObject: { apiVersion: "v1", kind: "Service", name: "radarr", namespace },
    type: "Normal",
    reason: "IPAllocated",
    message: "Assigned IP",
    source: { component: "c" },
    firstTimestamp: "2026-11-21T18:00:00Z",
    lastTimestamp: "2026-11-21T18:00:00Z",
    count: 1,
  }),
  post("event about another namespace", `${core}/events`, {
    metadata: { name: "e.2" },
    involvedObject: { kind: "Service", name: "radarr", namespace: "default" },
    reason: "x",
  }),
  get("the event in its newer form", `/apis/events.k8s.io/v1/namespaces/${namespace}/events/e.1`),
  get("events of another object", `${core}/events?fieldSelector=involvedObject.name%3Dsonarr`),
  {
    ...post("pod", `${core}/pods`, {
      metadata: { name: "p", labels: { app: "x" } },
      spec: { nodeName: "exchanged-w1", containers: [{ name: "c", image: "i" }] },
    }),
    without: ["body.spec"],
  },
  get("pods of the node", `${core}/pods?fieldSelector=spec.nodeName%3Dexchanged-w1`, table),
  {
    title: "delete the config map in the foreground",
    ask: { method: "DELETE", path: `${core}/configmaps/one?propagationPolicy=Background` },
  },
  { title: "delete the node", ask: { method: "DELETE", path: "/api/v1/nodes/exchanged-w1" } },
  get("an object in a namespace that is not there", "/api/v1/namespaces/nowhere/configmaps/x"),
  post("create in a namespace that is not there", "/api/v1/namespaces/nowhere/configmaps", { metadata: { name: "x" } }),
  get("a list in a namespace that is not there", "/api/v1/namespaces/nowhere/configmaps"),
]
