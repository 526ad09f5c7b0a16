import { packetTest } from "../packet-test.ts"
import assert from "node:assert/strict"
import { nodes, nowMs, others, raiseStory, until } from "./story-lab.ts"

packetTest(
  import.meta.url,
  "the API server answers with pages of a proxy, cuts its answers, or is slow: each time the holder dies another answers, and its return moves nothing",
  async (directory) => {
    const story = await raiseStory(directory)
    for (const fault of ["api=503", "api=cut", "api=slow"]) {
      const holder = await story.untilAnswers(...nodes)
      await story.break(undefined, fault)
      const died = nowMs()
      await story.break(holder, "power")
      const next = await story.untilAnswers(...others(holder))
      assert.equal(story.spokeSince(died).includes(next), true)
      await story.mend()
      await until(() => story.takesPart(holder))
      assert.equal(await story.answerer(20), next, fault)
    }
  },
)
