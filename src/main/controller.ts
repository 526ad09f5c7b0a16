import { randomUUID } from "node:crypto"
import { hostname } from "node:os"
import { createController } from "../controller/controller.ts"
import { inspection } from "../controller/inspection.ts"
import type { ControllerInput, ControllerOutput, PoolUse } from "../controller/output.ts"
import { openAlarm } from "../edge/alarm.ts"
import { createApi } from "../edge/api.ts"
import { openClock } from "../edge/clock.ts"
import { bootTimeMs } from "../edge/link/libc.ts"
import { serveStatus } from "../edge/http.ts"
import { openLog } from "../edge/log.ts"
import { type Metrics, openMetrics } from "../edge/metrics.ts"
import type { Json } from "../kubernetes/http.ts"
import { CommandFailure } from "../cli/failure.ts"
import { productVersion } from "../cli/version.ts"
import { chooseApi } from "./api-choice.ts"
import { inspectAt } from "./inspect-socket.ts"
import { openRecording } from "./recording.ts"

export type ControllerFlags = {
  readonly namespace: string
  readonly api?: string
  readonly lbClass?: string
  readonly metricsPort: string
  readonly inspectSocket?: string
  readonly record?: string
}

/** Joins the controller to API server, clock, log and metrics. Ends when the program says so. */
export const runController = async (flags: ControllerFlags): Promise<void> => {
  const target = await chooseApi(flags.api)
  if ("kind" in target) throw new CommandFailure(3, target.message)
  const log = await openLog({ level: "info", json: !process.stdout.isTTY })
  const metrics = openMetrics("controller")
  const clock = openClock(bootTimeMs)
  const identity = `${hostname()}_${randomUUID()}`
  const options = { namespace: flags.namespace, loadBalancerClass: flags.lbClass, identity }
  const program = createController(options)
  const record = await openRecording(flags.record, "controller", options, log)
  const api = createApi(target, (event) => feed(event))
  const alarm = openAlarm(clock, (lateMs) => {
    metrics.late(lateMs)
    feed({ kind: "wake" })
  })
  let loaded = false

  const feed = (input: ControllerInput): void => {
    for (const output of record("controller", program, input, clock.at())) perform(output)
    alarm.set(program.wakeAt())
  }
  const perform = (output: ControllerOutput): void => {
    switch (output.kind) {
      case "request":
      case "abort":
        return api.perform(output)
      case "remark":
        return log[output.level](`${output.code} ${output.message.slice(0, 80)}`, output.message, { code: output.code })
      case "pools":
        return showPools(metrics, output.pools)
      case "reconciled":
        loaded = true
        metrics.add("metallb_k8s_client_updates_total", {}, 1)
        metrics.set("metallb_k8s_client_config_loaded_bool", {}, 1)
        return metrics.set("metallb_k8s_client_config_stale_bool", {}, output.stale ? 1 : 0)
      case "exit":
        return void log.flush().then(() => process.exit(0))
    }
  }

  const readiness = () => ({
    ready: loaded,
    because: loaded ? [] : ["not every kind of object was listed yet, or another controller leads"],
  })
  const answer = (question: string): Json | undefined => {
    if (question === "ready") return readiness()
    return question === "" || question === "all"
      ? inspection(program.inside(), productVersion(), clock.at())
      : undefined
  }
  if (flags.inspectSocket !== undefined) void inspectAt(flags.inspectSocket, answer, log)
  if (flags.metricsPort !== "0") {
    const server = await serveStatus({
      host: "0.0.0.0",
      port: Number(flags.metricsPort),
      metrics: () => metrics.print(),
      readiness,
    })
    if ("kind" in server)
      log.warn("metrics-port", `${server.message} Metrics are off; addresses are given all the same.`)
  }
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => feed({ kind: "stop" }))
  log.info("started", `controller ${identity} started`)
  feed({ kind: "wake" })
}

const showPools = (metrics: Metrics<"controller">, pools: readonly PoolUse[]): void => {
  const series = (value: (use: PoolUse) => number) =>
    pools.map((use) => ({ labels: { pool: use.pool }, value: value(use) }))
  const total4 = (use: PoolUse): number => use.availableIpv4 + use.assignedIpv4
  const total6 = (use: PoolUse): number => Number(use.availableIpv6) + use.assignedIpv6
  metrics.replace(
    "metallb_allocator_addresses_total",
    series((use) => total4(use) + total6(use)),
  )
  metrics.replace(
    "metallb_allocator_addresses_in_use_total",
    series((use) => use.assignedIpv4 + use.assignedIpv6),
  )
  metrics.replace("metallb_allocator_ipv4_addresses_total", series(total4))
  metrics.replace(
    "metallb_allocator_ipv4_addresses_in_use_total",
    series((use) => use.assignedIpv4),
  )
  metrics.replace("metallb_allocator_ipv6_addresses_total", series(total6))
  metrics.replace(
    "metallb_allocator_ipv6_addresses_in_use_total",
    series((use) => use.assignedIpv6),
  )
}
