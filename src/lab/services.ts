import { setTimeout as pause } from "node:timers/promises"
import type { JsonObject } from "../kubernetes/http.ts"
import { isObject, listAt, textAt } from "../kubernetes/json.ts"
import { ask } from "./actors/ask.ts"
import type { LabApi } from "./api.ts"
import { createApplier } from "./apply-objects.ts"
import { labServices, type LabService, nameOf, type ServiceAnswer, servicesOf, targetsOf } from "./lab-service.ts"
import type { Scenario } from "./scenario.ts"

/** The Services of a lab, as people use them: created in order, then asked on every address and port. */
export type LabServices = {
  /** Creates the scenario's Services one after another, each when the former has its address, so that they get the same ones every time. */
  readonly createAll: (complain: (says: string) => void) => Promise<void>
  /** Every LoadBalancer Service with its addresses and ports now. */
  readonly list: () => Promise<readonly LabService[]>
  /** Asks everything once from that machine. */
  readonly askAll: (machine: string) => Promise<readonly ServiceAnswer[]>
  /** Asks until all answer or patience ends. */
  readonly untilAllAnswer: (machine: string) => Promise<{ readonly answering: number; readonly total: number }>
}

/** The first Service waits for the controller to start; what takes longer is trouble, and said. */
const addressPatienceMs = 8000
const answerPatienceMs = 10_000
const pollMs = 5

export const createServices = (api: LabApi, scenario: Scenario, hasController: boolean): LabServices => {
  const applier = createApplier(api)
  const list = async (): Promise<readonly LabService[]> => {
    const { body } = await api.request("GET", "/api/v1/services")
    return labServices(listAt(body, "items").filter(isObject))
  }
  const askAll = async (machine: string): Promise<ServiceAnswer[]> => {
    const targets = (await list()).flatMap((service) =>
      targetsOf(service).map((target) => ({ service: service.name, target })),
    )
    return Promise.all(
      targets.map(async ({ service, target }) => ({ service, target, answer: await ask(machine, target) })),
    )
  }
  return {
    list,
    askAll,
    createAll: async (complain) => {
      for (const service of servicesOf(scenario)) {
        await applier.apply([service])
        const waits = hasController && textAt(service, "spec", "type") === "LoadBalancer"
        if (waits && !(await untilAddressed(api, service))) {
          complain(
            `${nameOf(service)} has no address after ${addressPatienceMs / 1000} s: kubectl describe service -n ${nameOf(service).replace("/", " ")}`,
          )
          hasController = false
        }
      }
    },
    untilAllAnswer: async (machine) => {
      const end = Date.now() + answerPatienceMs
      for (;;) {
        const services = await list()
        const answers = await askAll(machine)
        const silent = new Set(answers.filter(({ answer }) => answer.kind !== "answered").map(({ service }) => service))
        const answering = services.filter(({ name, addresses }) => addresses.length > 0 && !silent.has(name)).length
        if (answering === services.length || Date.now() > end) return { answering, total: services.length }
        await pause(pollMs * 10)
      }
    },
  }
}

const untilAddressed = async (api: LabApi, service: JsonObject): Promise<boolean> => {
  const [namespace, name] = nameOf(service).split("/")
  for (const end = Date.now() + addressPatienceMs; Date.now() < end; await pause(pollMs)) {
    const { body } = await api.request("GET", `/api/v1/namespaces/${namespace}/services/${name}`)
    if (listAt(body, "status", "loadBalancer", "ingress").length > 0) return true
  }
  return false
}
