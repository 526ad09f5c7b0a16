import { existsSync } from "node:fs"
import { basename, join, resolve } from "node:path"
import { connectControl, type ControlCalls, LabSilence } from "../lab/control.ts"
import { startDetached } from "../lab/detached.ts"
import { parseFault, placeFault } from "../lab/fault.ts"
import { downLab, labExec as execInLab, listLabs } from "../lab/host.ts"
import { missingCommand, supplyNeeds } from "../lab/needs.ts"
import { scenarioNames } from "../lab/scenario.ts"
import { CommandFailure } from "./failure.ts"
import { type FoundLab, pickLab } from "./lab/lab-choice.ts"
import { labHeadline, newsLine, usageLines } from "./lab/lab-words.ts"
import { refusal } from "./lab/refusal.ts"
import { chooseScenario } from "./lab/scenario-choice.ts"
import { labHolder, labPrograms, scenariosFolder } from "./lab-programs.ts"
import { type OutputOptions, printAnswer } from "./output.ts"
import { printable } from "./printable.ts"
import { say } from "./say.ts"
import { styleFor } from "./style.ts"
import { shellWord } from "./survey/dump-facts.ts"
import { table } from "./table.ts"
import { productVersion } from "./version.ts"

export type UpOptions = { readonly wire?: "real" | "simulated"; readonly port?: string } & Pick<OutputOptions, "color">

/** `lab up`: raises a scenario and returns; the lab stays until `lab down`. 1: it is up, but not all of it works. */
export const labUp = async (text: string, options: UpOptions): Promise<number> => {
  const { name, folder, scenario } = chooseScenario(text)
  const wire = options.wire ?? "real"
  const port = readPort(options.port)
  const needs = wire === "simulated" ? undefined : supplyNeeds((line) => say([line]))
  if (needs !== undefined && needs.kind !== "ready") throw refusal(needs, text)
  const style = styleFor(process.stdout, options.color)
  say([labHeadline(scenario, style, wire)])
  let good = true
  let interrupted = false
  process.once("SIGINT", () => {
    interrupted = true
    void endLab(name).then(() => process.exit(130))
  })
  const simulated = wire === "simulated" ? { version: productVersion() } : undefined
  const order = { name, scenarioFolder: folder, ...labPrograms(), port, simulated }
  const outcome = await startDetached(labHolder(), order, (news) => {
    const line = newsLine(news, style)
    if (line !== undefined) say(line.split("\n"))
    if (news.kind === "trouble" || (news.kind === "step" && !news.good)) good = false
  })
  if (interrupted) return 130
  if (outcome.kind === "failed")
    throw new CommandFailure(outcome.lacks ? 4 : 1, `The lab did not come up: ${outcome.says}`)
  const services = await callLab(outcome.directory, "services", {})
  say([
    `  ${style.good} ${"kubectl".padEnd(10)} ${new URL(outcome.url).origin}`,
    ...usageLines(scenario, services, wire),
  ])
  return good ? 0 : 1
}

const readPort = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  throw new CommandFailure(2, `--port ${text} is no port: give a number from 1 to 65535, or leave it out.`)
}

const endLab = async (name: string): Promise<void> => {
  const lab = listLabs().running.find((one) => one.name === name)
  if (lab !== undefined) await downLab(lab)
}

/** `lab down`: ends the lab with everything in it. */
export const labDown = async (name: string | undefined): Promise<number> => {
  const lab = pickLab(labName(name))
  if (await downLab(lab)) {
    say([`${lab.name} is gone.`])
    return 0
  }
  throw new CommandFailure(1, `${lab.name} does not end: its process ${lab.holder.pid} is still there.`, [
    `kill -KILL ${lab.holder.pid}       ends it and all in it`,
  ])
}

/** A lab is named after its scenario, so a folder names one too. */
const labName = (text: string | undefined): string | undefined =>
  text !== undefined && existsSync(join(resolve(text), "lab.yaml")) ? basename(resolve(text)) : text

/** `lab list`: scenarios there are, and labs that run. */
export const labList = async (options: Pick<OutputOptions, "output"> = {}): Promise<number> => {
  const { running, swept } = listLabs()
  for (const says of swept) process.stderr.write(`${printable(says)}\n`)
  const own = scenarioNames(scenariosFolder())
  const names = [...new Set([...own, ...running.map(({ name }) => name)])].toSorted()
  const listed = names.map(async (name) => {
    const lab = running.find((one) => one.name === name)
    return {
      name,
      running: lab !== undefined,
      faults: lab === undefined ? [] : await faultsIn(lab),
      ...(lab?.apiPort !== undefined && { api: `http://127.0.0.1:${lab.apiPort}` }),
    }
  })
  const rows = await Promise.all(listed)
  await printAnswer(
    {
      kind: "LabList",
      value: { labs: rows },
      names,
      lines: () =>
        table([
          ["SCENARIO", "RUNS", "API", "FAULTS"],
          ...rows.map(({ name, running, api, faults }) => [name, running ? "yes" : "no", api ?? "", faults.join(", ")]),
        ]),
    },
    options.output,
  )
  return 0
}

