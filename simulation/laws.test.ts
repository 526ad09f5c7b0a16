import assert from "node:assert/strict"
import { test } from "node:test"
import { runShare } from "./campaign.ts"
import { profiles } from "./profiles/all.ts"
import { simulate } from "./simulate.ts"

/** Seeds a profile; CI asks for more: PORCHLIGHT_SEEDS. `node simulation/run.ts --seeds 10000` runs them in two processes. */
const seeds = Number(process.env["PORCHLIGHT_SEEDS"] ?? 10)

for (const profile of profiles) {
  const count = Math.ceil(seeds / profile.weight)
  test(`${profile.name}: every law holds over ${count} seeds`, () => {
    const { failures } = runShare({ first: 1, count, worker: 0, workers: 1 }, [profile])
    const replays = failures.map(
      ({ seed, violations }) =>
        `${violations.map(({ law, seen }) => `${law}: ${seen}`).join("; ")}\n  node simulation/run.ts --profile ${profile.name} --seed ${seed} --story`,
    )
    assert.deepEqual(replays, [])
  })
}

test("a seed runs the same every time", () => {
  const tell = (): string[] => {
    const told: string[] = []
    simulate(profiles[0]!.scenario(42), { story: (at, text) => told.push(`${at} ${text}`) })
    return told
  }
  assert.deepEqual(tell(), tell())
})

test("a step that reads the real clock or real chance is stopped", () => {
  const scenario = profiles[0]!.scenario(1)
  const reads: readonly (() => unknown)[] = [
    () => Date.now(),
    () => new Date(),
    () => Math.random(),
    () => Intl.Collator,
  ]
  for (const read of reads)
    assert.throws(() => simulate(scenario, { story: () => void read() }), /real clock or real chance/)
  assert.ok(Date.now() > 0 && Math.random() < 1, "and it is given back afterwards")
})
