import type { Brand } from "../net/address.ts"

/** `namespace/name`. */
export type ServiceName = Brand<string, "ServiceName">
export type NodeName = Brand<string, "NodeName">
export type PoolName = Brand<string, "PoolName">
/** The value of `metallb.io/allow-shared-ip`, never empty: an empty one means that nothing is shared. */
export type SharingKey = Brand<string, "SharingKey">
/** A Map, so that a label named `__proto__` is a label like any other. */
export type Labels = ReadonlyMap<string, string>

export const serviceName = (namespace: string, name: string): ServiceName => `${namespace}/${name}` as ServiceName

export const namespaceOf = (service: ServiceName): string => service.slice(0, service.indexOf("/"))
