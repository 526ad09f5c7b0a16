import { type ChildProcess, spawn } from "node:child_process"
import { Agent, request as httpRequest } from "node:http"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { speakerRuntimeFlags } from "../src/cli/lab-programs.ts"
import type { Json, JsonObject } from "../src/kubernetes/http.ts"
import { listAt, textAt } from "../src/kubernetes/json.ts"
import { listLabs, type RunningLab, startLab } from "../src/lab/host.ts"
import { enterCommand, toolEnvironment } from "../src/lab/isolation.ts"
import { untilSpeakersReady } from "../src/lab/speakers-ready.ts"
import { bundle, root } from "./bundle.ts"
import { monotonicMs } from "./wire/clock.ts"

export const holders = ["n1", "n2", "n3"] as const

/** The lab of `bench/lan`, and the ways to ask it. */
export type BenchLab = {
  readonly running: RunningLab
  /** Runs a command on a machine; its output is piped. The lab ends it at the latest. */
  readonly run: (machine: string, argv: readonly string[]) => ChildProcess
  /** Resolves with what the command printed. */
  readonly read: (machine: string, argv: readonly string[]) => Promise<string>
  readonly send: (method: string, path: string, body?: Json) => Promise<number>
  /** Calls `gave` whenever a Service is seen with an address. Resolves once the watch is open. */
  readonly watchAddresses: (gave: (name: string, address: string, atMs: number) => void) => Promise<() => void>
  readonly speakersReady: () => Promise<void>
  /** Which machine answers for an address, once exactly one does. */
  readonly holderOf: (address: string) => Promise<string>
  readonly end: () => Promise<void>
}

const connectionsMax = 64

type Command = readonly [string, ...string[]]

const program = (command: string): Command => [process.execPath, bundle, command]

export const ownPrograms: { readonly controller: Command; readonly speaker: Command } = {
  controller: program("controller"),
  speaker: [process.execPath, ...speakerRuntimeFlags, bundle, "speaker"],
}

/** @param name of the lab; one that runs already is refused */
export const raiseBenchLab = async (
  name: string = `bench-${process.pid}`,
  programs: typeof ownPrograms = ownPrograms,
): Promise<BenchLab> => {
  const started = await startLab({
    ...programs,
    name,
    scenarioFolder: join(root, "bench", "lan"),
    inside: program("lab-inside"),
    crds: join(root, "deploy", "crds"),
    report: (news) => {
      if (news.kind === "trouble" || news.kind === "ended") console.log(`  lab: ${news.says}`)
    },
  })
  if (started.kind === "failed") throw new Error(`the lab did not come up: ${started.says}`)
  const running = started.lab
  const pid = listLabs().running.find(({ name }) => name === running.name)?.isolated?.pid
  if (pid === undefined) throw new Error("the lab that was just started is not listed")
  return joined(running, pid)
}

const joined = (running: RunningLab, pid: number): BenchLab => {
  const socketPath = join(running.directory, "api.sock")
  const agent = new Agent({ keepAlive: true, maxSockets: connectionsMax })
  const run: BenchLab["run"] = (machine, argv) => {
    const [command, ...rest] = enterCommand(pid, machine, argv)
    return spawn(command, rest, { stdio: ["pipe", "pipe", "inherit"], env: toolEnvironment() })
  }
  return {
    running,
    run,
    read: (machine, argv) => outputOf(run(machine, argv)),
    send: (method, path, body) => send(socketPath, agent, method, path, body),
    watchAddresses: (gave) => watchAddresses(socketPath, gave),
    speakersReady: async () => {
      const late = await untilSpeakersReady(running.directory, holders)
      if (late.length > 0) throw new Error(`the speakers of ${late.join(", ")} do not become ready`)
    },
    holderOf: (address) => holderOf(running, address),
    end: async () => {
      agent.destroy()
      await running.end()
    },
  }
}

const outputOf = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let text = ""
    child.stdout?.setEncoding("utf8").on("data", (more: string) => (text += more))
    child.once("error", reject)
    child.once("close", () => resolve(text))
  })

const send = (socketPath: string, agent: Agent, method: string, path: string, body?: Json): Promise<number> =>
  new Promise((resolve, reject) => {
    const text = body === undefined ? "" : JSON.stringify(body)
    const type = method === "PATCH" ? "application/merge-patch+json" : "application/json"
    const headers = { "content-type": type, "content-length": Buffer.byteLength(text) }
    httpRequest({ socketPath, agent, method, path, headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0))
    })
      .on("error", reject)
      .end(text)
  })

const watchAddresses: (socketPath: string, gave: Parameters<BenchLab["watchAddresses"]>[0]) => Promise<() => void> = (
  socketPath,
  gave,
) =>
  new Promise((resolve, reject) => {
    const path = "/api/v1/namespaces/bench/services?watch=true"
    const request = httpRequest({ socketPath, path, agent: false }, (response) => {
      let rest = ""
      response.setEncoding("utf8").on("data", (more: string) => {
        const atMs = monotonicMs()
        const lines = (rest + more).split("\n")
        rest = lines.pop() ?? ""
        for (const line of lines) if (line !== "") tell(line, atMs, gave)
      })
      resolve(() => request.destroy())
    })
    request.on("error", reject).end()
  })

const tell = (line: string, atMs: number, gave: Parameters<BenchLab["watchAddresses"]>[0]): void => {
  const object = (JSON.parse(line) as { object: JsonObject }).object
  const address = textAt(listAt(object, "status", "loadBalancer", "ingress")[0] ?? {}, "ip")
  if (address !== undefined) gave(textAt(object, "metadata", "name") ?? "", address, atMs)
}

const holderPatienceMs = 20_000

const holderOf = async ({ control }: RunningLab, address: string): Promise<string> => {
  for (const end = Date.now() + holderPatienceMs; Date.now() < end; await pause(50)) {
    const { macs } = await control.call("arping", { machine: undefined, address, count: 20 })
    const [mac, ...others] = Object.keys(macs)
    if (mac === undefined || others.length > 0) continue
    const { machines } = await control.call("status", {})
    const holder = machines.find(({ macs: own }) => own.includes(mac))
    if (holder !== undefined) return holder.name
  }
  throw new Error(`nobody answers for ${address} alone`)
}
