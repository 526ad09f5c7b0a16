import { mkdirSync } from "node:fs"
import { join } from "node:path"
import { gatewayPath } from "./api-gateway.ts"
import { type LabProgram, type ProgramSpec, startProgram } from "./programs.ts"
import { systemNamespace } from "./scenario.ts"
import type { Machine } from "./topology/layout.ts"

/** The command lines of our programs up to and including their name; undefined leaves one out. */
export type ProgramCommands = {
  readonly controller: readonly [string, ...string[]] | undefined
  readonly speaker: readonly [string, ...string[]] | undefined
}

const metricsPort = 7472

/** Starts one controller beside the nodes and one speaker on each; `complain` hears of ends nobody asked for. */
export const launchPrograms = (
  commands: ProgramCommands,
  directory: string,
  nodes: readonly Machine[],
  complain: (says: string) => void,
): LabProgram[] => {
  for (const folder of ["logs", "inspect"]) mkdirSync(join(directory, folder), { recursive: true })
  const { controller, speaker } = commands
  const specs = [
    ...(controller === undefined ? [] : [controllerSpec(controller, directory)]),
    ...(speaker === undefined ? [] : nodes.map((node) => speakerSpec(speaker, directory, node.name))),
  ]
  return specs.map((spec) => startProgram(spec, complain))
}

const controllerSpec = (command: readonly [string, ...string[]], directory: string): ProgramSpec => ({
  name: "controller",
  machine: undefined,
  argv: [
    ...command,
    "--namespace",
    systemNamespace,
    "--api",
    `unix:${gatewayPath(directory, "")}`,
    "--inspect-socket",
    join(directory, "inspect", "controller.sock"),
  ],
  logFile: join(directory, "logs", "controller.log"),
})

const speakerSpec = (command: readonly [string, ...string[]], directory: string, node: string): ProgramSpec => ({
  name: `speaker ${node}`,
  machine: node,
  argv: [
    ...command,
    "--node-name",
    node,
    "--namespace",
    systemNamespace,
    "--api",
    `unix:${gatewayPath(directory, node)}`,
    "--beat-key-dir",
    join(directory, "beat-key"),
    "--inspect-socket",
    join(directory, "inspect", `${node}.sock`),
    "--metrics-port",
    String(metricsPort),
  ],
  logFile: join(directory, "logs", `speaker-${node}.log`),
})
