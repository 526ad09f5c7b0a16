import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import type { Address } from "../net/address.ts"
import type { Mac } from "../net/mac.ts"
import type { Beat, Boot, NodeId } from "./beat.ts"
import type { SegmentInput } from "./input.ts"
import type { SegmentOutput } from "./output.ts"
import { activeRig, claimed, group, type Rig, second, self, third, wallSeconds } from "./rig.ts"

test("whatever it is told and whenever: it never throws, never spins, and says what it answers without contradiction", () => {
  fc.assert(
    fc.property(stories, (story) => {
      const observer = createObserver()
      const rig = activeRig([group({ key: 7 as Address })])
      for (const act of story) {
        observer.see(play(rig, act))
        const wakeAt = rig.segment.wakeAt()
        assert.ok(
          wakeAt === undefined || wakeAt > rig.now() || act.do === "sleep" || act.do === "peer",
          `${act.do} at ${rig.now()}: ${wakeAt}`,
        )
      }
    }),
    { numRuns: 300 },
  )
})

test("those stories reach everything the machine can say", () => {
  const said = new Set<string>()
  for (const story of fc.sample(stories, { numRuns: 1500, seed: 7 })) {
    const rig = activeRig([group({ key: 7 as Address })])
    for (const output of story.flatMap((act) => play(rig, act)))
      said.add(output.kind === "moved" ? output.because.code : output.kind)
  }
  assert.deepEqual(
    sayable.filter((kind) => !said.has(kind)),
    [],
  )
})

const sayable: readonly string[] =
  "announce answering ask ask-gateway beat exit finding reply silence first-claim was-free holder-deaf newer-grant offered adopted better-claim deleted withdrawn".split(
    " ",
  )

test("the same story is told the same way", () => {
  fc.assert(
    fc.property(stories, (story) => {
      const tell = (): string => {
        const rig = activeRig([group({ key: 7 as Address })])
        return story.map((act) => JSON.stringify(play(rig, act), textOf)).join()
      }
      assert.equal(tell(), tell())
    }),
    { numRuns: 30 },
  )
})

type Act =
  | { readonly do: "feed"; readonly input: SegmentInput }
  | { readonly do: "pass" | "sleep"; readonly ms: number }
  /** From now on the peer beats like this; undefined: it is dead. */
  | { readonly do: "peer"; readonly node: NodeId; readonly content: Partial<Beat> | undefined }

const play = (rig: Rig, act: Act): readonly SegmentOutput[] => {
  switch (act.do) {
    case "feed":
      return rig.feed(act.input)
    case "pass":
      return rig.pass(act.ms)
    case "sleep":
      rig.sleep(act.ms)
      return []
    case "peer":
      if (act.content === undefined) rig.living.delete(act.node)
      else rig.living.set(act.node, act.content)
      return []
  }
}

/** Follows what is answered: each change changes something, findings come and go in pairs, after `exit` there is nothing. */
const createObserver = () => {
  const answered = new Map<Address, number>()
  const findings = new Set<string>()
  let silent = false
  let exited = false
  const seeOne = (output: SegmentOutput): void => {
    assert.ok(!exited, `${output.kind} after exit`)
    if (output.kind === "exit") exited = true
    if (output.kind === "answering") answered.set(output.key, output.addresses.length)
    if (output.kind === "silence") {
      assert.notEqual(output.on, silent)
      silent = output.on
    }
    if (output.kind === "announce") {
      assert.ok(!silent, "announced in doubt")
      assert.ok((answered.get(output.key) ?? 0) > 0, "announced what is not answered")
    }
    if (output.kind === "finding") seeFinding(output.finding.code + subjectOf(output.finding), output.on)
  }
  const seeFinding = (name: string, on: boolean): void => {
    assert.notEqual(findings.has(name), on, `${name} ${on ? "raised" : "cleared"} twice`)
    if (on) findings.add(name)
    else findings.delete(name)
  }
  return { see: (outputs: readonly SegmentOutput[]): void => outputs.forEach(seeOne) }
}

