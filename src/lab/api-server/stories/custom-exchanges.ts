import { textAt } from "../../../kubernetes/json.ts"
import type { Json } from "../../../kubernetes/http.ts"
import type { Exchange } from "./exchange.ts"

const namespace = "exchanged-custom"
const path = `/apis/metallb.io/v1beta1/namespaces/${namespace}/ipaddresspools`
const merge = "application/merge-patch+json"
const ours = "/apis/porchlight.dev/v1alpha1"

const pool = (name: string, spec: Json, extra: Readonly<Record<string, Json>> = {}): Json => ({
  apiVersion: "metallb.io/v1beta1",
  kind: "IPAddressPool",
  metadata: { name },
  spec,
  ...extra,
})
const create = (name: string, spec: Json, title = `create pool ${name}`, query = ""): Exchange => ({
  title,
  ask: { method: "POST", path: path + query, body: pool(name, spec) },
})

/** Custom resources: schemas, defaults, pruning, status. */
export const customExchanges: readonly Exchange[] = [
  { title: "namespace", ask: { method: "POST", path: "/api/v1/namespaces", body: { metadata: { name: namespace } } } },
  create("first", { addresses: ["192.0.2.0/28"] }),
  create("second", {
    addresses: ["192.0.2.64/28"],
    autoAssign: false,
    avoidBuggyIPs: true,
    serviceAllocation: {
      priority: 5,
      namespaces: ["a"],
      namespaceSelectors: [{ matchLabels: { a: "b" } }],
      serviceSelectors: [{ matchExpressions: [{ key: "k", operator: "In", values: ["v"] }] }],
    },
  }),
  create("no-spec", null),
  create("no-addresses", {}),
  create("wrong-type", { addresses: "192.0.2.0/28" }),
  create("wrong-inner", { addresses: ["192.0.2.0/28"], serviceAllocation: { priority: "high" } }),
  create("unknown", { addresses: ["192.0.2.0/28"], adresses: ["x"] }, "an unknown field is dropped"),
  create(
    "unknown-strict",
    { addresses: ["192.0.2.0/28"], adresses: ["x"] },
    "an unknown field is refused when asked",
    "?fieldValidation=Strict",
  ),
  create("first", { addresses: ["192.0.2.0/28"] }, "a second of that name"),
  create("Bad Name", { addresses: ["192.0.2.0/28"] }, "a bad name"),
  {
    title: "strategic patch is not for custom resources",
    ask: {
      method: "PATCH",
      path: `${path}/first`,
      contentType: "application/strategic-merge-patch+json",
      body: { spec: {} },
    },
  },
  {
    title: "merge patch",
    ask: {
      method: "PATCH",
      path: `${path}/first`,
      contentType: merge,
      body: { spec: { addresses: ["192.0.2.0/27"] }, metadata: { labels: { a: "b" } } },
    },
  },
  {
    title: "merge patch that changes nothing",
    ask: {
      method: "PATCH",
      path: `${path}/first`,
      contentType: merge,
      body: { spec: { addresses: ["192.0.2.0/27"] } },
    },
  },
  {
    title: "merge patch against the schema",
    ask: { method: "PATCH", path: `${path}/first`, contentType: merge, body: { spec: { autoAssign: "yes" } } },
  },
  {
    title: "spec through the status subresource is ignored",
    ask: {
      method: "PATCH",
      path: `${path}/first/status`,
      contentType: merge,
      body: {
        spec: { autoAssign: false },
        status: { assignedIPv4: 3, assignedIPv6: 0, availableIPv4: 13, availableIPv6: 0 },
      },
    },
  },
  {
    title: "status through the main resource is ignored",
    ask: { method: "PATCH", path: `${path}/first`, contentType: merge, body: { status: { assignedIPv4: 9 } } },
  },
  {
    title: "replace without a version",
    ask: { method: "PUT", path: `${path}/second`, body: pool("second", { addresses: ["192.0.2.0/28"] }) },
  },
  {
    title: "replace",
    ask: (earlier) => ({
      method: "PUT",
      path: `${path}/first`,
      body: {
        ...(pool("first", { addresses: ["192.0.2.128/28"] }) as object),
        metadata: {
          name: "first",
          resourceVersion:
            textAt(earlier("status through the main resource is ignored"), "metadata", "resourceVersion") ?? "",
        },
      },
    }),
  },
  {
    title: "replace with an old version",
    ask: (earlier) => ({ method: "PUT", path: `${path}/first`, body: earlier("create pool first") }),
  },
  {
    title: "replace what is not there",
    ask: {
      method: "PUT",
      path: `${path}/absent`,
      body: pool("absent", { addresses: ["192.0.2.0/28"] }, { metadata: { name: "absent", resourceVersion: "1" } }),
    },
  },
  { title: "list", ask: { method: "GET", path } },
  {
    title: "pools as a table",
    ask: { method: "GET", path, accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json" },
  },
  {
    title: "an advertisement",
    ask: {
      method: "POST",
      path: `/apis/metallb.io/v1beta1/namespaces/${namespace}/l2advertisements`,
      body: {
        apiVersion: "metallb.io/v1beta1",
        kind: "L2Advertisement",
        metadata: { name: "all" },
        spec: { ipAddressPools: ["first"], nodeSelectors: [{ matchLabels: { "kubernetes.io/hostname": "w1" } }] },
      },
    },
  },
  {
    title: "an advertisement without a spec",
    ask: {
      method: "POST",
      path: `/apis/metallb.io/v1beta1/namespaces/${namespace}/l2advertisements`,
      body: { apiVersion: "metallb.io/v1beta1", kind: "L2Advertisement", metadata: { name: "bare" } },
    },
  },
  {
    title: "advertisements as a table",
    ask: {
      method: "GET",
      path: `/apis/metallb.io/v1beta1/namespaces/${namespace}/l2advertisements`,
      accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    },
  },
  { title: "ledgers", ask: { method: "GET", path: `${ours}/addressledgers` } },
  {
    title: "speakers as a table",
    ask: {
      method: "GET",
      path: `${ours}/speakers`,
      accept: "application/json;as=Table;v=v1;g=meta.k8s.io,application/json",
    },
  },
  { title: "delete a pool", ask: { method: "DELETE", path: `${path}/second` } },
  { title: "delete it again", ask: { method: "DELETE", path: `${path}/second` } },
]
