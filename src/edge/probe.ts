import type { LocalEvidence, ProxyEvidence } from "../speaker/watcher/readiness.ts"
import { codeOfError, type Failure, failure, sentenceOfError } from "./failure.ts"
import { http } from "./node-http.ts"

/** kube-proxy's metrics port, on the node itself. */
export const proxyMetricsPort = 10_249

/** An answer on loopback takes milliseconds; a proxy that takes longer is in trouble, and says so by that. */
const answerMs = 1000
/** kube-proxy's whole page is under 200 KiB. */
const answerBytesMax = 4 << 20

/** What was read, and when (seconds since 1970): evidence grows old. */
export type Aged<T> = { readonly evidence: T; readonly readAt: number }

/** Asks kube-proxy when it last wrote its rules. */
export const probeProxy = async (port: number = proxyMetricsPort): Promise<Aged<ProxyEvidence>> => {
  const page = await fetchLocal(port, "/metrics")
  return aged("kind" in page ? { is: isAbsent(page) ? "absent" : "unreadable" } : readProxyPage(page))
}

/** Whether the service proxy counts an endpoint of the Service on this node, by the Service's healthCheckNodePort. */
export const probeLocalEndpoints = async (healthCheckNodePort: number): Promise<Aged<LocalEvidence>> => {
  const page = await fetchLocal(healthCheckNodePort, "/healthz")
  if ("kind" in page) return aged("absent")
  return aged(page.status === 200 || (localEndpointsIn(page.text) ?? 0) > 0 ? "endpoints" : "no-endpoints")
}

type Page = { readonly status: number; readonly text: string }

const aged = <T>(evidence: T): Aged<T> => ({ evidence, readAt: Date.now() / 1000 })

const isAbsent = ({ code }: Failure): boolean => code === "ECONNREFUSED"

/** The oldest family counts: newer kube-proxies tell IPv4 and IPv6 apart by a label. 0 is what it says before its first sync. */
export const readProxyPage = ({ status, text }: Page): ProxyEvidence => {
  if (status !== 200) return { is: "unreadable" }
  const synced = samples(text, "kubeproxy_sync_proxy_rules_last_timestamp_seconds")
  if (synced.length === 0) return { is: "unreadable" }
  const syncedAt = Math.min(...synced)
  if (!(syncedAt > 0)) return { is: "not-synced" }
  const queued = samples(text, "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds")
  return { is: "synced", syncedAt, queuedAt: queued.length === 0 ? undefined : Math.max(...queued) }
}

/** The values of one metric in Prometheus' text format. */
const samples = (text: string, name: string): number[] =>
  text.split("\n").flatMap((line) => {
    if (!line.startsWith(name) || !/^[\s{]/.test(line.slice(name.length))) return []
    const value = Number(/\s(\S+)(?:\s+-?\d+)?\s*$/.exec(line.replace(/\{.*\}/, ""))?.[1])
    return Number.isFinite(value) ? [value] : []
  })

const localEndpointsIn = (text: string): number | undefined => {
  const count = /"localEndpoints"\s*:\s*(\d+)/.exec(text)?.[1]
  return count === undefined ? undefined : Number(count)
}

const fetchLocal = (port: number, path: string): Promise<Page | Failure> =>
  new Promise((resolve) => {
    const fail = (error: unknown): void =>
      resolve(failure(codeOfError(error), `no answer from 127.0.0.1:${port}${path} (${sentenceOfError(error)})`))
    const signal = AbortSignal.timeout(answerMs)
    const request = http.get({ host: "127.0.0.1", port, path, agent: false, signal }, (response) => {
      let text = ""
      response.setEncoding("utf8")
      response.on("data", (chunk: string) => {
        text += chunk
        if (text.length > answerBytesMax) request.destroy(new Error("its answer does not end"))
      })
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
      response.on("error", fail)
    })
    request.on("error", fail)
  })
