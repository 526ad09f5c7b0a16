import { setTimeout as pause } from "node:timers/promises"
import { startActor } from "./bench-actor.ts"
import type { Measurement } from "./measurement.ts"
import { createServices, removeServices } from "./service.ts"
import { median, printMs, summaryOf } from "./statistics.ts"

const statusBarMs = 50
const answerBarMs = 120
const answerPatienceMs = 5000
/** So that no run meets the writes of the one before. */
const betweenMs = 300

/** One new Service: until its address stands in its status, and from there until somebody answers for it. */
export const appear: Measurement = {
  name: "appear",
  about: "a Service is created: its address in status (seen by a watch), then the first ARP answer",
  measure: async ({ report, lab, quick }) => {
    const bench = await lab()
    const actor = startActor(bench, "east")
    const toStatus: number[] = []
    const toAnswer: number[] = []
    for (let run = 0; run < (quick ? 3 : 40); run++) {
      const name = `appear-${run}`
      const { beganMs, seen } = await createServices(bench, [name])
      const { address, atMs } = seen.get(name)!
      const answered = await actor.call("untilAnswered", { address, patienceMs: answerPatienceMs })
      toStatus.push(atMs - beganMs)
      toAnswer.push((answered.atMs ?? Number.POSITIVE_INFINITY) - atMs)
      await removeServices(bench, [name])
      await pause(betweenMs)
    }
    actor.end()
    report.times("create -> address in status", summaryOf(toStatus), "MetalLB, real cluster: 33 ms median, 68 worst")
    report.times("address in status -> first ARP answer", summaryOf(toAnswer), "90 ms of it are conflict probes")
    const [status, answer] = [median(toStatus), median(toAnswer)]
    report.bar(`address in status within ${statusBarMs} ms, p50`, printMs(status), status <= statusBarMs)
    report.bar(`answered within ${answerBarMs} ms more, p50`, printMs(answer), answer <= answerBarMs)
  },
}
