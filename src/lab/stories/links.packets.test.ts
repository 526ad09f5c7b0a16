import assert from "node:assert/strict"
import { setTimeout as pause } from "node:timers/promises"
import { packetTest } from "../packet-test.ts"
import { runInNamespace } from "../topology/build.ts"
import { withBothFamilies, withSecondCard } from "./altered-scenario.ts"
import { assertMoves, nodes, nowMs, others, raiseStory, type Story, until } from "./story-lab.ts"

packetTest(
  import.meta.url,
  "the second card goes dark, or down, while the first lives: another answers on that network, and keeps it when the card is back",
  async (directory) => {
    const story = await raiseStory(directory, { address: "192.168.41.200", network: "garden", altered: withSecondCard })
    for (const fault of ["cable=eth1", "carrier=eth1"]) {
      const holder = await story.untilAnswers(...nodes)
      await story.break(holder, fault)
      const next = await story.untilAnswers(...others(holder))
      assert.equal((await story.lab.arping("laptop", firstCardOf(story, holder), 3)).answered, 3)
      const back = nowMs()
      await story.mend(holder)
      await pause(2000)
      assert.equal(await story.answerer(20), next, fault)
      assert.deepEqual(story.spokeSince(back), [next], fault)
    }
    await assertMoves(story, 2)
  },
)

packetTest(
  import.meta.url,
  "a port that flaps, a port that spanning tree blocks, and links of 1,280 bytes: each move has its reason, and one answers after each",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    for (const node of nodes) await story.break(node, "mtu=1280")
    await pause(1500)
    assert.equal(await story.answerer(20), holder)
    await story.break(holder, "flap=5s")
    await until(() => story.lab.damage.active().every(({ fault }) => fault.kind !== "flap"))
    await pause(2000)
    const next = await story.answerer(20)
    assert.ok(next !== undefined)
    await assertMoves(story, 1, 0)
    await story.break(next, "blocked=3s")
    const last = await story.untilAnswers(...others(next))
    await until(() => story.lab.damage.active().every(({ fault }) => fault.kind !== "blocked"))
    const back = nowMs()
    await pause(2000)
    assert.equal(await story.answerer(20), last)
    assert.deepEqual(story.spokeSince(back), [last])
    await assertMoves(story, 2, 1)
  },
)

packetTest(
  import.meta.url,
  "IPv6 on a switch that snoops and floods no multicast: the holder is found, and so is its successor; switched off and on, it takes part again",
  async (directory) => {
    const address = "fd00:40::200"
    const story = await raiseStory(directory, { altered: withBothFamilies })
    await snoop(story)
    const holder = await story.untilAnswers(...nodes)
    assert.deepEqual(await answerersOfIpv6(story, address), [holder])
    await story.break(holder, "power")
    const next = await story.untilAnswers(...others(holder))
    await until(async () => (await answerersOfIpv6(story, address)).join() === next)
    await story.mend(holder)
    await until(() => story.takesPart(holder))
    await story.break(next, "ipv6")
    assert.equal(await story.answerer(20), next)
    await story.mend(next)
    await until(async () => (await answerersOfIpv6(story, address)).length === 1)
  },
)

const firstCardOf = ({ lab }: Story, name: string): string => lab.machine(name)!.links[0].addresses[0].split("/")[0]!

/**
 * A switch that forwards a multicast group only to ports that joined it: a querier asks every second, and no group is
 * flooded. A bridge that begins to ask trusts what it hears only after one response interval, so that is set first.
 */
const snoop = async ({ lab }: Story): Promise<void> => {
  const centiseconds = ["mcast_query_response_interval", "mcast_query_interval", "mcast_startup_query_interval"]
  const bridge = [...centiseconds.map((interval) => `${interval} 100`), "mcast_snooping 1", "mcast_querier 1"]
  const set = bridge.map((setting) => `link set bridge type bridge ${setting}`)
  const ports = lab.scenario.layout.machines.map(({ name }) => `link set ${name} type bridge_slave mcast_flood off`)
  await runInNamespace("switch.lan", ["ip", "-batch", "-"], `${[...set, ...ports].join("\n")}\n`)
  await pause(2500)
}

/** The client asks with its kernel's own neighbour discovery; what the machines say is heard at the switch. */
const answerersOfIpv6 = async ({ lab, sniffer }: Story, address: string): Promise<readonly string[]> => {
  const asked = nowMs()
  await runInNamespace("laptop", ["ip", "-6", "neighbour", "flush", "all"])
  await lab.ask("laptop", { address, port: 80, protocol: "TCP" }, 1000)
  const said = sniffer.spokenFor(address, asked).filter(({ kind }) => kind === "advertisement")
  return [...new Set(said.map(({ by }) => by))]
}
