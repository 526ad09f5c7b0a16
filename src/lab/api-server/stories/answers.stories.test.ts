/**
 * Whole conversations, each answer compared field by field with what a real kube-apiserver 1.35.4 said. Told to the real
 * one, this test shows that the record is true; PORCHLIGHT_RECORD=1 with it writes the record anew.
 */
import assert from "node:assert/strict"
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { after, before, describe, test } from "node:test"
import { startTestApiServer, type TestApiServer } from "../../../../tools/test-api-server.ts"
import { customExchanges } from "./custom-exchanges.ts"
import { converse, type Exchange, type Plain } from "./exchange.ts"
import { objectExchanges } from "./object-exchanges.ts"
import { serviceExchanges } from "./service-exchanges.ts"
import { createStoryClient, type StoryClient } from "./story-client.ts"

const conversations: Readonly<Record<string, readonly Exchange[]>> = {
  services: serviceExchanges,
  "custom resources": customExchanges,
  "other objects": objectExchanges,
}
type Conversations = Readonly<Record<string, Readonly<Record<string, Plain>>>>

const recordPath = join(import.meta.dirname, "recorded-answers.json")
const recording = process.env["PORCHLIGHT_RECORD"] === "1"
const recorded = recording ? {} : (JSON.parse(readFileSync(recordPath, "utf8")) as Conversations)
const said: Record<string, Record<string, Plain>> = {}

for (const [subject, exchanges] of Object.entries(conversations))
  describe(subject, () => {
    before(async () => {
      said[subject] = await converse(exchanges, client.ask)
    })
    for (const { title } of exchanges)
      test(`answers as the real one does: ${title}`, () => {
        assert.ok(
          recording || recorded[subject]?.[title] !== undefined,
          "not recorded: run with a real API server and PORCHLIGHT_RECORD=1",
        )
        if (!recording) assert.deepEqual(said[subject]?.[title], recorded[subject]?.[title])
      })
  })

let server: TestApiServer
let client: StoryClient

before(async () => {
  server = await startTestApiServer()
  client = createStoryClient(server.target)
})

after(async () => {
  client.close()
  await server.stop()
  if (recording && server.name === "real") writeFileSync(recordPath, `${JSON.stringify(said, undefined, 1)}\n`)
})
