import type { Command } from "commander"
import { type Place, placeOf, wordsOfTree } from "./complete/command-line.ts"
import { printable } from "./printable.ts"

/** A shell stands still while it waits. PORCHLIGHT_COMPLETION_MS is for machines where the start alone takes longer. */
const limitMs = Number(process.env["PORCHLIGHT_COMPLETION_MS"]) || 300
/** What is left of the limit for the API server, once this program has started. */
const askMs = (limitMs * 2) / 3

/** Prints every word that may come next, a line each; nothing where that cannot be known in time. Never fails. */
export const complete = async (words: readonly string[], program: Command): Promise<number> => {
  setTimeout(() => process.exit(0), Math.max(1, limitMs - performance.now())).unref()
  try {
    const place = placeOf(words, program)
    const fitting = [...new Set([...wordsOfTree(place, program), ...(await wordsOfWorld(place))])]
      .filter((word) => word.startsWith(place.word) && printable(word) === word)
      .toSorted()
    process.stdout.write(fitting.map((word) => `${word}\n`).join(""))
  } catch {
    // A complaint in the middle of somebody's command line helps nobody.
  }
  return 0
}

/** Names that only the cluster, the labs or the file system know. */
const wordsOfWorld = async (place: Place): Promise<readonly string[]> => {
  if (place.valueOf !== undefined) return wordsOfOption(place.valueOf.name())
  if (place.word.startsWith("-")) return []
  const first = place.given.length === 0
  switch (place.path.join(" ")) {
    case "explain":
    case "moves":
      return first ? explainable(place) : []
    case "lab up":
      return first ? scenarios() : []
    case "lab down":
    case "lab env":
      return first ? runningLabs() : []
    case "lab exec":
      return first ? machinesOf(place) : []
    case "lab break":
      return first ? [...(await machinesOf(place)), ...(await faultWords("forAll"))] : faultWords("one")
    case "lab mend":
      return first ? [...(await machinesOf(place)), ...(await faultWords("forAll"))] : faultWords("one")
    case "completion":
      return ["bash", "zsh", "fish"]
    default:
      return []
  }
}

const wordsOfOption = async (name: string): Promise<readonly string[]> => {
  if (name === "from") return (await runningLabs()).map((lab) => `lab:${lab}`)
  return name === "lab" ? runningLabs() : []
}

const explainable = async ({ options, word }: Place): Promise<readonly string[]> => {
  const { clusterNames, typedNames } = await import("./complete/cluster-names.ts")
  return typedNames(await clusterNames(options, askMs), word)
}

const scenarios = async (): Promise<readonly string[]> => {
  const { scenarioNames } = await import("../lab/scenario.ts")
  const { scenariosFolder } = await import("./lab-programs.ts")
  return scenarioNames(scenariosFolder())
}

const runningLabs = async (): Promise<readonly string[]> => {
  const { listLabs } = await import("../lab/host.ts")
  return listLabs().running.map(({ name }) => name)
}

const machinesOf = async ({ options }: Place): Promise<readonly string[]> => {
  const { pickLab } = await import("./lab/lab-choice.ts")
  const { isUnreadable, readScenario } = await import("../lab/scenario.ts")
  const scenario = readScenario(pickLab(options.get("lab")).scenario)
  return isUnreadable(scenario) ? [] : scenario.layout.machines.map(({ name }) => name)
}

const faultWords = async (whose: "one" | "forAll"): Promise<readonly string[]> => {
  const faults = await import("../lab/fault.ts")
  return whose === "one" ? faults.faultWords : faults.faultWordsForAll
}
