import { join } from "node:path"
import { listLabs } from "../../lab/host.ts"
import { scenarioNames } from "../../lab/scenario.ts"
import { CommandFailure } from "../failure.ts"
import { printable } from "../printable.ts"
import { scenariosFolder } from "../lab-programs.ts"

export type FoundLab = ReturnType<typeof listLabs>["running"][number]

/** The lab of that name; without one that of KUBECONFIG (`lab env` sets it), or the only one that runs. */
export const pickLab = (name: string | undefined): FoundLab => {
  const { running, swept } = listLabs()
  for (const says of swept) process.stderr.write(`${printable(says)}\n`)
  const names = running.map((lab) => lab.name)
  if (name !== undefined) {
    const named = running.find((lab) => lab.name === name)
    if (named !== undefined) return named
    throw new CommandFailure(
      2,
      `No lab ${name} runs; ${names.length === 0 ? "none does" : `there is ${names.join(", ")}`}.`,
      scenarioNames(scenariosFolder()).includes(name)
        ? [`Raise it   porchlight lab up ${name}`]
        : ["All there are   porchlight lab list"],
    )
  }
  const [only, ...others] = running
  if (only === undefined) throw new CommandFailure(2, "No lab runs.", ["Raise one   porchlight lab up"])
  if (others.length === 0) return only
  const chosen = running.find(({ directory }) => join(directory, "kubeconfig") === process.env["KUBECONFIG"])
  if (chosen !== undefined) return chosen
  throw new CommandFailure(2, `${running.length} labs run: ${names.join(", ")}. Which one?`, [
    `exec, break, mend   --lab ${names[0]}`,
    `env, down           ${names[0]}`,
    `status, explain     --from lab:${names[0]}`,
    `all of them, here   eval "$(porchlight lab env ${names[0]})"`,
  ])
}
