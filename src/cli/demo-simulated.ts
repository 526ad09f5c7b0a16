import type { ControlClient } from "../lab/control.ts"
import type { Needs } from "../lab/needs.ts"
import { isUnreadable, readScenario, systemNamespace } from "../lab/scenario.ts"
import { simulatedControl } from "../lab/simulated/simulated-control.ts"
import { raiseSimulated, type SimulatedLab } from "../lab/simulated/simulated-lab.ts"
import { demoLab } from "./demo-lab.ts"
import type { DemoStage } from "./demo-stage.ts"
import { labPrograms } from "./lab-programs.ts"
import { commandPrefix } from "./prefix.ts"
import { printable } from "./printable.ts"
import { surveyOf } from "./survey/survey.ts"
import { startTimeline } from "./timeline.ts"
import { productVersion } from "./version.ts"

/** Any would do; the same one tells the same story every time. */
const seed = 1
/** Speakers begin to answer after they have listened to the others for half a second. */
const settledWithinMs = 2000

/**
 * The demo for a machine that carries no lab: the same controller, speakers and API server in one process and virtual
 * time. Its first line says why. 0 if all of the story held, 1 if not.
 */
export const demoOnSimulatedWire = async (
  needs: Exclude<Needs, { kind: "ready" }>,
  scenarioFolder: string,
): Promise<number> => {
  console.log(printable(`simulated wire, no packet leaves this process: ${whyText(needs)}`))
  const scenario = readScenario(scenarioFolder)
  if (isUnreadable(scenario)) {
    console.error(scenario.says.map((fault) => printable(`✗ ${fault}`)).join("\n"))
    return 1
  }
  console.log(
    "Porchlight demo   6 nodes, a router, a NAS and a workstation on one LAN; the same programs as in a cluster, in virtual time.",
  )
  const lab = await raiseSimulated(scenario, { seed, crds: labPrograms().crds, version: productVersion() })
  const timeline = startTimeline(console.log, lab.nowMs)
  timeline.tell("lab", `${scenario.layout.machines.length} machines, API server, controller and speakers run`)
  lab.run(settledWithinMs)
  const good = await demoLab(stageOfSimulated(lab), timeline)
  const verdict = good ? "Works" : "✗ Not all of it held: each line with ✗ above says what did not"
  const next = `${commandPrefix()} explain radarr --from ${scenarioPath(scenarioFolder)} | npm test`
  console.log(`${verdict}, ${timeline.elapsedSeconds().toFixed(1)} s of virtual time.     Next: ${next}`)
  return good ? 0 : 1
}

const scenarioPath = (folder: string): string => `scenarios/${folder.split("/").at(-1) ?? ""}`

/** What stands in the way of real packets, and what to do about it, on one line. */
const whyText = (needs: Exclude<Needs, { kind: "ready" }>): string => {
  if (needs.kind === "tools-missing") return needs.says
  const ways = needs.ways.map((way) => way.replaceAll(/\s{2,}/g, " "))
  return ways.length === 0 ? needs.says : `${needs.says}. To allow it: ${ways.join("; or ")}`
}

/** The simulated lab as the story sees it. */
export const stageOfSimulated = (lab: SimulatedLab): DemoStage => {
  const handlers = simulatedControl(lab)
  const call: ControlClient["call"] = (name, input) => handlers[name](input)
  return {
    call,
    nowMs: lab.nowMs,
    pause: async (ms) => lab.run(ms),
    patch: async (path, body) => lab.request("PATCH", path, { ...body }),
    survey: async () => surveyOf(factsOf(lab), { metallbNamespace: systemNamespace }),
  }
}

const factsOf = (lab: SimulatedLab): Parameters<typeof surveyOf>[0] => ({
  name: lab.scenario.name,
  source: "live",
  objects: lab.objects(),
  withheld: [],
  readAt: lab.wallSeconds(),
  again: "",
})
