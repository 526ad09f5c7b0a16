import { createServer, type Server } from "node:http"
import { bindSocket } from "../namespace.ts"
import { type EndpointSliceObject, nameOf, type ServiceObject, serviceOfSlice } from "./proxied-ports.ts"

/** kube-proxy's own defaults. */
const metricsPort = 10249
const healthPort = 10256

/**
 * What the real proxy offers others to judge it by: /metrics on the loopback, /healthz (which is 200 before the first
 * sync, as there), and a health check port a Local Service.
 */
export type HealthPorts = {
  readonly queued: () => void
  readonly synced: (services: readonly ServiceObject[], slices: readonly EndpointSliceObject[]) => void
  /** As with a process that stands still: connections come through and nothing is answered, until it thaws. */
  readonly freeze: () => void
  readonly thaw: () => void
  readonly close: () => void
}

export const startHealthPorts = (node: string): HealthPorts => {
  const times = { queuedSeconds: 0, syncedSeconds: 0 }
  let frozen = false
  const waiting: (() => void)[] = []
  const serve = (reach: "any" | "loopback", port: number, answer: () => Answer): Server =>
    listen(node, reach, port, (say) => {
      const speak = (): void => say(answer())
      if (frozen) waiting.push(speak)
      else speak()
    })
  const metrics = serve("loopback", metricsPort, () => ({ status: 200, body: printMetrics(times) }))
  const health = serve("any", healthPort, () => ({
    status: 200,
    body: JSON.stringify({ lastUpdated: new Date(times.syncedSeconds * 1000).toISOString() }),
  }))
  const checks = new Map<number, { server: Server; answer: Health }>()
  return {
    queued: () => {
      times.queuedSeconds = Date.now() / 1000
    },
    synced: (services, slices) => {
      times.syncedSeconds = Date.now() / 1000
      const wanted = healthOf(node, services, slices)
      for (const [port, { server }] of checks) {
        if (wanted.has(port)) continue
        checks.delete(port)
        server.close()
      }
      for (const [port, answer] of wanted) {
        const open = checks.get(port)
        if (open !== undefined) open.answer = answer
        else {
          const server = serve("any", port, () => printHealth(checks.get(port)?.answer ?? answer))
          checks.set(port, { server, answer })
        }
      }
    },
    freeze: () => {
      frozen = true
    },
    thaw: () => {
      frozen = false
      for (const speak of waiting.splice(0)) speak()
    },
    close: () => {
      for (const server of [metrics, health, ...[...checks.values()].map(({ server }) => server)]) server.close()
    },
  }
}

type Health = { readonly service: string; readonly localEndpoints: number }

const printHealth = ({ service, localEndpoints }: Health): { status: number; body: string } => {
  const [namespace, name] = service.split("/")
  return {
    status: localEndpoints > 0 ? 200 : 503,
    body: JSON.stringify({ service: { namespace, name }, localEndpoints, serviceProxyHealthy: true }),
  }
}

const healthOf = (
  node: string,
  services: readonly ServiceObject[],
  slices: readonly EndpointSliceObject[],
): Map<number, Health> =>
  new Map(
    services.flatMap((service) => {
      const port = service.spec.healthCheckNodePort
      if (port === undefined || port === 0 || service.spec.externalTrafficPolicy !== "Local") return []
      return [[port, { service: nameOf(service), localEndpoints: readyPodsOn(node, service, slices) }] as const]
    }),
  )

const readyPodsOn = (node: string, service: ServiceObject, slices: readonly EndpointSliceObject[]): number =>
  slices
    .filter((slice) => serviceOfSlice(slice) === nameOf(service))
    .flatMap(({ endpoints }) => endpoints ?? [])
    .filter(({ nodeName, conditions }) => nodeName === node && conditions?.ready !== false).length

const printMetrics = (times: { queuedSeconds: number; syncedSeconds: number }): string =>
  `# TYPE kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds gauge
kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds ${times.queuedSeconds}
# TYPE kubeproxy_sync_proxy_rules_last_timestamp_seconds gauge
kubeproxy_sync_proxy_rules_last_timestamp_seconds ${times.syncedSeconds}
`

type Answer = { readonly status: number; readonly body: string }

const listen = (
  node: string,
  reach: "any" | "loopback",
  port: number,
  asked: (say: (answer: Answer) => void) => void,
): Server => {
  const server = createServer({ keepAlive: false }, (_, response) => {
    asked(({ status, body }) => response.writeHead(status, { connection: "close" }).end(body))
  })
  server.on("clientError", (_, socket) => socket.destroy())
  return server.listen({ fd: bindSocket(node, "tcp", reach, port) })
}
