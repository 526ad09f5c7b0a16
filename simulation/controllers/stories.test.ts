import assert from "node:assert/strict"
import { test } from "node:test"
import { replayOf, runShare } from "./campaign.ts"
import { simulate } from "./simulate.ts"
import { profiles } from "./stories.ts"

/** `node simulation/controllers/run.ts --seeds 100000` tells more, in two processes. */
const seedsEach = Number(process.env["PORCHLIGHT_SEEDS"] ?? 100)
/** All profiles together; on a slow machine fewer stories are told, not longer waited. */
const timeBoxMs = 25_000

for (const profile of profiles)
  test(`controllers, ${profile.name}: every law holds over ${seedsEach} seeds`, () => {
    const untilMs = performance.now() + timeBoxMs / profiles.length
    const { failures } = runShare({ first: 1, count: seedsEach, worker: 0, workers: 1, untilMs }, [profile])
    assert.deepEqual(
      failures.map(
        (failure) => `${failure.violations[0]?.law}: ${failure.violations[0]?.seen}\n  ${replayOf(failure)}`,
      ),
      [],
    )
  })

test("a story of controllers is told the same every time", () => {
  const tell = (): string[] => {
    const told: string[] = []
    simulate(profiles[0]!.story(42), (at, text) => told.push(`${at} ${text}`))
    return told
  }
  assert.deepEqual(tell(), tell())
})
