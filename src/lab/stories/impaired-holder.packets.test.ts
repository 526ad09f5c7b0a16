import assert from "node:assert/strict"
import { setTimeout as pause } from "node:timers/promises"
import { packetTest } from "../packet-test.ts"
import { assertMoves, nodes, nowMs, others, raiseStory, until } from "./story-lab.ts"

/** Rounds of three questions each. */
const roundsMax = 30
/** Who gives the address away answers until it hears the other's claim, and half of those are lost as well. */
const doublesMax = 4

packetTest(
  import.meta.url,
  "the holder's ARP alone is filtered: it notices by its gateway, gives its address away, and says why; mended, nothing moves",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    await story.break(holder, "arp")
    await story.untilAnswers(...others(holder))
    assert.ok((await story.findings(holder)).includes("gateway-lost"))
    // Beats go astray too where a kernel cannot ask for its neighbour: who took it may not be heard, and another is asked.
    await pause(3500)
    const given = nowMs()
    await pause(1000)
    const next = await story.answerer(20)
    assert.ok(next !== undefined && others(holder).includes(next))
    await story.mend()
    await until(async () => (await story.findings(holder)).length === 0)
    assert.equal(await story.answerer(20), next)
    assert.deepEqual(story.spokeSince(given), [next])
    await assertMoves(story, 2, 0)
  },
)

packetTest(
  import.meta.url,
  "beats are filtered everywhere: nothing moves; then the holder dies, and one other answers",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    for (const node of nodes) await story.break(node, "beats")
    await until(async () => (await Promise.all(nodes.map(story.findings))).flat().includes("beats-blocked"))
    assert.equal(await story.answerer(20), holder)
    await story.break(holder, "power")
    const died = nowMs()
    await story.untilAnswers(...others(holder))
    // Without beats two may take it at once; they learn of each other by what they announce.
    await pause(2500)
    const next = await story.answerer(20)
    assert.ok(next !== undefined && others(holder).includes(next))
    assert.equal(story.spokeSince(died).includes(holder), false)
  },
)

packetTest(
  import.meta.url,
  "half of the holder's frames are lost: the address moves once at most, two answer no longer than the move takes, and then it stays",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    await story.break(holder, "loss=50%")
    let doubles = 0
    for (let round = 0; round < roundsMax; round++) doubles += (await story.answerers()).length > 1 ? 1 : 0
    assert.ok(doubles <= doublesMax, `two answered in ${doubles} of ${roundsMax} rounds`)
    await story.mend()
    await pause(2500)
    const last = await story.untilAnswers(...nodes)
    await pause(1500)
    assert.equal(await story.answerer(20), last)
    await assertMoves(story, 1, 0)
  },
)
