import { openAlarm } from "../edge/alarm.ts"
import { createApi } from "../edge/api.ts"
import { openClock } from "../edge/clock.ts"
import type { Connection } from "../edge/kubeconfig.ts"
import { CommandFailure } from "./failure.ts"
import type { OutputOptions } from "./output.ts"
import { printable, printableLines } from "./printable.ts"
import { say } from "./say.ts"
import { styleFor } from "./style.ts"
import { type AskOptions, findCluster } from "./survey/load.ts"
import { ClusterWatch, type WatchOutput } from "./watch/cluster-watch.ts"
import { parseDuration } from "./watch/duration.ts"
import { type Occurrence, occurrenceDocument, occurrenceLine } from "./watch/occurrence.ts"

export type WatchOptions = Omit<AskOptions, "metallbNamespace"> &
  Pick<OutputOptions, "color"> & { readonly output?: "json"; readonly for?: string }

/** `watch`: a line for each thing that happens, until Ctrl-C or the end of `--for` (0). 3 where it cannot begin. */
export const watch = async (options: WatchOptions): Promise<number> => {
  const lastsMs = options.for === undefined ? undefined : parseDuration(options.for)
  if (options.for !== undefined && lastsMs === undefined)
    throw new CommandFailure(2, `--for ${options.for} is no duration.`, ["Such as 90s, 5m or 1h30m; at most 24 days."])
  const connection = await findCluster({ ...options, metallbNamespace: "" })
  if (connection === undefined)
    throw new CommandFailure(2, `${options.from ?? ""} is a dump: nothing happens in it.`, [
      "What had happened when it was made   porchlight moves --from FILE",
    ])
  await follow(connection, options, lastsMs)
  return 0
}

/** Resolves at the end of the time; without one it never does. */
const follow = (connection: Connection, options: WatchOptions, lastsMs: number | undefined): Promise<void> =>
  new Promise((resolve, reject) => {
    const clock = openClock()
    const program = new ClusterWatch()
    let ended = false
    const end = (): void => {
      ended = true
      alarm.close()
      api.close()
      clearTimeout(timer)
    }
    const feed = (input: Parameters<ClusterWatch["step"]>[0]): void => {
      for (const output of program.step(input, clock.at())) perform(output)
      if (!ended) alarm.set(program.wakeAt())
    }
    const perform = (output: WatchOutput): void => {
      switch (output.kind) {
        case "request":
        case "abort":
          return api.perform(output)
        case "occurred":
          return tell(output.occurrence, options)
        case "begun":
          return sayBegun(output, connection, lastsMs)
        case "failed":
          end()
          return reject(cannotBegin(output, connection))
      }
    }
    const alarm = openAlarm(clock, () => feed({ kind: "wake" }))
    const api = createApi(connection.target, feed)
    const timer = lastsMs === undefined ? undefined : setTimeout(() => resolve(end()), lastsMs)
    feed({ kind: "wake" })
  })

const tell = (occurrence: Occurrence, { output, namespace, color }: WatchOptions): void => {
  const { services } = occurrence
  if (namespace !== undefined && services.length > 0 && !services.some((name) => name.startsWith(`${namespace}/`)))
    return
  if (output === "json")
    return void process.stdout.write(`${printableLines(JSON.stringify(occurrenceDocument(occurrence)))}\n`)
  say([occurrenceLine(occurrence, styleFor(process.stdout, color))])
}

/** On standard error: what is watched is no part of what happened. */
const sayBegun = (
  { addresses, speakers }: WatchOutput & { readonly kind: "begun" },
  { context }: Connection,
  lastsMs: number | undefined,
): void => {
  const until = lastsMs === undefined ? "Ctrl-C ends it" : `for ${lastsMs / 1000} s`
  const where = context === "" ? "this cluster" : context
  process.stderr.write(`${printable(`Watching ${where}: ${addresses} addresses, ${speakers} speakers; ${until}.`)}\n`)
}

const cannotBegin = (
  { failure, of }: WatchOutput & { readonly kind: "failed" },
  { context }: Connection,
): CommandFailure => {
  const because = "message" in failure ? failure.message : failure.reason
  const where = context === "" ? "this cluster" : `the context ${context}`
  return new CommandFailure(3, `${of} objects of ${where} cannot be watched: ${because}.`, [
    of === "Speaker" && failure.reason === "missing"
      ? "Porchlight is not installed there: its CustomResourceDefinitions are missing."
      : "What can be read, and what cannot   porchlight status",
  ])
}
