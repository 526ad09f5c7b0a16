import assert from "node:assert/strict"
import { setTimeout as pause } from "node:timers/promises"
import { packetTest } from "../packet-test.ts"
import { assertMoves, nodes, nowMs, others, raiseStory, until } from "./story-lab.ts"

/** Longer than beats take to come back and claims to settle. */
const settledMs = 2500

packetTest(
  import.meta.url,
  "a holder stopped for ten seconds wakes up with questions waiting: not one frame for the address it lost",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    assert.deepEqual(story.spokeSince(0), [holder])
    const begun = nowMs()
    await story.break(holder, "freeze=10s")
    const stopped = nowMs()
    const next = await story.untilAnswers(...others(holder))
    while (story.lab.damage.active().length > 0) assert.equal(await story.answerer(5), next)
    const woken = nowMs()
    await pause(settledMs)
    assert.equal(await story.answerer(20), next)
    assert.ok(woken - begun >= 9_500, "it did not stand still for ten seconds")
    assert.deepEqual(story.spokeSince(woken), [next])
    // It woke some milliseconds before anybody could look: what it might have said then counts too.
    assert.equal(story.spokeSince(stopped).includes(holder), false)
    await assertMoves(story, 1)
  },
)

packetTest(
  import.meta.url,
  "holder and first successor die together: the third answers, and nobody else has spoken",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    // The order of first-light: the successor is the first of these that does not hold.
    const [successor, third] = ["attic-3", "attic-2", "attic-1"].filter((node) => node !== holder)
    assert.ok(successor !== undefined && third !== undefined)
    const died = nowMs()
    await Promise.all([story.break(holder, "power"), story.break(successor, "power")])
    assert.equal(await story.untilAnswers(...others(holder)), third)
    assert.equal(story.spokeSince(died).includes(successor), false)
    await assertMoves(story, 1)
    const settled = nowMs()
    await story.mend()
    await until(async () => (await story.takesPart(holder)) && story.takesPart(successor))
    assert.equal(await story.answerer(20), third)
    assert.deepEqual(story.spokeSince(settled), [third])
  },
)

packetTest(
  import.meta.url,
  "a holder that is cut off, and then all that are: back on the LAN nobody announces what another holds",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    await story.break(holder, "cable")
    const next = await story.untilAnswers(...others(holder))
    await pause(1000)
    const back = nowMs()
    await story.mend(holder)
    await pause(settledMs)
    assert.deepEqual(story.spokeSince(back), [next])
    assert.equal(await story.answerer(20), next)
    const cut = nowMs()
    for (const node of nodes) await story.break(node, "cable=4s")
    await until(() => story.lab.damage.active().length === 0)
    await pause(settledMs)
    assert.deepEqual(story.spokeSince(cut), [next])
    assert.equal(await story.answerer(20), next)
    await assertMoves(story, 1)
  },
)
