import assert from "node:assert/strict"
import { test } from "node:test"
import { madeSurvey, scenarioObjects, service } from "./made-survey.ts"
import { findSubject } from "./subject.ts"

const survey = madeSurvey([
  ...scenarioObjects("first-light"),
  ...service("media/plex"),
  ...service("games/plex"),
  ...service("media/porch"),
])

test("a short name is enough where only one thing has it, whatever its kind", () => {
  assert.deepEqual(findSubject(survey, "whoami", undefined), { kind: "service", name: "demo/whoami" })
  assert.deepEqual(findSubject(survey, "attic-2", undefined), { kind: "node", name: "attic-2" })
  assert.equal(findSubject(survey, "192.168.40.200", undefined).kind, "address")
})

test("a name that several have is answered with each as it can be typed", () => {
  assert.deepEqual(findSubject(survey, "plex", undefined), {
    kind: "ambiguous",
    candidates: ["media/plex", "games/plex"],
  })
  assert.deepEqual(findSubject(survey, "porch", undefined), {
    kind: "ambiguous",
    candidates: ["media/porch", "pool/porch"],
  })
})

test("every candidate finds just that one thing when it is typed, and -n narrows", () => {
  for (const [text, name] of [
    ["media/plex", "media/plex"],
    ["media/porch", "media/porch"],
    ["pool/porch", "porch"],
    ["svc/whoami", "demo/whoami"],
    ["service/games/plex", "games/plex"],
  ] as const) {
    const found = findSubject(survey, text, undefined)
    assert.equal("name" in found && found.name, name)
  }
  assert.deepEqual(findSubject(survey, "plex", "games"), { kind: "service", name: "games/plex" })
})

test("an unknown name comes back with the nearest known one", () => {
  assert.deepEqual(findSubject(survey, "whoamy", undefined), { kind: "nothing", nearest: ["demo/whoami"] })
  assert.deepEqual(findSubject(survey, "node/atic-1", undefined), { kind: "nothing", nearest: ["node/attic-1"] })
  assert.deepEqual(findSubject(survey, "zzzzzzzz", undefined), { kind: "nothing", nearest: [] })
})
