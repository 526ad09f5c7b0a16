import { performance } from "node:perf_hooks"
import { join } from "node:path"
import { endWithAncestors, watchAncestors } from "../lab/ancestors.ts"
import type { RunningLab } from "../lab/host.ts"
import { supplyNeeds } from "../lab/needs.ts"
import { asTyped, commandPrefix } from "./prefix.ts"
import { printableLines } from "./printable.ts"
import { labPrograms, scenariosFolder } from "./lab-programs.ts"
import { startTimeline } from "./timeline.ts"

export type DemoOptions = { readonly keep?: boolean; readonly color?: "auto" | "always" | "never" }

const scenario = "media-stack"

/** The main job, shown: on real packets where this machine carries a lab, else on the simulated wire. */
export const demo = async (options: DemoOptions): Promise<number> => {
  watchAncestors(endWithAncestors)
  const needs = supplyNeeds((line) => console.log(line))
  if (needs.kind !== "ready") {
    const { demoOnSimulatedWire } = await import("./demo-simulated.ts")
    const code = await demoOnSimulatedWire(needs, join(scenariosFolder(), scenario))
    return options.keep ? keepSimulated() : code
  }
  const { listLabs, startLab } = await import("../lab/host.ts")
  const { demoLab } = await import("./demo-lab.ts")
  const { stageOfLab } = await import("./demo-stage.ts")
  console.log(
    `Porchlight demo   6 nodes, a router, a NAS and a workstation on one LAN; real packets in network namespaces; ${options.keep ? "goes on until Ctrl-C" : "all gone afterwards"}.`,
  )
  const timeline = startTimeline(console.log, () => performance.now())
  const { running, swept } = listLabs()
  for (const says of swept) timeline.tell("lab", says)
  const over = Promise.withResolvers<void>()
  const silence = sayOnSilence(() => timeline.tell("lab", "programs: starting the controller and 6 speakers"))
  const started = await startLab({
    // Another demo may be kept in another terminal.
    name: running.some(({ name }) => name === "demo") ? `demo-${process.pid}` : "demo",
    scenarioFolder: join(scenariosFolder(), scenario),
    ...labPrograms(),
    report: (news) => {
      silence.heard(news.kind === "step" && news.step === "api")
      if (news.kind === "swept") timeline.tell("lab", news.says)
      if (news.kind === "step") timeline.tell("lab", `${news.step}: ${news.says}`)
      if (news.kind === "trouble" || news.kind === "ended") timeline.tell("lab", `✗ ${news.says}`.split("\n"))
      if (news.kind === "ended") over.resolve()
    },
  })
  silence.heard(false)
  if (started.kind === "failed") {
    console.error(printableLines(asTyped(`✗ The lab did not come up: ${started.says}`, commandPrefix())))
    return started.lacks ? 4 : 1
  }
  const { lab } = started
  try {
    const good = await demoLab(stageOfLab(lab), timeline)
    const verdict = good ? "Works" : "✗ Not all of it held: each line with ✗ above says what did not"
    if (options.keep)
      return await keep(lab, over.promise, `${verdict}. The lab`, [
        `  ${commandPrefix()} lab exec workstation -- curl -s http://10.69.1.156:7878     # needs curl`,
      ])
    console.log(
      `${verdict}, ${timeline.elapsedSeconds().toFixed(1)} s.     Next: npm run lab ${scenario} | ${commandPrefix()} explain radarr --from scenarios/${scenario} | npm test`,
    )
    return good ? 0 : 1
  } finally {
    await lab.end()
  }
}

/** A start of programs that takes longer on a busy machine is said, once. */
const silenceMaxMs = 2000

const sayOnSilence = (say: () => void): { readonly heard: (programsFollow: boolean) => void } => {
  let timer: NodeJS.Timeout | undefined
  return {
    heard: (programsFollow) => {
      clearTimeout(timer)
      timer = programsFollow ? setTimeout(say, silenceMaxMs) : undefined
    },
  }
}

/** The story's own lab lives in virtual time: one of the same scenario that keeps pace with ours takes its place. */
const keepSimulated = async (): Promise<number> => {
  const { startLab } = await import("../lab/host.ts")
  const { productVersion } = await import("./version.ts")
  const over = Promise.withResolvers<void>()
  const started = await startLab({
    name: `demo-${process.pid}`,
    scenarioFolder: join(scenariosFolder(), scenario),
    ...labPrograms(),
    simulated: { version: productVersion() },
    report: (news) => {
      if (news.kind === "trouble" || news.kind === "ended") console.log(printableLines(`✗ ${news.says}`))
      if (news.kind === "ended") over.resolve()
    },
  })
  if (started.kind === "up")
    return keep(started.lab, over.promise, "A new lab of this scenario, simulated as well,", [])
  console.error(printableLines(`✗ The lab did not come up: ${started.says}`))
  return started.lacks ? 4 : 1
}

/** Until Ctrl-C, or until the lab is over by itself, which is no success. `more`: commands for labs that have packets. */
const keep = async (
  lab: Pick<RunningLab, "kubeconfig" | "end">,
  over: Promise<void>,
  what: string,
  more: readonly string[],
): Promise<number> => {
  const prefix = commandPrefix()
  console.log(
    [
      `${what} goes on until Ctrl-C. In another terminal:`,
      `  export KUBECONFIG=${lab.kubeconfig}          kubectl and porchlight then speak to it`,
      `  ${prefix} status`,
      `  kubectl get services -A -w`,
      ...more,
      `  ${prefix} lab break w3 power          also cable, speaker, freeze, api, loss=20%; mend undoes it`,
    ].join("\n"),
  )
  await over
  await lab.end()
  return 1
}