/** `w3 power`; a lab that does not answer is still listed. */
const faultsIn = async (lab: FoundLab): Promise<readonly string[]> => {
  try {
    const { machines, faults } = await callLab(lab.directory, "status", {})
    return [...machines.flatMap(({ name, faults: own }) => own.map((fault) => `${name} ${fault}`)), ...faults]
  } catch {
    return ["does not answer"]
  }
}

/** `lab env`: a line for the shell, so that kubectl and this program speak to the lab. */
export const labEnv = (name: string | undefined): number => {
  console.log(`export KUBECONFIG=${shellWord(join(pickLab(labName(name)).directory, "kubeconfig"))}`)
  return 0
}

export type LabOption = { readonly lab?: string }

/** What a shell answers where there is no such command. */
const commandNotFound = 127

/** `lab exec MACHINE -- COMMAND`: exits as the command did. */
export const labExec = async (machine: string, command: readonly string[], options: LabOption): Promise<number> => {
  const lab = pickLab(labName(options.lab))
  await refuseUnknownMachine(lab, machine)
  if (lab.simulated)
    throw new CommandFailure(2, `${machine} is simulated, so no command runs on it.`, [
      `eval "$(porchlight lab env ${lab.name})"     kubectl and this program speak to the lab all the same`,
      `porchlight lab break ${machine} power     and every other fault works too`,
    ])
  const missing = missingCommand(command[0] ?? "")
  if (missing === undefined) return execInLab(lab, machine, command)
  console.error(printable(`${styleFor(process.stderr).bad} ${command[0]} did not run on ${machine}: ${missing}`))
  return commandNotFound
}

const refuseUnknownMachine = async (lab: FoundLab, machine: string): Promise<void> => {
  const { machines } = await callLab(lab.directory, "status", {})
  const names = machines.map(({ name }) => name)
  if (names.includes(machine)) return
  throw new CommandFailure(2, `${machine} is no machine of ${lab.name}.`, [`There are   ${names.join(", ")}`])
}

/**
 * `lab break [MACHINE] FAULT` and `lab mend [MACHINE] [FAULT]`: `api` alone is the API for everybody; mending without a
 * fault mends all of a machine, without a word everything.
 */
export const labFault = async (
  verb: "break" | "mend",
  words: readonly string[],
  options: LabOption,
): Promise<number> => {
  const lab = pickLab(labName(options.lab))
  const { machine, fault } = readFaultWords(verb, words)
  const outcome =
    verb === "break"
      ? await callLab(lab.directory, "break", { machine, fault: fault ?? "" })
      : await callLab(lab.directory, "mend", { machine, fault })
  if (outcome.kind === "refused")
    throw new CommandFailure(2, `${capital(outcome.says)}.`, [`porchlight lab ${verb} --help`])
  say([verb === "break" ? `${outcome.says}     porchlight status --from lab:${lab.name}` : outcome.says])
  return 0
}

const capital = (says: string): string =>
  /^no(thing|body)\b/.test(says) ? `${says[0]!.toUpperCase()}${says.slice(1)}` : says

const readFaultWords = (
  verb: "break" | "mend",
  words: readonly string[],
): { readonly machine: string | undefined; readonly fault: string | undefined } => {
  const [first, second, third] = words
  if (third !== undefined)
    throw new CommandFailure(2, `lab ${verb} takes a machine and a fault, not ${words.length} words.`, [
      `porchlight lab ${verb} --help`,
    ])
  if (second !== undefined) return { machine: first, fault: second }
  const isFault = first !== undefined && isFaultText(first)
  if (verb === "mend") return isFault ? { machine: undefined, fault: first } : { machine: first, fault: undefined }
  if (isFault) return { machine: undefined, fault: first }
  throw new CommandFailure(2, `lab break needs a fault: ${first ?? "nothing"} alone is none.`, [
    `porchlight lab break ${first ?? "MACHINE"} power`,
    "porchlight lab break --help     has every fault",
  ])
}

const isFaultText = (text: string): boolean => {
  const placed = placeFault(undefined, text)
  return typeof placed !== "string" && typeof parseFault(placed.text) !== "string"
}

const callLab = async <Name extends keyof ControlCalls>(
  directory: string,
  call: Name,
  input: ControlCalls[Name]["input"],
): Promise<ControlCalls[Name]["output"]> => {
  const control = connectControl(join(directory, "control.sock"))
  try {
    return await control.call(call, input)
  } catch (error) {
    const name = basename(directory)
    const said = error instanceof Error ? error.message : String(error)
    throw error instanceof LabSilence
      ? new CommandFailure(3, `The lab ${name} does not answer: ${said}.`, [
          `porchlight lab down ${name}       ends it; porchlight lab up raises it again`,
        ])
      : new CommandFailure(1, `The lab ${name} could not do that: ${said}.`)
  } finally {
    control.close()
  }
}
