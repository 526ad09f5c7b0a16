import { spawn } from "node:child_process"
import { eachLine } from "./control.ts"
import type { FailedLab } from "./inside.ts"
import { type HostNews, type RunningLab, startLab, type StartOptions } from "./host.ts"
import { toolEnvironment } from "./isolation.ts"

/** What a lab's holder is told: everything of `StartOptions` that can be written down. */
export type DetachedOrder = Omit<StartOptions, "report">

export type DetachedOutcome =
  | { readonly kind: "up"; readonly kubeconfig: string; readonly url: string; readonly directory: string }
  | FailedLab

type HolderNews =
  | HostNews
  | FailedLab
  | ({ readonly kind: "held" } & Pick<RunningLab, "kubeconfig" | "url" | "directory">)

/**
 * Starts a lab in a process of its own that outlives this one (`lab up`), and resolves when it is up. `holder` is the
 * command line that ends up in `holdLab`; the order is added as its last argument.
 */
export const startDetached = (
  holder: readonly [string, ...string[]],
  order: DetachedOrder,
  report: (news: HostNews) => void,
): Promise<DetachedOutcome> => {
  const [command, ...argv] = holder
  const child = spawn(command, [...argv, JSON.stringify(order)], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: toolEnvironment(),
  })
  const complaint: string[] = []
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaint.push(text))
  return new Promise((resolve) => {
    const settle = (outcome: DetachedOutcome): void => {
      child.stdout.destroy()
      child.stderr.destroy()
      child.unref()
      resolve(outcome)
    }
    eachLine(child.stdout, (line) => {
      const news = JSON.parse(line) as HolderNews
      if (news.kind === "held") settle({ ...news, kind: "up" })
      else if (news.kind === "failed") settle(news)
      else report(news)
    })
    child.once("error", (error) => settle({ kind: "failed", says: `the lab could not be started: ${error.message}` }))
    child.once("close", () => settle({ kind: "failed", says: `the lab's holder ended: ${complaint.join("").trim()}` }))
  })
}

/** The program that holds a detached lab until `downLab` ends it or the lab ends by itself. */
export const holdLab = async (order: DetachedOrder): Promise<void> => {
  const tell = (news: HolderNews): void => void process.stdout.write(`${JSON.stringify(news)}\n`)
  // Who started us stops listening when the lab is up.
  for (const stream of [process.stdout, process.stderr]) stream.on("error", () => undefined)
  const started = await startLab({
    ...order,
    ownLife: true,
    report: (news) => {
      tell(news)
      if (news.kind === "ended") process.exit(1)
    },
  })
  if (started.kind === "failed") {
    tell(started)
    process.exitCode = 1
    return
  }
  const { kubeconfig, url, directory } = started.lab
  tell({ kind: "held", kubeconfig, url, directory })
}
