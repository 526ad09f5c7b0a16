/**
 * node simulation/run.ts [--seeds N] [--first N] [--workers N] [--profile NAME] [--without RULE]   all laws over many seeds
 * node simulation/run.ts --profile NAME --seed N [--story] [--shrink] [--without RULE]   one of them, told
 */
import { fork } from "node:child_process"
import { parseArgs } from "node:util"
import { addTallies, type Failure, runShare, type Share, type Tally } from "./campaign.ts"
import { actInWords } from "./act.ts"
import { profiles } from "./profiles/all.ts"
import type { RuleName } from "../src/ownership/rule.ts"
import { shrink } from "./shrink.ts"
import { simulate } from "./simulate.ts"

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    first: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    profile: { type: "string" },
    seed: { type: "string" },
    story: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
    without: { type: "string", multiple: true, default: [] },
  },
})

const chosen = options.profile === undefined ? profiles : profiles.filter(({ name }) => name === options.profile)

const without: ReadonlySet<RuleName> = new Set(options.without as RuleName[])

/** How many failing seeds are told in full; the others are counted. */
const toldMax = 5

const main = async (): Promise<number> => {
  if (chosen.length === 0) {
    console.error(`✗ no profile ${options.profile}; there are ${profiles.map(({ name }) => name).join(", ")}`)
    return 2
  }
  return options.seed === undefined ? campaign() : tellOne(Number(options.seed))
}

const tellOne = (seed: number): number => {
  let scenario = chosen[0]!.scenario(seed)
  if (options.shrink) scenario = shrink(scenario, { without })
  const story = (at: number, text: string): void => console.log(`${at.toFixed(1).padStart(9)}  ${text}`)
  const { violations } = simulate(scenario, { without, ...(options.story && { story }) })
  if (options.shrink && !options.story)
    for (const act of scenario.acts) console.log(`${act.at.toFixed(1).padStart(9)}  ${actInWords(act)}`)
  for (const { law, seen } of violations) console.log(`✗ ${law}: ${seen}`)
  if (violations.length === 0) console.log(`${scenario.profile} ${seed}: every law held`)
  return violations.length === 0 ? 0 : 1
}

const campaign = async (): Promise<number> => {
  const startedAt = performance.now()
  const workers = Number(options.workers)
  const shares = Array.from({ length: workers }, (_, worker): Share => ({
    first: Number(options.first),
    count: Number(options.seeds),
    worker,
    workers,
  }))
  const tally = addTallies(await Promise.all(shares.map(runInProcess)))
  for (const name of Object.keys(tally.runs).sort()) console.log(line(name, tally))
  for (const failure of tally.failures.slice(0, toldMax)) tellFailure(failure)
  const seconds = (performance.now() - startedAt) / 1000
  const runs = Object.values(tally.runs).reduce((sum, count) => sum + count, 0)
  console.log(
    `${runs} seeds, ${tally.failures.length} broke a law; ${(tally.virtualMs / 3_600_000).toFixed(1)} virtual hours, ${(tally.events / 1e6).toFixed(1)} million events in ${seconds.toFixed(0)} s`,
  )
  return tally.failures.length === 0 ? 0 : 1
}

const line = (name: string, tally: Tally): string => {
  const failed = tally.failures.filter(({ profile }) => profile === name).length
  return `${failed === 0 ? "✓" : "✗"} ${name.padEnd(20)} ${String(tally.runs[name]).padStart(6)} seeds  ${failed === 0 ? "" : `${failed} broke a law`}`
}

const tellFailure = ({ profile, seed, violations }: Failure): void => {
  console.log(`\n✗ ${profile}, seed ${seed}`)
  for (const { law, seen } of violations) console.log(`  ${law}: ${seen}`)
  const scenario = profiles.find(({ name }) => name === profile)!.scenario(seed)
  simulate(scenario, { without, story: (at, text) => console.log(`${at.toFixed(1).padStart(9)}  ${text}`) })
  console.log(`  replay: node simulation/run.ts --profile ${profile} --seed ${seed} --story [--shrink]`)
}

const runInProcess = (share: Share): Promise<Tally> =>
  new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, process.argv.slice(2), {
      env: { ...process.env, SIMULATION_SHARE: JSON.stringify(share) },
    })
    child.on("message", (tally) => resolve(tally as Tally))
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`a worker ended with ${code} before its share was done`)))
  })

const share = process.env["SIMULATION_SHARE"]
if (share === undefined) process.exitCode = await main()
else process.send!(runShare(JSON.parse(share) as Share, chosen, { without }))