const subjectOf = (finding: object): string =>
  "address" in finding ? ` ${String(finding.address)}` : "peer" in finding ? ` ${String(finding.peer)}` : ""

const textOf = (_: string, value: unknown): unknown => (typeof value === "bigint" ? `${value}` : value)

const nodes = fc.constantFrom(1, 2, 3, 4).map((node) => node as NodeId)
const small = fc.integer({ min: 0, max: 4 })
const addresses = fc.constantFrom<Address>(7 as Address, 8 as Address, (1n << 100n) as Address)
const epochs = fc.oneof(fc.integer({ min: 1_800_000_000, max: 1_800_000_009 }), fc.constantFrom(0, 2 ** 32 - 1))
const claims = fc.record({ address: addresses, grant: small, epoch: epochs })

const beats: fc.Arbitrary<Beat> = fc
  .record({
    from: nodes,
    boot: fc.constantFrom(1, 2, 3).map((boot) => boot as Boot),
    sequence: fc.integer({ min: 1, max: 200 }),
    state: fc.constantFrom(
      "warming" as const,
      "active" as const,
      "doubting" as const,
      "restarting" as const,
      "leaving" as const,
    ),
    alone: fc.boolean(),
    hasGateway: fc.boolean(),
    toBoot: fc.constantFrom(11, 5, undefined).map((boot) => boot as Boot | undefined),
    toVersion: small,
    toSequence: fc.integer({ min: 0, max: 300 }),
    base: small,
    pages: small,
    missing: small,
    heard: fc.array(fc.record({ node: nodes, ageMs: fc.constantFrom(0, 50, 600, 2500) }), { maxLength: 3 }),
    kinds: fc.array(fc.tuple(fc.constantFrom("claimed" as const, "free" as const, "revoked" as const), claims), {
      maxLength: 3,
    }),
    offers: fc.array(claims, { maxLength: 2 }),
    estate: fc.array(claims, { maxLength: 2 }),
  })
  .map(({ pages, missing, kinds, ...rest }) => ({
    ...rest,
    to: self,
    intervalMs: 100,
    misses: 5,
    promiseSeconds: 3,
    mac: 2 as Mac,
    pageEnd: rest.base + pages,
    total: rest.base + pages + missing,
    changes: kinds.slice(0, pages).map(([kind, claim], i) => ({ kind, ...claim, version: rest.base + i + 1 })),
  }))

const groups = fc
  .record({ key: addresses, grant: small, order: fc.shuffledSubarray([1, 2, 3, 4]), ready: fc.boolean(), score: small })
  .map(({ key, grant, order, ready, score }) =>
    group({ key, grant, ready, order: order.map((node, i) => ({ node: node as NodeId, score: i === 0 ? score : 0 })) }),
  )

