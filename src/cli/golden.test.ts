import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { JsonObject } from "../kubernetes/http.ts"
import type { Instant } from "../time/instant.ts"
import { answerOn } from "./explain.ts"
import { movesReport } from "./moves/moves-report.ts"
import { documentOf } from "./output.ts"
import { styleFor } from "./style.ts"
import { rebalancePlan } from "./rebalance/plan.ts"
import { statusReport } from "./status/status-report.ts"
import { madeAt, madeSurvey, scenarioObjects, service, speaker, withFieldOf } from "./survey/made-survey.ts"
import { readSpeakerView } from "./survey/speaker-view.ts"
import { findSubject } from "./survey/subject.ts"
import type { Survey } from "./survey/survey.ts"
import { occurrenceDocument } from "./watch/occurrence.ts"
import { SpeakerNews } from "./watch/speaker-news.ts"

// Programs read these documents: fields are only ever added. PORCHLIGHT_WRITE_GOLDEN=1 writes them anew.

test("status -o json", () => golden("status", documentOf({ kind: "Status", value: statusReport(attic, madeAt + 2) })))

test("moves -o json", () => golden("moves", documentOf({ kind: "Moves", value: movesReport(attic, [], undefined) })))

test("rebalance -o json", () =>
  golden("rebalance", documentOf({ kind: "Rebalance", value: rebalancePlan(attic, madeAt) })))

test("watch -o json", () => {
  const news = new SpeakerNews(() => ["demo/whoami"])
  const at = { now: 0 as Instant, wallSeconds: madeAt, entropy: 0 }
  news.begin(at)
  const moves = [{ ...move, reason: "holder-silent", silentMs: 478 }]
  const view = readSpeakerView(speaker("attic-2", [{ address: move.address }], { moves }))
  const [occurrence] = news.take(view!, at)
  golden("occurrence", occurrenceDocument(occurrence!))
})

for (const [file, what] of [
  ["explain-service", "whoami"],
  ["explain-pending", "smtp"],
  ["explain-node", "attic-3"],
  ["explain-pool", "porch"],
  ["explain-address", "192.168.40.180"],
] as const)
  test(`explain ${what} -o json`, () => {
    const subject = findSubject(attic, what, undefined)
    assert.ok(subject.kind !== "ambiguous" && subject.kind !== "nothing")
    const { answer } = answerOn(attic, subject, {
      style: styleFor(process.stdout, "never", {}),
      wide: false,
      again: "",
    })
    golden(file, documentOf(answer))
  })

const golden = (name: string, document: object): void => {
  const file = join(import.meta.dirname, "golden", `${name}.json`)
  const text = `${JSON.stringify(document, undefined, 2)}\n`
  if (process.env["PORCHLIGHT_WRITE_GOLDEN"] !== undefined) writeFileSync(file, text)
  assert.equal(text, readFileSync(file, "utf8"))
}

const withAddress = (objects: readonly JsonObject[]): readonly JsonObject[] =>
  withFieldOf(objects, "Service", "whoami", ["status"], { loadBalancer: { ingress: [{ ip: "192.168.40.200" }] } })

const move = { at: "2026-11-18T09:00:00Z", address: "192.168.40.200", link: "eth0", from: "attic-3", to: "attic-2" }

const attic: Survey = madeSurvey(
  [
    ...withAddress(scenarioObjects("first-light")),
    ...service("mail/smtp", {}, { "metallb.io/loadBalancerIPs": "192.168.40.200" }),
    speaker("attic-1", [], { segments: [{ link: "eth0", hears: ["attic-2"] }] }),
    speaker("attic-2", [{ address: "192.168.40.200", seenSecondsAgo: 3 }], {
      segments: [{ link: "eth0", hears: ["attic-1"] }],
      moves: [{ ...move, reason: "holder-silent" }],
    }),
    speaker("attic-3", [], { state: "warming" }),
    {
      apiVersion: "metallb.io/v1beta1",
      kind: "IPAddressPool",
      metadata: { namespace: "metallb-system", name: "broken" },
      spec: { addresses: ["192.168.41.9-192.168.41.1"] },
    },
  ],
  { name: "attic", source: "live" },
)
