import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import { InMemoryCluster } from "./in-memory-cluster.ts"

export const poolKind: JsonObject = { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool" }

export type Change = { readonly proxy?: InMemoryCluster["proxy"]; readonly ignoresExcludeLabel?: boolean }

/** Three nodes, a pool and an advertisement; everything is listed. */
export const runningCluster = (crds: readonly JsonObject[], { proxy, ...options }: Change): InMemoryCluster => {
  const cluster = new InMemoryCluster(crds, options)
  if (proxy !== undefined) cluster.proxy = proxy
  for (const [index, name] of ["w1", "w2", "w3"].entries()) {
    cluster.must("POST", "/api/v1/nodes", { metadata: { name, labels: { "kubernetes.io/hostname": name } } })
    const addresses = [{ type: "InternalIP", address: `10.69.1.${104 + index}` }]
    cluster.must("PATCH", `/api/v1/nodes/${name}/status`, { status: { addresses } })
  }
  const system = "/apis/metallb.io/v1beta1/namespaces/metallb-system"
  cluster.must("POST", `${system}/ipaddresspools`, {
    ...poolKind,
    metadata: { name: "first-pool", namespace: "metallb-system" },
    spec: { addresses: ["10.69.1.150-10.69.1.165"] },
  })
  cluster.must("POST", `${system}/l2advertisements`, {
    apiVersion: "metallb.io/v1beta1",
    kind: "L2Advertisement",
    metadata: { name: "all", namespace: "metallb-system" },
    spec: {},
  })
  cluster.start()
  return cluster
}

/** A Service of media with that address in its status, and one endpoint. */
export const service = (cluster: InMemoryCluster, name: string, address: string): string => {
  const made = cluster.must("POST", "/api/v1/namespaces/media/services", {
    metadata: { name },
    spec: { type: "LoadBalancer", selector: { app: name }, ports: [{ port: 80 }] },
  })
  cluster.must("PATCH", `/api/v1/namespaces/media/services/${name}/status`, {
    status: { loadBalancer: { ingress: [{ ip: address }] } },
  })
  cluster.must("POST", "/apis/discovery.k8s.io/v1/namespaces/media/endpointslices", {
    metadata: { name: `${name}-1`, labels: { "kubernetes.io/service-name": name } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.3.17"], nodeName: "w1", conditions: { ready: true } }],
    ports: [],
  })
  return textAt(made, "metadata", "uid") ?? ""
}

/** The same Service, recorded in the ledger under grant 1. */
export const give = (cluster: InMemoryCluster, name: string, address: string): void => {
  const uid = service(cluster, name, address)
  const entry = {
    address,
    grant: 1,
    since: "2026-11-21T18:00:00Z",
    owners: [{ service: `media/${name}`, uid, terms: "" }],
  }
  cluster.must("POST", "/apis/porchlight.dev/v1alpha1/addressledgers", {
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "AddressLedger",
    metadata: { name: `first-pool-${name}` },
    spec: { pool: "first-pool", entries: [entry] },
  })
}
