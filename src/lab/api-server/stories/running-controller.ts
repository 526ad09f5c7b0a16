import { createController } from "../../../controller/controller.ts"
import type { ControllerInput, ControllerOutput, Remark } from "../../../controller/output.ts"
import { openAlarm } from "../../../edge/alarm.ts"
import { createApi } from "../../../edge/api.ts"
import type { ApiTarget } from "../../../edge/api-target.ts"
import { openClock } from "../../../edge/clock.ts"
import type { ApiRequest } from "../../../kubernetes/http.ts"

/** A request that was to change something. */
export type Write = {
  readonly request: ApiRequest
  /** Writes of one number were sent together, before anything was heard of the others. */
  readonly step: number
}

/** The controller in this process, joined to API server and clock as `main/controller.ts` joins it. */
export type RunningController = {
  /** All it wrote so far, in order; the Lease's and Events' aside. */
  readonly writes: readonly Write[]
  readonly remarks: readonly Remark[]
  /** As on SIGTERM: gives the Lease away, then ends. */
  readonly stop: () => Promise<void>
}

export const runController = (
  target: ApiTarget,
  options: { readonly namespace: string; readonly identity: string },
): RunningController => {
  const writes: Write[] = []
  const remarks: Remark[] = []
  const clock = openClock()
  const program = createController({ ...options, loadBalancerClass: undefined })
  const api = createApi(target, (event) => feed(event))
  const alarm = openAlarm(clock, () => feed({ kind: "wake" }))
  let exited: () => void = () => undefined
  const exit = new Promise<void>((resolve) => (exited = resolve))
  let isOver = false
  let steps = 0

  const feed = (input: ControllerInput): void => {
    if (isOver) return
    steps++
    for (const output of program.step(input, clock.at())) perform(output)
    if (!isOver) alarm.set(program.wakeAt())
  }
  const perform = (output: ControllerOutput): void => {
    if (output.kind === "request" && isWrite(output.request)) writes.push({ request: output.request, step: steps })
    if (output.kind === "request" || output.kind === "abort") api.perform(output)
    if (output.kind === "remark") remarks.push(output)
    if (output.kind === "exit") end()
  }
  const end = (): void => {
    isOver = true
    alarm.close()
    api.close()
    exited()
  }
  feed({ kind: "wake" })
  return {
    writes,
    remarks,
    stop: () => {
      feed({ kind: "stop" })
      return exit
    },
  }
}

const isWrite = ({ method, path }: ApiRequest): boolean => method !== "GET" && !/\/(leases|events)(\/|$)/.test(path)
