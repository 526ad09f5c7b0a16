import { join } from "node:path"
import type { ApiFailure } from "../../kubernetes/api-failure.ts"
import type { ServerAddress } from "../../edge/api-target.ts"
import { type Connection, findConnection, readKubeconfig } from "../../edge/kubeconfig.ts"
import type { Failure } from "../../edge/failure.ts"
import { CommandFailure } from "../failure.ts"
import { withProgress } from "../progress.ts"
import { readDump, readNetworkFile, shellWord } from "./dump-facts.ts"
import { readLive } from "./live-facts.ts"
import { type Facts, type Survey, surveyOf } from "./survey.ts"

/** Where to ask: options that every question has. */
export type AskOptions = {
  readonly context?: string
  readonly kubeconfig?: string
  readonly namespace?: string
  readonly metallbNamespace: string
  readonly lbClass?: string
  readonly from?: string
  readonly network?: string
}

/** An API server that says nothing for so long is not waited for. */
const patienceMs = 10_000

/** Reads the facts where the options say they are, and judges them. Fails with code 3 where they cannot be had. */
export const loadSurvey = async (options: AskOptions, timeoutMs: number = patienceMs): Promise<Survey> =>
  judge(await loadFacts(options, timeoutMs), options)

/** What follows from facts. */
export const judge = (facts: Facts, { metallbNamespace, lbClass }: AskOptions): Survey =>
  surveyOf(facts, { metallbNamespace, loadBalancerClass: lbClass })

/** The objects, unjudged, with those of `--network`. */
export const loadFacts = async (options: AskOptions, timeoutMs: number = patienceMs): Promise<Facts> => {
  const connection = await findCluster(options)
  const facts = connection === undefined ? readDump(options.from!) : await readCluster(connection, options, timeoutMs)
  if (options.network === undefined) return facts
  const again = `${facts.again} --network ${shellWord(options.network)}`
  return { ...facts, objects: [...facts.objects, ...readNetworkFile(options.network)], again }
}

/** The API server that the options name; undefined where they name a dump. */
export const findCluster = async (options: AskOptions): Promise<Connection | undefined> => {
  const { from } = options
  if (from === undefined) return clusterConnection(options)
  return from.startsWith("lab:") ? labConnection(from.slice("lab:".length)) : undefined
}

const clusterConnection = async ({ context, kubeconfig }: AskOptions): Promise<Connection> => {
  const found = findConnection({ context, path: kubeconfig })
  if (found.kind === "connection") return found
  const { listLabs } = await import("../../lab/host.ts")
  throw new CommandFailure(3, sentence(found), [
    ...listLabs().running.map(({ name }) => `The lab ${name} runs: --from lab:${name} asks it.`),
    "--from FILE answers from a dump; --from lab:NAME asks a lab (porchlight lab list).",
  ])
}

const sentence = ({ message }: Failure): string => `${message[0]?.toUpperCase() ?? ""}${message.slice(1)}.`

const labConnection = async (name: string): Promise<Connection> => {
  const { pickLab } = await import("../lab/lab-choice.ts")
  const lab = pickLab(name === "" ? undefined : name)
  const found = readKubeconfig([join(lab.directory, "kubeconfig")])
  if (found.kind === "connection") return found
  throw new CommandFailure(3, `The lab ${lab.name} is not up yet: ${found.message}`)
}

const readCluster = async (connection: Connection, options: AskOptions, timeoutMs: number): Promise<Facts> => {
  const where = connection.context === "" ? "this cluster" : connection.context
  const found = await withProgress(`Reading ${where}`, readLive(connection.target, options.metallbNamespace, timeoutMs))
  if (found.kind === "unreachable") throw unreachable(connection, found.failure)
  return {
    name: where,
    source: "live",
    objects: found.objects,
    withheld: found.withheld,
    readAt: Date.now() / 1000,
    again: againOf(options),
  }
}

const againOf = ({ from, context, kubeconfig }: AskOptions): string =>
  [
    from === undefined ? "" : ` --from ${shellWord(from)}`,
    kubeconfig === undefined ? "" : ` --kubeconfig ${shellWord(kubeconfig)}`,
    context === undefined ? "" : ` --context ${shellWord(context)}`,
  ].join("")

const unreachable = ({ target, context }: Connection, failure: ApiFailure): CommandFailure => {
  const because = "message" in failure ? failure.message : failure.reason
  const named = context === "" ? "" : ` (context ${context})`
  return new CommandFailure(3, `Cannot read from ${printServer(target.server)}${named}: ${because}`, [
    "--from FILE answers from a dump; --context NAME asks another cluster.",
  ])
}

const printServer = (server: ServerAddress): string =>
  server.kind === "unix" ? server.path : `${server.protocol}//${server.host}:${server.port}${server.prefix}`