const inputs: fc.Arbitrary<SegmentInput> = fc.oneof(
  { weight: 60, arbitrary: beats.map((beat): SegmentInput => ({ kind: "beat", beat })) },
  { weight: 60, arbitrary: fc.constant<SegmentInput>({ kind: "wake" }) },
  fc.constant<SegmentInput>({ kind: "bound" }),
  fc
    .uniqueArray(nodes)
    .map((list): SegmentInput => ({ kind: "members", members: list.map((node) => ({ node, reachable: node !== 4 })) })),
  fc
    .record({
      groups: fc.array(groups, { maxLength: 3 }),
      gone: fc.array(addresses, { maxLength: 2 }),
      complete: fc.boolean(),
    })
    .map((page): SegmentInput => ({ kind: "view", ...page })),
  fc
    .record({ from: nodes, address: addresses, nonce: small, addressed: fc.boolean() })
    .map((question): SegmentInput => ({ kind: "question", ...question })),
  fc
    .record({ from: nodes, address: addresses, holds: fc.option(small, { nil: undefined }), nonce: small })
    .map((answer): SegmentInput => ({ kind: "answer", ...answer })),
  fc
    .record({ address: addresses, mac: fc.constant(9 as Mac), member: fc.option(nodes, { nil: undefined }) })
    .map((foreign): SegmentInput => ({ kind: "foreign", ...foreign })),
  fc
    .record({ from: nodes, address: addresses, grant: small, epoch: epochs })
    .map((one): SegmentInput => ({ kind: "announcement", ...one })),
  fc.constantFrom<SegmentInput>(
    { kind: "gateway" },
    { kind: "gateway-life", is: "answers" },
    { kind: "gateway-life", is: "silent" },
    { kind: "sighting" },
    { kind: "mac", mac: 5 as Mac },
  ),
  addresses.map((address): SegmentInput => ({ kind: "request", address })),
  {
    weight: 1,
    arbitrary: fc.constantFrom<SegmentInput>({ kind: "stop", how: "leaving" }, { kind: "stop", how: "restarting" }),
  },
  fc.record({ key: addresses, to: nodes }).map((one): SegmentInput => ({ kind: "give", ...one })),
  claims.map(({ address, ...claim }): SegmentInput => ({
    kind: "inherited",
    claims: [{ key: address, addresses: [address], ...claim }],
  })),
)

/** What a living peer may say again and again. */
const peerContents: fc.Arbitrary<Partial<Beat>> = fc.oneof(
  fc.constant({}),
  fc
    .record({
      grant: small,
      ahead: fc.integer({ min: -3, max: 5 }),
      state: fc.constantFrom("active" as const, "restarting" as const, "leaving" as const),
      hasGateway: fc.boolean(),
      alone: fc.boolean(),
    })
    .map(({ grant, ahead, state, alone, hasGateway }) => ({
      state,
      hasGateway,
      alone,
      pageEnd: 1,
      total: 1,
      changes: [claimed(1, wallSeconds + ahead, grant, 7 as Address)],
    })),
  fc
    .record({ version: fc.integer({ min: 2, max: 4 }), kind: fc.constantFrom("free" as const, "revoked" as const) })
    .map(({ version, kind }) => ({
      pageEnd: version,
      total: version,
      changes: [{ ...claimed(version, wallSeconds, 1, 7 as Address), kind }],
    })),
  fc.record({ epoch: fc.constantFrom(0, wallSeconds), grant: small }).map(({ epoch, grant }) => ({
    pageEnd: 1,
    total: 1,
    changes: epoch === 0 ? [] : [claimed(1, epoch, grant, 7 as Address)],
    offers: [{ address: 7 as Address, grant, epoch }],
  })),
  fc.constant({ boot: 777 as Boot, state: "warming" as const }),
)

/** Nobody may answer any more, which must last for a second to count. */
const emptied: Act = {
  do: "feed",
  input: { kind: "view", groups: [group({ key: 7 as Address, order: [] })], gone: [], complete: true },
}

const stories: fc.Arbitrary<Act[]> = fc.array(
  fc.oneof(
    { weight: 3, arbitrary: inputs.map((input): Act => ({ do: "feed", input })) },
    { weight: 3, arbitrary: fc.integer({ min: 0, max: 2500 }).map((ms): Act => ({ do: "pass", ms })) },
    { weight: 1, arbitrary: fc.integer({ min: 0, max: 3000 }).map((ms): Act => ({ do: "sleep", ms })) },
    { weight: 1, arbitrary: fc.constantFrom<Act>(emptied, { do: "pass", ms: 1500 }) },
    {
      weight: 3,
      arbitrary: fc
        .record({ node: fc.constantFrom(second, third), content: fc.option(peerContents, { nil: undefined }) })
        .map((peer): Act => ({ do: "peer", ...peer })),
    },
  ),
  { maxLength: 40 },
)
