import assert from "node:assert/strict"
import type { Beat } from "../../src/ownership/beat.ts"
import type { Act } from "../act.ts"
import { type ClaimRecord, type History, type LossRecord, placeIndex, type StaleFrame } from "../history.ts"
import { clientPort } from "../lan.ts"
import { type Arp, arpIn, beatIn, type Packet, type Port } from "../packet.ts"
import type { Scenario } from "../scenario.ts"
import { simulate } from "../simulate.ts"

/** Node ids are hashes of names: of these three A has the lowest and C the highest. */
export const A: Port = 1
export const B: Port = 0
export const C: Port = 2
/** The grace a timer's lateness and a link's delay need. */
export const slackMs = 3

export type Stage = Partial<Omit<Scenario, "profile" | "laws">> & { readonly acts: readonly Act[] }

type Sent = { readonly at: number; readonly packet: Packet }

/** What a played story left behind, asked as its tests ask. */
export type Played = {
  readonly claims: readonly ClaimRecord[]
  readonly losses: readonly LossRecord[]
  readonly findings: History["findings"]
  readonly stale: readonly StaleFrame[]
  readonly moves: number
  /** Questions with a token that the node asked: to one node, or to all. */
  readonly questions: (node: Port) => readonly SentArp[]
  readonly announcements: (node: Port) => readonly SentArp[]
  /** Answers to clients. */
  readonly answers: (node: Port) => readonly SentArp[]
  readonly beats: (node: Port) => readonly { readonly at: number; readonly beat: Beat }[]
  readonly answerersAt: (at: number, group?: number) => readonly Port[]
}

type SentArp = { readonly at: number; readonly arp: Arp; readonly to: Packet["to"] }

/** Plays one story on a three-node segment on which C, if nothing else is said, holds the address from the start. */
export const play = (stage: Stage): Played => {
  const sent: Sent[] = []
  const scenario: Scenario = {
    profile: "trace",
    seed: 1,
    nodes: 3,
    segments: 1,
    wire: "values",
    groups: [{ order: [C, B, A] }],
    intervalMs: 100,
    misses: 5,
    promiseSeconds: 30,
    gateway: true,
    clientAsksEveryMs: undefined,
    clockOffsetsS: [],
    viewDelayMs: [20, 300],
    endMs: 8000,
    laws: [],
    ...stage,
    acts: [
      ...(stage.acts.some((act) => act.do === "start" && act.at === 0) ? [] : startAll(stage.nodes ?? 3)),
      ...stage.acts,
    ],
  }
  const { world } = simulate(scenario, { sent: (at, packet) => sent.push({ at, packet }) })
  const { history } = world
  const arps = (node: Port, op: Arp["op"]): readonly SentArp[] =>
    sent.flatMap(({ at, packet }) => {
      const arp = packet.channel === "arp" && packet.from === node ? arpIn(packet) : undefined
      return arp?.op === op ? [{ at, arp, to: packet.to }] : []
    })
  return {
    claims: history.claims,
    losses: history.losses,
    findings: history.findings,
    moves: history.claims.filter(({ isMove }) => isMove).length,
    questions: (node: Port) =>
      arps(node, "request").filter(({ arp }) => arp.op === "request" && arp.nonce !== undefined),
    announcements: (node: Port) => arps(node, "announcement"),
    answers: (node: Port) => arps(node, "reply").filter(({ to }) => to === clientPort),
    beats: (node: Port): { at: number; beat: Beat }[] =>
      sent.flatMap(({ at, packet }) =>
        packet.channel === "beat" && packet.from === node ? [{ at, beat: beatIn(packet) }] : [],
      ),
    answerersAt: (at: number, group = 0): readonly Port[] =>
      history.answerers.get(placeIndex({ segment: 0, group }))?.findLast((change) => change.at <= at)?.nodes ?? [],
    stale: history.stale,
  }
}

const startAll = (nodes: number): Act[] =>
  Array.from({ length: nodes }, (_, node) => ({ at: 0, do: "start" as const, node }))

/** `at` lies at `wanted`, or up to `within` later. */
export const assertAt = (at: number | undefined, wanted: number, within: number = slackMs): void => {
  assert.ok(
    at !== undefined && at >= wanted - 0.001 && at <= wanted + within,
    `${at} is not ${wanted} to ${wanted + within}`,
  )
}
