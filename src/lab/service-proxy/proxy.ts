import { sentenceOfError } from "../../edge/failure.ts"
import { runInNamespace } from "../topology/build.ts"
import { startHealthPorts } from "./health-ports.ts"
import type { EndpointSliceObject, ServiceObject } from "./proxied-ports.ts"
import { printRuleset, type ProxiedPort, type ProxyNode } from "./ruleset.ts"

/** What the rules are made from. */
export type ProxyView = {
  readonly services: readonly ServiceObject[]
  readonly slices: readonly EndpointSliceObject[]
  /** What follows from them, the same on every node. */
  readonly ports: readonly ProxiedPort[]
}

/** The service proxy of one node: its rules in the kernel, and the ports by which others judge it. */
export type ServiceProxy = {
  /** Something changed: rules follow in one `nft` run, whatever came together, from the view as it is then. */
  readonly update: () => void
  /** It stands still or its node has no power: rules stay as they are and nothing is answered until it goes on. */
  readonly pause: () => void
  readonly resume: () => void
  /** Everything handed in so far is in the kernel (or the node is paused). */
  readonly settled: () => Promise<void>
  readonly close: () => void
}

/**
 * The first change is written at once, because speakers wait for it; those that come within this time after it go in one
 * transaction, because every transaction costs a process on each node.
 */
const batchMs = 20
/** A transaction writes every rule anew: with many Services they come as seldom as kube-proxy's (minSyncPeriod 1 s). */
const batchMsPerService = 1
const batchMsMax = 1000
/** All proxies of a lab run on one machine: where it is busy they pause so long that they leave it room. */
const shareOfTime = 0.5

/** `view` gives the newest objects; `complain` hears when the kernel refused the rules; the former ones stay. */
export const startServiceProxy = (
  node: ProxyNode,
  view: () => ProxyView,
  complain: (message: string) => void,
  /** How many there are on this machine. */
  proxies: number,
): ServiceProxy => {
  const healthPorts = startHealthPorts(node.name)
  const state: State = {
    stale: false,
    written: "",
    paused: false,
    timer: undefined,
    running: undefined,
    nextSync: 0,
  }

  const sync = async (): Promise<void> => {
    const began = performance.now()
    state.stale = false
    const { services, slices, ports } = view()
    const text = printRuleset(node, ports)
    try {
      if (text !== state.written) await runInNamespace(node.name, ["nft", "-f", "-"], text)
      state.written = text
      healthPorts.synced(services, slices)
    } catch (error) {
      complain(`service proxy of ${node.name}: ${sentenceOfError(error)}; the former rules stay`)
    }
    const tookMs = performance.now() - began
    const pauseMs = Math.max(batchMs, services.length * batchMsPerService, tookMs * proxies * shareOfTime)
    state.nextSync = began + Math.min(batchMsMax, pauseMs)
  }
  const schedule = (): void => {
    if (state.paused || !state.stale || state.running !== undefined) return
    const waitMs = Math.max(0, state.nextSync - performance.now())
    state.timer ??= setTimeout(() => {
      state.timer = undefined
      if (state.paused) return
      state.running = sync()
      void state.running.finally(() => {
        state.running = undefined
        schedule()
      })
    }, waitMs)
  }
  return {
    update: () => {
      state.stale = true
      healthPorts.queued()
      schedule()
    },
    pause: () => {
      state.paused = true
      healthPorts.freeze()
    },
    resume: () => {
      state.paused = false
      healthPorts.thaw()
      schedule()
    },
    settled: async () => {
      while (!state.paused && (state.timer !== undefined || state.running !== undefined))
        await (state.running ?? new Promise((resolve) => setTimeout(resolve, 1)))
    },
    close: () => {
      clearTimeout(state.timer)
      state.paused = true
      healthPorts.close()
    },
  }
}

type State = {
  /** The view changed since the last sync began. */
  stale: boolean
  /** What the kernel has. */
  written: string
  paused: boolean
  timer: NodeJS.Timeout | undefined
  running: Promise<void> | undefined
  /** Not before this moment of the process's monotonic clock. */
  nextSync: number
}
