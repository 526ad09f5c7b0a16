import assert from "node:assert/strict"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { setTimeout as pause } from "node:timers/promises"
import { askInspect } from "../../edge/inspect.ts"
import type { Json } from "../../kubernetes/http.ts"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { type Sniffer, startSniffer } from "../actors/sniffer.ts"
import { startEmbeddedApi } from "../embedded-api.ts"
import { type Lab, raiseLab } from "../lab.ts"
import { isUnreadable, readScenario, type Scenario } from "../scenario.ts"

/** A lab with all our programs, told as a story: what breaks, who answers then, and what was said on the wire. */
export type Story = {
  readonly lab: Lab
  readonly sniffer: Sniffer
  /** Who answers the client, asked `count` times: undefined is nobody, and two fail the story. */
  readonly answerer: (count?: number) => Promise<string | undefined>
  /** All who answer three questions of the client. */
  readonly answerers: () => Promise<readonly string[]>
  /** Waits for one of these machines to answer alone; while an address moves on purpose two do for some milliseconds. */
  readonly untilAnswers: (...machines: readonly string[]) => Promise<string>
  readonly break: (machine: string | undefined, fault: string) => Promise<void>
  readonly mend: (machine?: string, fault?: string) => Promise<void>
  /** The machines that spoke for the address since that moment, each once, in order. */
  readonly spokeSince: (sinceMs: number) => readonly string[]
  /** Codes of all findings of a node's speaker now. */
  readonly findings: (node: string) => Promise<readonly string[]>
  readonly inspect: (node: string) => Promise<Json>
  /** Its speaker runs and takes part on every segment. */
  readonly takesPart: (node: string) => Promise<boolean>
  /** Each time the address went from one node to another, as the journal of the one that took it says. */
  readonly moves: () => Promise<readonly ToldMove[]>
}

export const nodes: readonly string[] = ["attic-1", "attic-2", "attic-3"]

const root = join(import.meta.dirname, "../../..")

export type StoryOptions = {
  readonly address?: string
  /** Which switch is listened to. */
  readonly network?: string
  readonly altered?: (scenario: Scenario) => Scenario
}

/** Raises first-light and waits until one node answers for the address. */
export const raiseStory = async (directory: string, options: StoryOptions = {}): Promise<Story> => {
  const { address = "192.168.40.200", network = "lan", altered = (scenario: Scenario) => scenario } = options
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const own = (name: string) => [process.execPath, join(root, "src/main/cli.ts"), name] as const
  const lab = await raiseLab(altered(scenario), {
    directory,
    crds: join(root, "deploy/crds"),
    controller: own("controller"),
    speaker: own("speaker"),
    startApi: startEmbeddedApi,
    report: () => undefined,
  })
  const { layout } = lab.scenario
  const nameOf = (mac: string): string =>
    layout.machines.find(({ links }) => links.some((link) => link.mac === mac))?.name ?? mac
  const answerers = async (count = 3): Promise<readonly string[]> =>
    Object.keys((await lab.arping(layout.client, address, count)).macs).map(nameOf)
  const answerer: Story["answerer"] = async (count) => {
    const names = await answerers(count)
    assert.ok(names.length < 2, `${names.join(" and ")} answer for ${address}`)
    return names[0]
  }
  const inspect: Story["inspect"] = async (node) => {
    const answer = await askInspect(join(directory, "inspect", `${node}.sock`), "all", 5000)
    return typeof answer === "object" && answer !== null && "code" in answer ? {} : answer
  }
  const obeyed = ({ kind, says }: { readonly kind: string; readonly says: string }): void =>
    assert.equal(kind, "done", says)
  const story: Story = {
    lab,
    sniffer: startSniffer(layout, network),
    answerer,
    answerers,
    inspect,
    untilAnswers: async (...machines) => {
      let found: readonly string[] = []
      await until(async () => {
        found = await answerers(1)
        return found.length === 1 && machines.includes(found[0]!)
      })
      return found[0]!
    },
    break: async (machine, fault) => obeyed(await lab.damage.break(machine, fault)),
    mend: async (machine, fault) => obeyed(await lab.damage.mend(machine, fault)),
    spokeSince: (sinceMs) => [...new Set(story.sniffer.spokenFor(address, sinceMs).map(({ by }) => by))],
    findings: async (node) => listAt(await inspect(node), "findings").map((finding) => textAt(finding, "code") ?? ""),
    takesPart: async (node) => {
      const segments = listAt(await inspect(node), "segments")
      return segments.length > 0 && segments.every((segment) => textAt(segment, "state") === "active")
    },
    moves: async () => {
      const told = await Promise.all(nodes.map(inspect))
      return told.flatMap((one, index) => listAt(one, "moves").flatMap((move) => movedTo(nodes[index]!, move)))
    },
  }
  await story.untilAnswers(...nodes)
  return story
}

export type ToldMove = { readonly at: string; readonly from: string; readonly to: string; readonly because: string }

const movedTo = (node: string, move: Json): readonly ToldMove[] => {
  const [at, from, to, because] = ["at", "from", "to", "reason"].map((name) => textAt(move, name) ?? "")
  return from === "" || to !== node ? [] : [{ at: at!, from: from!, to, because: because! }]
}

/**
 * How many nodes the address left; fails with the moves themselves. On a machine that is very busy two may take it at
 * once when it is silent, and one of them gives way: it left one node all the same.
 */
export const assertMoves = async (story: Story, most: number, least: number = most): Promise<void> => {
  const moves = await story.moves()
  const left = new Set(moves.map(({ from }) => from)).size
  const told = moves.map(({ at, from, to, because }) => `${at} ${from} to ${to}, ${because}`)
  assert.ok(left >= least && left <= most, told.join("; "))
}

export const others = (node: string): readonly string[] => nodes.filter((one) => one !== node)

export const nowMs = (): number => performance.now()

/** A busy machine takes its time; a story that waits for what never comes is ended from outside. */
export const until = async (holds: () => Promise<boolean> | boolean): Promise<void> => {
  while (!(await holds())) await pause(20)
}
