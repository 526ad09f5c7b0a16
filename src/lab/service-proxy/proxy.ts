import { sentenceOfError } from "../../edge/failure.ts"
import { runInNamespace } from "../topology/build.ts"
import { startHealthPorts } from "./health-ports.ts"
import { type EndpointSliceObject, readProxiedPorts, type ServiceObject } from "./proxied-ports.ts"
import { printRuleset, type ProxyNode } from "./ruleset.ts"

/** The service proxy of one node: its rules in the kernel, and the ports by which others judge it. */
export type ServiceProxy = {
  /** Takes the newest objects; rules follow within `batchMs` and one `nft` run, whatever came together. */
  readonly update: (services: readonly ServiceObject[], slices: readonly EndpointSliceObject[]) => void
  /** Its node has no power: nothing is written until it is back. */
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

type Wanted = { readonly services: readonly ServiceObject[]; readonly slices: readonly EndpointSliceObject[] }

/** `complain` hears when the kernel refused the rules; the former ones stay. */
export const startServiceProxy = (node: ProxyNode, complain: (message: string) => void): ServiceProxy => {
  const ports = startHealthPorts(node.name)
  const state: State = {
    wanted: undefined,
    written: "",
    paused: false,
    timer: undefined,
    running: undefined,
    lastSync: -batchMs,
  }

  const sync = async (): Promise<void> => {
    while (state.wanted !== undefined && !state.paused) {
      const { services, slices } = state.wanted
      state.wanted = undefined
      const text = printRuleset(node, readProxiedPorts(services, slices))
      try {
        if (text !== state.written) await runInNamespace(node.name, ["nft", "-f", "-"], text)
        state.written = text
        ports.synced(services, slices)
      } catch (error) {
        complain(`service proxy of ${node.name}: ${sentenceOfError(error)}; the former rules stay`)
      }
    }
  }
  const schedule = (): void => {
    state.timer ??= setTimeout(
      () => {
        state.timer = undefined
        state.lastSync = performance.now()
        // A sync that finds nothing to write ends before it returns: only its promise may clear what is set here.
        state.running ??= sync().finally(() => {
          state.running = undefined
        })
      },
      state.lastSync + batchMs - performance.now(),
    )
  }
  return {
    update: (services, slices) => {
      state.wanted = { services, slices }
      ports.queued()
      if (!state.paused) schedule()
    },
    pause: () => {
      state.paused = true
    },
    resume: () => {
      state.paused = false
      if (state.wanted !== undefined) schedule()
    },
    settled: async () => {
      while (!state.paused && (state.timer !== undefined || state.running !== undefined))
        await (state.running ?? new Promise((resolve) => setTimeout(resolve, 1)))
    },
    close: () => {
      clearTimeout(state.timer)
      state.paused = true
      ports.close()
    },
  }
}

type State = {
  wanted: Wanted | undefined
  /** What the kernel has. */
  written: string
  paused: boolean
  timer: NodeJS.Timeout | undefined
  running: Promise<void> | undefined
  /** When it began, by the process's monotonic clock. */
  lastSync: number
}
