import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { serveStore } from "../api-server/server.ts"
import { askThrough, type StoreDriver } from "../api-server/store-driver.ts"
import type { ControlHandlers } from "../control.ts"
import type { LabEvent } from "../lab.ts"
import { targetsOf } from "../lab-service.ts"
import type { Scenario } from "../scenario.ts"
import type { SimulatedApi } from "./api-server.ts"
import { simulatedControl } from "./simulated-control.ts"
import { raiseSimulated, type SimulatedLab } from "./simulated-lab.ts"

export type HeldOptions = {
  /** Its API server listens on `api.sock` in there. */
  readonly directory: string
  readonly crds: string
  readonly version: string
  readonly report: (event: LabEvent) => void
}

export type HeldLab = {
  readonly handlers: ControlHandlers
  /** Time in there stands still from now on, and nobody reaches it. */
  readonly close: () => Promise<void>
}

/** Any would do; the same one raises the same lab every time. */
const seed = 1
/** Virtual time that raising a lab may take: it begins so long ago, and is let pass until its clock shows ours. */
const headStartMs = 20_000
/** Often enough that nobody who asks by hand sees a step. */
const tickMs = 10
/** After a machine's sleep a lab goes on where it was, in place of playing the night at once. */
const catchUpMsMax = 5000

/**
 * A simulated lab that lives on as a real one does: virtual time keeps pace with ours, kubectl and our own commands reach
 * its API server, and the control socket's questions are answered. What takes time in there, such as a visitor's
 * patience, runs ahead; then time in there waits for ours.
 */
export const holdSimulated = async (scenario: Scenario, options: HeldOptions): Promise<HeldLab> => {
  const { directory, crds, version } = options
  const step = stepper(options.report)
  const began = Date.now()
  const lab = await raiseSimulated(scenario, { seed, crds, version, beganSeconds: (began - headStartMs) / 1000 })
  lab.run(Math.max(0, Date.now() - lab.wallSeconds() * 1000))
  step("network", "a simulated wire: no packet leaves this process", true)
  const server = await serveStore(driverOf(lab.api), { path: join(directory, "api.sock") })
  step("api", `${lab.objects().length} objects`, true)
  step(
    "programs",
    `controller, ${lab.machines.filter(({ name }) => lab.speaker(name)).length} speakers, one process`,
    true,
  )
  const targets = lab.services().flatMap(targetsOf)
  const answered = targets.filter((target) => lab.ask(target).kind === "answered").length
  const client = scenario.layout.client
  step(
    "answers",
    `${answered} of ${targets.length} addresses and ports, asked from ${client}`,
    answered === targets.length,
  )
  const stop = keepPace(lab)
  const close = (): Promise<void> => {
    stop()
    return server.close()
  }
  return { handlers: simulatedControl(lab), close }
}

type Step = (step: "network" | "api" | "programs" | "answers", says: string, good: boolean) => void

const stepper = (report: HeldOptions["report"]): Step => {
  let began = performance.now()
  return (step, says, good) => {
    const now = performance.now()
    report({ kind: "step", step, says, good, tookMs: now - began })
    began = now
  }
}

const keepPace = (lab: SimulatedLab): (() => void) => {
  const aheadMs = lab.wallSeconds() * 1000 - Date.now()
  let offsetMs = lab.nowMs() - performance.now() - aheadMs
  const timer = setInterval(() => {
    const behindMs = performance.now() + offsetMs - lab.nowMs()
    if (behindMs > catchUpMsMax) offsetMs -= behindMs - catchUpMsMax
    if (behindMs > 0) lab.run(Math.min(behindMs, catchUpMsMax))
  }, tickMs)
  return () => clearInterval(timer)
}

/** Clients over HTTP are clients like the programs in there. */
const driverOf = (api: SimulatedApi): Pick<StoreDriver, "open" | "ask" | "stop"> => {
  let clients = 0
  const open: StoreDriver["open"] = (request, listener) => {
    const client = `http-${++clients}`
    api.listen(client, (event) => {
      if (event.kind === "response" || event.kind === "closed") api.listen(client, undefined)
      listener(event)
    })
    api.tell({ kind: "request", client, request })
    return {
      close: () => {
        api.listen(client, undefined)
        api.tell({ kind: "abort", client, id: request.id })
      },
    }
  }
  return { open, ask: askThrough(open), stop: () => undefined }
}
