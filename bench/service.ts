import type { JsonObject } from "../src/kubernetes/http.ts"
import type { BenchLab } from "./bench-lab.ts"
import { monotonicMs } from "./wire/clock.ts"

export const servicesPath = "/api/v1/namespaces/bench/services"

/** A Service of type LoadBalancer in front of the lab's one pod. */
export const loadBalancer = (name: string): JsonObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { namespace: "bench", name },
  spec: {
    type: "LoadBalancer",
    selector: { app: "echo" },
    ports: [{ name: "udp", port: 7, targetPort: "udp", protocol: "UDP" }],
  },
})

/** Until each has an address. A busy lab needs long with many Services: its four service proxies write rules for all. */
const patienceMs = 180_000

/**
 * Creates Services at once. Resolves once each has an address: the addresses by name, and for each the milliseconds from
 * `began` to its being seen.
 */
export const createServices = async (
  lab: BenchLab,
  names: readonly string[],
  manifest: (name: string) => JsonObject = loadBalancer,
): Promise<CreatedServices> => {
  const wanted = new Set(names)
  const seen = new Map<string, { readonly address: string; readonly atMs: number }>()
  let all: () => void = () => undefined
  const complete = new Promise<void>((resolve) => (all = resolve))
  const close = await lab.watchAddresses((name, address, atMs) => {
    if (wanted.has(name) && !seen.has(name)) seen.set(name, { address, atMs })
    if (seen.size === wanted.size) all()
  })
  const beganMs = monotonicMs()
  const codes = await Promise.all(names.map((name) => lab.send("POST", servicesPath, manifest(name))))
  const postedMs = monotonicMs()
  if (codes.some((code) => code !== 201)) throw new Error(`a Service was not created: ${codes.find((c) => c !== 201)}`)
  await within(complete, () => `${wanted.size - seen.size} of ${wanted.size} Services have no address`)
  close()
  return { beganMs, postedMs, seen }
}

export type CreatedServices = {
  readonly beganMs: number
  readonly postedMs: number
  readonly seen: ReadonlyMap<string, { readonly address: string; readonly atMs: number }>
}

export const removeServices = async (lab: BenchLab, names: readonly string[]): Promise<void> =>
  void (await Promise.all(names.map((name) => lab.send("DELETE", `${servicesPath}/${name}`))))

const within = async (done: Promise<void>, why: () => string): Promise<void> => {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${why()} after ${patienceMs / 1000} s`)), patienceMs)
  })
  await Promise.race([done, late]).finally(() => clearTimeout(timer))
}
