import { existsSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { nearestName } from "../../cluster/nearest.ts"
import { isUnreadable, readScenario, type Scenario, scenarioNames } from "../../lab/scenario.ts"
import { CommandFailure } from "../failure.ts"
import { scenariosFolder } from "../lab-programs.ts"

export type ChosenScenario = { readonly name: string; readonly folder: string; readonly scenario: Scenario }

/** A scenario of ours by name, or any folder that holds one. */
export const chooseScenario = (text: string): ChosenScenario => {
  const own = join(scenariosFolder(), text)
  const folder = !text.includes("/") && existsSync(join(own, "lab.yaml")) ? own : resolve(text)
  if (!existsSync(join(folder, "lab.yaml"))) throw unknownScenario(text)
  const scenario = readScenario(folder)
  if (isUnreadable(scenario)) throw new CommandFailure(3, `The scenario ${text} cannot be read.`, scenario.says)
  return { name: basename(folder), folder, scenario }
}

const unknownScenario = (text: string): CommandFailure => {
  const names = scenarioNames(scenariosFolder())
  const nearest = nearestName(text, names)
  return new CommandFailure(2, `There is no scenario ${text}, nor a folder of that name with a lab.yaml.`, [
    ...(nearest === undefined ? [] : [`Did you mean   porchlight lab up ${nearest}`]),
    `There are      ${names.join(", ")}`,
  ])
}
