import { textAt } from "../../../kubernetes/json.ts"
import type { Json } from "../../../kubernetes/http.ts"
import type { Exchange } from "./exchange.ts"

const namespace = "exchanged-services"
const path = `/api/v1/namespaces/${namespace}/services`
const merge = "application/merge-patch+json"
const strategic = "application/strategic-merge-patch+json"
const jsonPatch = "application/json-patch+json"

const service = (name: string, spec: Json, metadata: Readonly<Record<string, Json>> = {}): Json => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, ...metadata },
  spec,
})
const create = (name: string, spec: Json, title = `create ${name}`): Exchange => ({
  title,
  ask: { method: "POST", path, body: service(name, spec) },
})
const patch = (title: string, name: string, contentType: string, body: Json): Exchange => ({
  title,
  ask: { method: "PATCH", path: `${path}/${name}`, contentType, body },
})

/** What MetalLB's users and we do with Services. */
export const serviceExchanges: readonly Exchange[] = [
  { title: "namespace", ask: { method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: namespace } } } },
  create("plain", { type: "LoadBalancer", ports: [{ port: 80 }] }),
  create("local", {
    type: "LoadBalancer",
    externalTrafficPolicy: "Local",
    ports: [
      { name: "a", port: 80, targetPort: "http" },
      { name: "b", port: 53, protocol: "UDP" },
    ],
    selector: { app: "x" },
  }),
  create("dual", { type: "LoadBalancer", ipFamilyPolicy: "PreferDualStack", ports: [{ port: 80 }] }),
  create("dual-required", {
    type: "LoadBalancer",
    ipFamilyPolicy: "RequireDualStack",
    ipFamilies: ["IPv6", "IPv4"],
    ports: [{ port: 80 }],
  }),
  create("six", { type: "LoadBalancer", ipFamilies: ["IPv6"], ports: [{ port: 80 }] }),
  create("class", {
    type: "LoadBalancer",
    loadBalancerClass: "example.com/lb",
    allocateLoadBalancerNodePorts: false,
    ports: [{ port: 80 }],
  }),
  create("headless load balancer", { type: "LoadBalancer", clusterIP: "None", ports: [{ port: 80 }] }),
  create("headless node port", { type: "NodePort", clusterIP: "None", ports: [{ port: 80 }] }),
  create("headless", { clusterIP: "None", ports: [{ port: 80 }] }),
  create("inside", { ports: [{ port: 80 }], sessionAffinity: "ClientIP" }),
  create("node", { type: "NodePort", ports: [{ port: 80 }] }),
  create("outside", { type: "ExternalName", externalName: "example.com" }),
  create("fixed", {
    type: "LoadBalancer",
    clusterIP: "10.96.77.77",
    loadBalancerIP: "192.0.2.9",
    loadBalancerSourceRanges: ["10.0.0.0/8"],
    ports: [{ port: 80, nodePort: 31234 }],
  }),
  create("plain", { ports: [{ port: 80 }] }, "create a second of that name"),
  create("no-ports", { type: "LoadBalancer" }),
  create("port-0", { ports: [{ port: 0 }] }),
  create("port-70000", { ports: [{ port: 70_000 }] }),
  create("two-nameless", { ports: [{ port: 80 }, { port: 81 }] }),
  create("same-port", {
    ports: [
      { name: "a", port: 80 },
      { name: "b", port: 80 },
    ],
  }),
  create("same-name", {
    ports: [
      { name: "a", port: 80 },
      { name: "a", port: 81 },
    ],
  }),
  create("bad-protocol", { ports: [{ port: 80, protocol: "ICMP" }] }),
  create("bad-type", { type: "Balancer", ports: [{ port: 80 }] }),
  create("bad-address", {
    type: "LoadBalancer",
    loadBalancerIP: "nonsense",
    loadBalancerSourceRanges: ["x"],
    ports: [{ port: 80 }],
  }),
  create("bad-cluster-ip", { clusterIP: "10.0.0.1", ports: [{ port: 80 }] }),
  create("taken-cluster-ip", { clusterIP: "10.96.77.77", ports: [{ port: 80 }] }),
  create("taken-node-port", { type: "NodePort", ports: [{ port: 80, nodePort: 31234 }] }),
  create("Bad_Name", { ports: [{ port: 80 }] }),
  {
    title: "create with a bad label",
    ask: { method: "POST", path, body: service("bad-label", { ports: [{ port: 80 }] }, { labels: { "a b": "c d" } }) },
  },
  {
    title: "create with a number for a text",
    ask: { method: "POST", path, body: service("number", { ports: [{ port: "80" }] }) },
  },
  {
    title: "create in another namespace than the path's",
    ask: { method: "POST", path, body: service("elsewhere", { ports: [{ port: 80 }] }, { namespace: "default" }) },
  },
  {
    title: "create dry",
    ask: { method: "POST", path: `${path}?dryRun=All`, body: service("dry", { ports: [{ port: 80 }] }) },
  },
  { title: "the dry one is not there", ask: { method: "GET", path: `${path}/dry` } },
  {
    title: "status with an address",
    ask: {
      method: "PATCH",
      path: `${path}/plain/status`,
      contentType: merge,
      body: {
        metadata: { annotations: { "porchlight.dev/grant": "3" } },
        status: { loadBalancer: { ingress: [{ ip: "192.0.2.7" }] } },
      },
    },
  },
  {
    title: "status with a condition",
    ask: {
      method: "PATCH",
      path: `${path}/plain/status`,
      contentType: strategic,
      body: {
        status: {
          conditions: [
            {
              type: "porchlight.dev/Allocated",
              status: "True",
              reason: "Given",
              message: "it has an address",
              lastTransitionTime: "2026-11-21T18:00:00Z",
            },
          ],
        },
      },
    },
  },
  {
    title: "status with a second condition",
    ask: {
      method: "PATCH",
      path: `${path}/plain/status`,
      contentType: strategic,
      body: {
        status: {
          conditions: [
            {
              type: "porchlight.dev/Announced",
              status: "False",
              reason: "NoEndpoints",
              message: "no pod",
              lastTransitionTime: "2026-11-21T18:00:00Z",
            },
          ],
        },
      },
    },
  },
  {
    title: "status with a bad condition",
    ask: {
      method: "PATCH",
      path: `${path}/plain/status`,
      contentType: merge,
      body: { status: { conditions: [{ type: "x", status: "Maybe" }] } },
    },
  },
  {
    title: "status with a bad address",
    ask: {
      method: "PATCH",
      path: `${path}/plain/status`,
      contentType: merge,
      body: { status: { loadBalancer: { ingress: [{ ip: "300.1.1.1" }] } } },
    },
  },
  {
    title: "status through the main resource is ignored",
    ask: { method: "PATCH", path: `${path}/plain`, contentType: merge, body: { status: { loadBalancer: null } } },
  },
  {
    title: "spec through the status subresource is ignored",
    ask: {
      method: "PATCH",
      path: `${path}/plain/status`,
      contentType: merge,
      body: { spec: { externalTrafficPolicy: "Local" } },
    },
  },
  patch("strategic patch adds a port by its key", "local", strategic, {
    spec: { ports: [{ port: 443, name: "tls" }] },
  }),
  patch("strategic patch removes a port", "local", strategic, { spec: { ports: [{ port: 53, $patch: "delete" }] } }),
  patch("merge patch replaces the ports", "local", merge, { spec: { ports: [{ port: 8080 }] } }),
  patch("json patch", "local", jsonPatch, [
    { op: "replace", path: "/spec/externalTrafficPolicy", value: "Cluster" },
    { op: "add", path: "/metadata/labels", value: { a: "b" } },
  ]),
  patch("json patch whose test fails", "local", jsonPatch, [{ op: "test", path: "/metadata/labels/a", value: "c" }]),
  patch("json patch of a path that is not there", "local", jsonPatch, [{ op: "remove", path: "/spec/nothing/here" }]),
  { ...patch("patch of an unknown media type", "local", "text/plain", {}), without: ["body.details", "body.message"] },
  patch("patch of what is not there", "absent", merge, {}),
  patch("to ClusterIP", "plain", merge, { spec: { type: "ClusterIP" } }),
  patch("change the cluster IP", "plain", merge, { spec: { clusterIP: "10.96.88.88" } }),
  patch("a second family", "plain", merge, { spec: { ipFamilyPolicy: "PreferDualStack" } }),
  patch("an annotation that is no text", "plain", merge, { metadata: { annotations: { a: 1 } } }),
  patch("another name", "plain", merge, { metadata: { name: "other" } }),
  patch("the load-balancer class is fixed", "class", merge, { spec: { loadBalancerClass: "example.com/other" } }),
  {
    title: "replace",
    ask: (earlier) => ({
      method: "PUT",
      path: `${path}/inside`,
      body: {
        ...(earlier("create inside") as object),
        metadata: {
          name: "inside",
          namespace,
          resourceVersion: textAt(earlier("create inside"), "metadata", "resourceVersion") ?? "",
          labels: { app: "x" },
        },
      },
    }),
  },
  {
    title: "replace with the old version",
    ask: (earlier) => ({ method: "PUT", path: `${path}/inside`, body: earlier("create inside") }),
  },
  { title: "list by label", ask: { method: "GET", path: `${path}?labelSelector=app%3Dx` } },
  { title: "list by label set", ask: { method: "GET", path: `${path}?labelSelector=app%20in%20(x%2Cy)%2C!tier` } },
  { title: "list by a bad label selector", ask: { method: "GET", path: `${path}?labelSelector=a%20b` } },
  { title: "list by opening parentheses", ask: { method: "GET", path: `${path}?labelSelector=((((` } },
  { title: "delete by opening parentheses", ask: { method: "DELETE", path: `${path}?labelSelector=((((` } },
  { title: "delete by half a set", ask: { method: "DELETE", path: `${path}?labelSelector=app%20in%20(x` } },
  { title: "delete by a field that is no requirement", ask: { method: "DELETE", path: `${path}?fieldSelector=six` } },
  { title: "list by a number above", ask: { method: "GET", path: `${path}?labelSelector=app%3E1` } },
  { title: "list by name", ask: { method: "GET", path: `${path}?fieldSelector=metadata.name%3Dsix` } },
  { title: "list by an unknown field", ask: { method: "GET", path: `${path}?fieldSelector=spec.nothing%3D1` } },
  {
    title: "a limit that is no number",
    ask: { method: "GET", path: `${path}?limit=abc&labelSelector=((((` },
    without: ["body.message"],
  },
  { title: "a limit below nothing", ask: { method: "GET", path: `${path}?limit=-1&labelSelector=app%3Dx` } },
  { title: "first page", ask: { method: "GET", path: `${path}?limit=2` } },
  {
    title: "second page",
    ask: (earlier) => ({
      method: "GET",
      path: `${path}?limit=2&continue=${encodeURIComponent(textAt(earlier("first page"), "metadata", "continue") ?? "")}`,
    }),
  },
  { title: "a token that is none", ask: { method: "GET", path: `${path}?limit=2&continue=nonsense` } },
  {
    title: "as a table",
    ask: { method: "GET", path, accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" },
  },
  {
    title: "one as a table",
    ask: {
      method: "GET",
      path: `${path}/dual`,
      accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    },
  },
  {
    title: "metadata only",
    ask: {
      method: "GET",
      path: `${path}/dual`,
      accept: "application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io",
    },
  },
  {
    title: "delete with a wrong uid",
    ask: {
      method: "DELETE",
      path: `${path}/six`,
      body: { preconditions: { uid: "11111111-2222-3333-4444-555555555555" } },
    },
  },
  { title: "delete", ask: { method: "DELETE", path: `${path}/six` } },
  { title: "delete again", ask: { method: "DELETE", path: `${path}/six` } },
  patch("a finalizer", "dual", merge, { metadata: { finalizers: ["service.kubernetes.io/load-balancer-cleanup"] } }),
  { title: "delete one with a finalizer", ask: { method: "DELETE", path: `${path}/dual` } },
  { title: "it is still there", ask: { method: "GET", path: `${path}/dual` } },
  {
    ...patch("a finalizer added to what is going", "dual", merge, {
      metadata: { finalizers: ["example.com/a", "service.kubernetes.io/load-balancer-cleanup"] },
    }),
    without: ["body.details"],
  },
  patch("the finalizer goes", "dual", merge, { metadata: { finalizers: null } }),
  { title: "and it is gone", ask: { method: "GET", path: `${path}/dual` } },
  { title: "an unknown subresource", ask: { method: "GET", path: `${path}/plain/nothing` } },
  { title: "an unknown kind", ask: { method: "GET", path: `/api/v1/namespaces/${namespace}/nothings` } },
  { title: "an unknown group", ask: { method: "GET", path: "/apis/nobody.example/v1/things" } },
  { title: "a method that is not allowed", ask: { method: "PUT", path, body: {} } },
  { title: "a body that is no object", ask: { method: "POST", path, body: "text" } },
  {
    title: "a body of another kind",
    ask: { method: "POST", path, body: { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x" } } },
  },
  { title: "delete all", ask: { method: "DELETE", path } },
  { title: "none are left", ask: { method: "GET", path } },
  {
    title: "one cluster IP is free again",
    ask: { method: "POST", path, body: service("again", { clusterIP: "10.96.77.77", ports: [{ port: 80 }] }) },
  },
  { title: "its status", ask: { method: "GET", path: `${path}/again/status` } },
]
