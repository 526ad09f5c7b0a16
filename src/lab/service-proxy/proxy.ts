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

/** Changes that arrive together go in one transaction. */
const batchMs = 5

type Wanted = { readonly services: readonly ServiceObject[]; readonly slices: readonly EndpointSliceObject[] }

/** `complain` hears when the kernel refused the rules; the former ones stay. */
export const startServiceProxy = (node: ProxyNode, complain: (message: string) => void): ServiceProxy => {
  const ports = startHealthPorts(node.name)
  let wanted: Wanted | undefined
  let written = ""
  let paused = false
  let timer: NodeJS.Timeout | undefined
  let running: Promise<void> | undefined

  const sync = async (): Promise<void> => {
    while (wanted !== undefined && !paused) {
      const { services, slices } = wanted
      wanted = undefined
      const text = printRuleset(node, readProxiedPorts(services, slices))
      try {
        if (text !== written) await runInNamespace(node.name, ["nft", "-f", "-"], text)
        written = text
        ports.synced(services, slices)
      } catch (error) {
        complain(
          `service proxy of ${node.name}: ${error instanceof Error ? error.message : String(error)}; the former rules stay`,
        )
      }
    }
    running = undefined
  }
  const schedule = (): void => {
    timer ??= setTimeout(() => {
      timer = undefined
      running ??= sync()
    }, batchMs)
  }
  const waitUntilSettled = async (): Promise<void> => {
    while (!paused && (timer !== undefined || running !== undefined))
      await (running ?? new Promise((resolve) => setTimeout(resolve, 1)))
  }
  return {
    update: (services, slices) => {
      wanted = { services, slices }
      ports.queued()
      if (!paused) schedule()
    },
    pause: () => {
      paused = true
    },
    resume: () => {
      paused = false
      if (wanted !== undefined) schedule()
    },
    settled: waitUntilSettled,
    close: () => {
      clearTimeout(timer)
      paused = true
      ports.close()
    },
  }
}
