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
  /** The paths of other writes that were not yet answered when this one was sent. */
  readonly beside: readonly string[]
}

/** The controller in this process, joined to API server and clock as `main/controller.ts` joins it. */
export type RunningController = {
  /** All it wrote so far, in order; the Lease's and Events' aside. */
  readonly writes: readonly Write[]
  readonly remarks: readonly Remark[]
  /** As on SIGTERM: gives the Lease away, then ends. */
  readonly stop: () => Promise<void>
  /** As on SIGKILL. */
  readonly kill: () => void
}

export type ControllerChoice = {
  readonly namespace: string
  readonly identity: string
  readonly loadBalancerClass?: string
}

export const runController = (
  target: ApiTarget,
  { namespace, identity, loadBalancerClass }: ControllerChoice,
): RunningController => {
  const writes: Write[] = []
  const remarks: Remark[] = []
  const underWay = new Map<number, string>()
  const clock = openClock()
  const program = createController({ namespace, identity, loadBalancerClass })
  const api = createApi(target, (event) => {
    if (event.kind === "response" || event.kind === "failed") underWay.delete(event.id)
    feed(event)
  })
  const alarm = openAlarm(clock, () => feed({ kind: "wake" }))
  let exited: () => void = () => undefined
  const exit = new Promise<void>((resolve) => (exited = resolve))
  let isOver = false

  const feed = (input: ControllerInput): void => {
    if (isOver) return
    for (const output of program.step(input, clock.at())) perform(output)
    if (!isOver) alarm.set(program.wakeAt())
  }
  const perform = (output: ControllerOutput): void => {
    if (output.kind === "request" && isWrite(output.request)) {
      writes.push({ request: output.request, beside: [...underWay.values()] })
      underWay.set(output.request.id, output.request.path)
    }
    if (output.kind === "request" || output.kind === "abort") api.perform(output)
    if (output.kind === "remark") remarks.push(output)
    if (output.kind === "exit") kill()
  }
  const kill = (): void => {
    isOver = true
    alarm.close()
    api.close()
    exited()
  }
  feed({ kind: "wake" })
  return {
    writes,
    remarks,
    kill,
    stop: () => {
      feed({ kind: "stop" })
      return exit
    },
  }
}

const isWrite = ({ method, path }: ApiRequest): boolean => method !== "GET" && !/\/(leases|events)(\/|$)/.test(path)
