import { setTimeout as pause } from "node:timers/promises"
import type { Measurement } from "./measurement.ts"
import { burstInMemory } from "./memory-burst.ts"
import { printProcessorTime, processorTime } from "./processor-time.ts"
import { createServices, removeServices } from "./service.ts"
import { median, printMs, summaryOf } from "./statistics.ts"

const services = 1000
const barMs = 3000
const betweenMs = 5000

/** Services created at once by many clients, until each has its address in its status. */
export const burst: Measurement = {
  name: "burst",
  about: "1,000 Services created at once, until the last has its address; then the same with no process but this one",
  measure: async ({ report, lab, quick }) => {
    const bench = await lab()
    const count = quick ? 50 : services
    const names = Array.from({ length: count }, (_, index) => `burst-${index}`)
    const last: number[] = []
    for (let run = 0; run < (quick ? 1 : 3); run++) {
      const before = await processorTime(bench)
      const { beganMs, postedMs, seen } = await createServices(bench, names)
      const after = await processorTime(bench)
      const each = [...seen.values()].map(({ atMs }) => atMs - beganMs)
      last.push(Math.max(...each))
      report.times(`each of ${count} (creating them took ${printMs(postedMs - beganMs)})`, summaryOf(each))
      report.figure("  processor time meanwhile", printProcessorTime(before, after))
      await removeServices(bench, names)
      await pause(betweenMs)
    }
    report.times(
      `the last of ${count}, controller and 4 speakers running`,
      summaryOf(last),
      "MetalLB, real cluster: 98 s",
    )
    const alone = Array.from({ length: quick ? 1 : 5 }, () => burstInMemory(count))
    report.times(
      "controller and store alone, in memory",
      summaryOf(alone.map(({ ms }) => ms)),
      `${alone[0]?.requests} requests`,
    )
    report.bar(
      `${services} Services at once have addresses in under ${barMs} ms`,
      printMs(median(last)),
      count === services ? median(last) < barMs : undefined,
    )
  },
}
