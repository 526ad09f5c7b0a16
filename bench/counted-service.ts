import type { JsonObject } from "../src/kubernetes/http.ts"
import { places } from "./bench-actor.ts"
import type { BenchLab } from "./bench-lab.ts"
import { keepalivedAddresses } from "./keepalived.ts"
import { createServices, removeServices, servicesPath } from "./service.ts"

/**
 * Services whose packets a program of this bench counts, in the namespace of the lab's pod but beside its own program,
 * which is one process with the API server. They have no selector, so that the lab leaves their EndpointSlices to us.
 */
export const countedPorts = { udp: 5000, tcp: 5001 } as const

const slicesPath = "/apis/discovery.k8s.io/v1/namespaces/bench/endpointslices"
const keepalivedName = "counted-keepalived"

/** The addresses they were given, in the order of their names. */
export const createCounted = async (lab: BenchLab, names: readonly string[]): Promise<readonly string[]> => {
  await createSlices(lab, names)
  const { seen } = await createServices(lab, names, (name) => service(name, { type: "LoadBalancer" }))
  return names.map((name) => seen.get(name)!.address)
}

/** The same behind the addresses that keepalived holds. */
export const createCountedForKeepalived = async (lab: BenchLab): Promise<void> => {
  await createSlices(lab, [keepalivedName])
  const spec = { type: "ClusterIP", externalIPs: Object.values(keepalivedAddresses) }
  await expect(lab.send("POST", servicesPath, service(keepalivedName, spec)))
}

export const removeCounted = async (lab: BenchLab, names: readonly string[]): Promise<void> => {
  await removeServices(lab, [...names, keepalivedName])
  await Promise.all([...names, keepalivedName].map((name) => lab.send("DELETE", `${slicesPath}/${name}`)))
}

const createSlices = async (lab: BenchLab, names: readonly string[]): Promise<void> =>
  void (await Promise.all(names.map((name) => expect(lab.send("POST", slicesPath, slice(name))))))

const expect = async (sent: Promise<number>): Promise<void> => {
  const status = await sent
  if (status !== 201) throw new Error(`the lab's API server answered ${status} to an object of the bench`)
}

const ports = Object.entries(countedPorts).map(([name, port]) => ({ name, port, protocol: name.toUpperCase() }))

const service = (name: string, spec: JsonObject): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { namespace: "bench", name },
  spec: { ...spec, ports: ports.map((one) => ({ ...one, targetPort: one.port })) },
})

const slice = (name: string): JsonObject => ({
  apiVersion: "discovery.k8s.io/v1",
  kind: "EndpointSlice",
  metadata: { namespace: "bench", name, labels: { "kubernetes.io/service-name": name } },
  addressType: "IPv4",
  ports,
  endpoints: [
    {
      addresses: [places.pod.address],
      nodeName: "pods",
      conditions: { ready: true, serving: true, terminating: false },
    },
  ],
})
