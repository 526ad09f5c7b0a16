/**
 * node simulation/controllers/run.ts [--seeds N] [--first N] [--workers N] [--profile NAME]   all laws over many seeds
 * node simulation/controllers/run.ts --profile NAME --seed N [--story] [--shrink]            one of them, told
 */
import { fork } from "node:child_process"
import { parseArgs } from "node:util"
import { actInWords } from "./act.ts"
import { addTallies, type Failure, replayOf, runShare, type Share, type Tally } from "./campaign.ts"
import { shrink } from "./shrink.ts"
import { simulate } from "./simulate.ts"
import { profiles } from "./stories.ts"

const { values: options } = parseArgs({
  options: {
    seeds: { type: "string", default: "1000" },
    first: { type: "string", default: "1" },
    workers: { type: "string", default: "2" },
    profile: { type: "string" },
    seed: { type: "string" },
    story: { type: "boolean", default: false },
    shrink: { type: "boolean", default: false },
  },
})

const chosen = options.profile === undefined ? profiles : profiles.filter(({ name }) => name === options.profile)

/** How many failing seeds are told in full; the others are counted. */
const toldMax = 3

const main = async (): Promise<number> => {
  if (chosen.length === 0) {
    console.error(`✗ no profile ${options.profile}; there are ${profiles.map(({ name }) => name).join(", ")}`)
    return 2
  }
  return options.seed === undefined ? campaign() : tellOne(Number(options.seed))
}

const tell = (at: number, text: string): void => console.log(`${at.toFixed(1).padStart(9)}  ${text}`)

const tellOne = (seed: number): number => {
  const whole = chosen[0]!.story(seed)
  const story = options.shrink ? shrink(whole) : whole
  const { violations } = simulate(story, options.story ? tell : undefined)
  if (options.shrink && !options.story) for (const act of story.acts) tell(act.at, actInWords(act))
  for (const { law, seen } of violations) console.log(`✗ ${law}: ${seen}`)
  if (violations.length === 0) console.log(`${story.profile} ${seed}: every law held`)
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
  for (const failure of tally.failures.slice(toldMax))
    console.log(`✗ ${failure.violations[0]?.law}: ${replayOf(failure)}`)
  const seconds = (performance.now() - startedAt) / 1000
  const runs = Object.values(tally.runs).reduce((sum, count) => sum + count, 0)
  console.log(
    `${runs} histories, ${tally.failures.length} broke a law; ${(tally.events / 1e6).toFixed(1)} million events, ${tally.writes} writes in ${seconds.toFixed(0)} s (${(runs / seconds).toFixed(0)} a second)`,
  )
  return tally.failures.length === 0 ? 0 : 1
}

const line = (name: string, tally: Tally): string => {
  const failed = tally.failures.filter(({ profile }) => profile === name).length
  return `${failed === 0 ? "✓" : "✗"} ${name.padEnd(14)} ${String(tally.runs[name]).padStart(6)} histories  ${failed === 0 ? "" : `${failed} broke a law`}`
}

const tellFailure = (failure: Failure): void => {
  console.log(`\n✗ ${failure.profile}, seed ${failure.seed}`)
  const story = profiles.find(({ name }) => name === failure.profile)!.story(failure.seed)
  simulate(story, (at, text) => tell(at, text.slice(0, 400)))
  for (const { law, seen } of failure.violations) console.log(`  ${law}: ${seen}`)
  console.log(`  replay: ${replayOf(failure)}`)
}

const runInProcess = (share: Share): Promise<Tally> =>
  new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, process.argv.slice(2), {
      env: { ...process.env, CONTROLLERS_SHARE: JSON.stringify(share) },
    })
    child.on("message", (tally) => resolve(tally as Tally))
    child.on("error", reject)
    child.on("exit", (code) => reject(new Error(`a worker ended with ${code} before its share was done`)))
  })

const share = process.env["CONTROLLERS_SHARE"]
if (share === undefined) process.exitCode = await main()
else process.send!(runShare(JSON.parse(share) as Share, chosen))
