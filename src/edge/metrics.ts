type Definition = {
  readonly type: "gauge" | "counter"
  readonly labels: readonly string[]
  readonly help: string
}

/** MetalLB's names and labels, so that its dashboards and alerts keep working; ours begin with `porchlight_`. */
const common = {
  metallb_k8s_client_updates_total: {
    type: "counter",
    labels: [],
    help: "Changes of Kubernetes objects that were processed",
  },
  metallb_k8s_client_update_errors_total: {
    type: "counter",
    labels: [],
    help: "Changes of Kubernetes objects whose processing failed",
  },
  metallb_k8s_client_config_loaded_bool: { type: "gauge", labels: [], help: "1 once a configuration was read" },
  metallb_k8s_client_config_stale_bool: {
    type: "gauge",
    labels: [],
    help: "1 while the newest configuration is refused and an older one rules",
  },
  porchlight_loop_late_seconds: {
    type: "gauge",
    labels: [],
    help: "How late the worst timer since the last scrape came",
  },
} as const

const allocator = {
  metallb_allocator_addresses_total: { type: "gauge", labels: ["pool"], help: "Usable addresses of the pool" },
  metallb_allocator_addresses_in_use_total: {
    type: "gauge",
    labels: ["pool"],
    help: "Addresses of the pool that are given to Services",
  },
  metallb_allocator_ipv4_addresses_total: {
    type: "gauge",
    labels: ["pool"],
    help: "Usable IPv4 addresses of the pool",
  },
  metallb_allocator_ipv4_addresses_in_use_total: {
    type: "gauge",
    labels: ["pool"],
    help: "IPv4 addresses of the pool that are given to Services",
  },
  metallb_allocator_ipv6_addresses_total: {
    type: "gauge",
    labels: ["pool"],
    help: "Usable IPv6 addresses of the pool",
  },
  metallb_allocator_ipv6_addresses_in_use_total: {
    type: "gauge",
    labels: ["pool"],
    help: "IPv6 addresses of the pool that are given to Services",
  },
  metallb_allocator_services_allocated_total: {
    type: "gauge",
    labels: ["pool"],
    help: "Services that have an address of the pool",
  },
} as const

const layer2 = {
  metallb_speaker_announced: {
    type: "gauge",
    labels: ["service", "protocol", "node", "ip"],
    help: "1 for each address that this node answers for",
  },
  metallb_layer2_requests_received: {
    type: "counter",
    labels: ["ip"],
    help: "ARP and neighbour discovery requests for addresses of this node",
  },
  metallb_layer2_responses_sent: { type: "counter", labels: ["ip"], help: "Answers to them" },
  metallb_layer2_gratuitous_sent: { type: "counter", labels: ["ip"], help: "Unasked announcements sent" },
  porchlight_contested_addresses: {
    type: "gauge",
    labels: ["class"],
    help: "Addresses of ours that somebody else was seen answering for, by what it is",
  },
  porchlight_frames_dropped_total: {
    type: "counter",
    labels: ["reason"],
    help: "Frames and beats that were malformed, refused, or not sent: over the limit, or refused by the kernel",
  },
  porchlight_moves_total: {
    type: "counter",
    labels: ["reason"],
    help: "Addresses that this node began or ceased to answer for, by reason",
  },
  porchlight_findings: { type: "gauge", labels: ["code"], help: "Findings about the wire that stand, by code" },
  porchlight_beats_sent_total: { type: "counter", labels: [], help: "Beats sent to other speakers" },
  porchlight_beats_received_total: { type: "counter", labels: [], help: "Beats received and authenticated" },
} as const

type Programs = {
  readonly controller: typeof common & typeof allocator
  readonly speaker: typeof common & typeof layer2
}
const programs: Programs = { controller: { ...common, ...allocator }, speaker: { ...common, ...layer2 } }
export type ProgramName = keyof Programs
export type MetricName<P extends ProgramName> = keyof Programs[P] & string

export type Labels = Readonly<Record<string, string>>
export type Series = { readonly labels: Labels; readonly value: number }

/** The numbers a program shows. They are kept in plain maps; prom-client is loaded by the first scrape that asks for them. */
export type Metrics<P extends ProgramName> = {
  readonly set: (name: MetricName<P>, labels: Labels, value: number) => void
  readonly add: (name: MetricName<P>, labels: Labels, by: number) => void
  /** All series of one metric at once: those not given are gone. */
  readonly replace: (name: MetricName<P>, series: readonly Series[]) => void
  /** Notes how late a timer came; the scrape shows the worst since the one before. */
  readonly late: (lateMs: number) => void
  readonly print: () => Promise<{ readonly contentType: string; readonly text: string }>
}

export const openMetrics = <P extends ProgramName>(program: P): Metrics<P> => {
  const definitions: Readonly<Record<string, Definition>> = programs[program]
  const table = new Map<string, Map<string, Series>>(Object.keys(definitions).map((name) => [name, new Map()]))
  const seriesOf = (name: string): Map<string, Series> => table.get(name)!
  let worstLateMs = 0

  const set = (name: string, labels: Labels, value: number): void => {
    seriesOf(name).set(keyOf(labels), { labels, value })
  }
  const add = (name: string, labels: Labels, by: number): void =>
    set(name, labels, (seriesOf(name).get(keyOf(labels))?.value ?? 0) + by)
  return {
    set,
    add,
    replace: (name, series) => {
      seriesOf(name).clear()
      for (const { labels, value } of series) set(name, labels, value)
    },
    late: (lateMs) => {
      worstLateMs = Math.max(worstLateMs, lateMs)
    },
    print: async () => {
      set("porchlight_loop_late_seconds", {}, worstLateMs / 1000)
      worstLateMs = 0
      return printTable(definitions, table)
    },
  }
}

const printTable = async (
  definitions: Readonly<Record<string, Definition>>,
  table: ReadonlyMap<string, ReadonlyMap<string, Series>>,
): Promise<{ contentType: string; text: string }> => {
  const [{ default: Registry }, { default: Counter }, { default: Gauge }] = await Promise.all([
    import("prom-client/lib/registry.js"),
    import("prom-client/lib/counter.js"),
    import("prom-client/lib/gauge.js"),
  ])
  const registry = new Registry()
  for (const [name, { type, labels: labelNames, help }] of Object.entries(definitions)) {
    const configuration = { name, help, labelNames: [...labelNames], registers: [registry] }
    const metric = type === "gauge" ? new Gauge(configuration) : new Counter(configuration)
    for (const { labels, value } of table.get(name)!.values()) metric.inc(labels, value)
  }
  return { contentType: registry.contentType, text: await registry.metrics() }
}

const keyOf = (labels: Labels): string => JSON.stringify(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1)))
