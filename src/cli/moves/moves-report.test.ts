import assert from "node:assert/strict"
import { test } from "node:test"
import type { JsonObject } from "../../kubernetes/http.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { parseAddress } from "../../net/address.ts"
import { styleFor } from "../style.ts"
import { madeAt, madeSurvey, scenarioObjects, speaker, withFieldOf } from "../survey/made-survey.ts"
import type { Subject } from "../survey/subject.ts"
import { announcedEvents } from "./announced-event.ts"
import { movesLines } from "./moves-lines.ts"
import { type MovesReport, movesReport } from "./moves-report.ts"

const address = "192.168.40.200"
const objects = withFieldOf(scenarioObjects("first-light"), "Service", "whoami", ["status"], {
  loadBalancer: { ingress: [{ ip: address }] },
})

test("giver and taker write one move: it is told once, with the taker's moment and the giver's reason", () => {
  const report = reportOf([
    speaker("attic-1", [], { moves: [move(61, "attic-1", "attic-2", "handed-over", { offeredBecause: "leaving" })] }),
    speaker("attic-2", [{ address }], { moves: [move(60, "attic-1", "attic-2", "offered")] }),
  ])
  assert.deepEqual(
    report.moves.map(({ from, to, awayMs, services }) => [from, to, awayMs, services]),
    [["attic-1", "attic-2", 0, ["demo/whoami"]]],
  )
  assert.match(report.moves[0]!.says, /offered it on purpose: attic-1 was being drained/)
})

test("the same two nodes pass it to and fro: each way is a move of its own", () => {
  const to = { offeredBecause: "told-to-move" }
  const report = reportOf([
    speaker("attic-1", [], {
      moves: [move(90, "attic-1", "attic-2", "handed-over", to), move(30, "attic-1", "attic-2", "handed-over")],
    }),
    speaker("attic-2", [{ address }], {
      moves: [move(90, "attic-1", "attic-2", "offered"), move(60, "attic-2", "attic-1", "handed-over")],
    }),
  ])
  // The taker of the second and the third has lost its journal since.
  assert.deepEqual(
    report.moves.map(({ from, to, reason }) => [from, to, reason]),
    [
      ["attic-1", "attic-2", "offered"],
      ["attic-2", "attic-1", "handed-over"],
      ["attic-1", "attic-2", "handed-over"],
    ],
  )
})

test("a takeover says for how long the address was away, at most; the newest move stands last", () => {
  const text = movesLines(
    reportOf([
      speaker("attic-2", [{ address }], {
        moves: [
          move(200, undefined, "attic-2", "first-claim"),
          move(20, "attic-3", "attic-2", "holder-silent", { silentMs: 478 }),
        ],
      }),
    ]),
    lineOptions,
  )
  assert.match(text[0]!, /^WHEN +ADDRESS +SERVICE +FROM +TO +AWAY AT MOST +WHY$/)
  assert.match(text[1]!, / · +attic-2 +· +attic-2 claimed it first/)
  assert.match(
    text[2]!,
    /^[A-Z][a-z]+ \d+ \d\d:\d\d:\d\d +192\.168\.40\.200 +demo\/whoami +attic-3 +attic-2 +478 ms +.* silent for 478 ms$/,
  )
})

test("what a restarted speaker's journal has lost is still known from the cluster's Events, without a reason", () => {
  const report = reportOf(
    [speaker("attic-2", [{ address }], { moves: [move(20, "attic-3", "attic-2", "holder-silent")] })],
    [nodeAssigned("attic-2", 19), nodeAssigned("attic-3", 900)],
  )
  assert.deepEqual(
    report.moves.map(({ to, toldBy }) => [to, toldBy]),
    [
      ["attic-3", "event"],
      ["attic-2", "journal"],
    ],
  )
})

test("only moves of what was asked for: an address, a node on either side, a Service, a pool", () => {
  const other = { ...move(50, "attic-1", "attic-3", "holder-silent"), address: "192.168.40.201" }
  const speakers = [
    speaker("attic-2", [{ address }], { moves: [move(20, "attic-3", "attic-2", "holder-silent")] }),
    speaker("attic-3", [], { moves: [other] }),
  ]
  const count = (subject: Subject): number => reportOf(speakers, [], subject).moves.length
  assert.equal(count({ kind: "address", address: parseAddress(address)! }), 1)
  assert.equal(count({ kind: "node", name: "attic-3" as never }), 2)
  assert.equal(count({ kind: "node", name: "attic-1" as never }), 1)
  assert.equal(count({ kind: "service", name: "demo/whoami" as never }), 1)
  assert.equal(count({ kind: "pool", name: "porch" as never }), 1)
})

test("no move is said in words: nobody keeps a journal, or none has one", () => {
  assert.match(movesLines(reportOf([]), lineOptions)[0]!, /^Nobody keeps a journal in made/)
  assert.match(movesLines(reportOf([speaker("attic-2", [])]), lineOptions)[0]!, /^No such move is known in made/)
})

test("a long journal is cut at its old end, and says how to see the rest", () => {
  const moves = Array.from({ length: 50 }, (_, index) => move(1000 - index, "attic-1", "attic-2", "holder-silent"))
  const report = reportOf([speaker("attic-2", [], { moves })])
  const text = movesLines(report, lineOptions)
  assert.equal(text[0], "... 10 earlier: porchlight moves --all --from x")
  assert.equal(text.length, 42)
  assert.equal(movesLines(report, { ...lineOptions, all: true }).length, 51)
})

const lineOptions = { style: styleFor(process.stdout, "never", {}), all: false, wide: false, again: " --from x" }

test("two who take it from one holder: the second had last heard the first holder, and that is said", () => {
  const report = reportOf([
    speaker("attic-2", [], { moves: [move(20, "attic-3", "attic-2", "holder-silent")] }),
    speaker("attic-1", [{ address }], { moves: [move(19, "attic-3", "attic-1", "holder-silent")] }),
  ])
  assert.doesNotMatch(report.moves[0]!.says, /had last heard/)
  assert.match(report.moves[1]!.says, /\(it had last heard attic-3; attic-2 had taken it meanwhile\)$/)
})

const reportOf = (
  speakers: readonly JsonObject[],
  events: readonly JsonObject[] = [],
  subject?: Subject,
): MovesReport => movesReport(madeSurvey([...objects, ...speakers]), announcedEvents(events), subject)

const move = (
  secondsAgo: number,
  from: string | undefined,
  to: string | undefined,
  reason: string,
  more: JsonObject = {},
): JsonObject => ({
  at: printTimestamp(madeAt - secondsAgo),
  address,
  link: "eth0",
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
  reason,
  ...more,
})

const nodeAssigned = (node: string, secondsAgo: number): JsonObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { namespace: "demo", name: `whoami.${node}` },
  involvedObject: { kind: "Service", namespace: "demo", name: "whoami" },
  reason: "nodeAssigned",
  message: `announcing from node "${node}" with protocol "layer2"`,
  firstTimestamp: printTimestamp(madeAt - secondsAgo),
  lastTimestamp: printTimestamp(madeAt - secondsAgo),
})
