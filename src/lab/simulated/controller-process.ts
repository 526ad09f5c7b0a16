import { createController } from "../../controller/controller.ts"
import type { ControllerInput, ControllerOutput } from "../../controller/output.ts"
import { openApiLink } from "./api-link.ts"
import type { SimulatedApi } from "./api-server.ts"
import { drive, type World } from "./world.ts"

/** The controller of a simulated lab: the same program as in production. */
export type ControllerProcess = {
  readonly setApi: (open: boolean) => void
  /** SIGTERM, and a new process when the old one is gone. */
  readonly restart: () => void
}

/** Between the end of a process and the start of the next. */
const restartMs = 50

export const startController = (
  world: World,
  api: SimulatedApi,
  namespace: string,
  log: (who: string, says: string) => void,
): ControllerProcess => {
  let apiOpen = true
  let processes = 0

  const start = () => {
    const identity = `controller-${++processes}`
    const program = createController({ namespace, loadBalancerClass: undefined, identity })
    const driven = drive<ControllerInput, ControllerOutput>(world, program, (output) => {
      switch (output.kind) {
        case "request":
        case "abort":
          return link.perform(output)
        case "remark":
          return log("controller", output.message)
        case "exit":
          driven.end()
          link.end()
          return void world.later(restartMs, () => (running = start()))
        case "pools":
        case "reconciled":
          return
      }
    })
    const link = openApiLink(world, api, identity, driven.feed, apiOpen)
    driven.feed({ kind: "wake" })
    return { feed: driven.feed, link }
  }
  let running = start()
  return {
    setApi: (open) => {
      apiOpen = open
      running.link.setOpen(open)
    },
    restart: () => running.feed({ kind: "stop" }),
  }
}
