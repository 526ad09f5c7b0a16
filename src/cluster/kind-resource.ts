import type { Resource } from "../kubernetes/resource.ts"
import type { KindName } from "./cluster.ts"

/** Where the API serves each kind that a snapshot is made of. */
export const resourceOf: Readonly<Record<KindName, Resource>> = {
  Service: { group: "", version: "v1", plural: "services", kind: "Service" },
  Node: { group: "", version: "v1", plural: "nodes", kind: "Node" },
  Namespace: { group: "", version: "v1", plural: "namespaces", kind: "Namespace" },
  EndpointSlice: { group: "discovery.k8s.io", version: "v1", plural: "endpointslices", kind: "EndpointSlice" },
  IPAddressPool: { group: "metallb.io", version: "v1beta1", plural: "ipaddresspools", kind: "IPAddressPool" },
  L2Advertisement: { group: "metallb.io", version: "v1beta1", plural: "l2advertisements", kind: "L2Advertisement" },
  AddressLedger: { group: "porchlight.dev", version: "v1alpha1", plural: "addressledgers", kind: "AddressLedger" },
  Speaker: { group: "porchlight.dev", version: "v1alpha1", plural: "speakers", kind: "Speaker" },
  Network: { group: "porchlight.dev", version: "v1alpha1", plural: "networks", kind: "Network" },
}

/** Kinds that are read from MetalLB's namespace only. */
export const namespacedConfiguration: ReadonlySet<KindName> = new Set(["IPAddressPool", "L2Advertisement"])
