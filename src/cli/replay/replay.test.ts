import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, test } from "node:test"
import * as fc from "fast-check"
import type { Json } from "../../kubernetes/http.ts"
import { createController } from "../../controller/controller.ts"
import type { Instant } from "../../time/instant.ts"
import { hashOf, kindsOf, printHead, printStep, type RecordedStep, recordingFormat } from "./recording.ts"
import { replay, type Replayed, type Unreadable } from "./replayed.ts"
import { fromTagged, toTagged } from "./tagged-json.ts"

const folder = mkdtempSync(join(tmpdir(), "porchlight-replay-"))
after(() => rmSync(folder, { recursive: true }))

test("every plain value is recorded and comes back as it was", () => {
  const leaf = fc.oneof(
    fc.string(),
    fc.double(),
    fc.boolean(),
    fc.bigInt(),
    fc.uint8Array(),
    fc.constantFrom(undefined, null, "$", "__proto__"),
  )
  const { value } = fc.letrec<{ value: unknown }>((tie) => ({
    value: fc.oneof(
      { depthSize: "small", withCrossShrink: true },
      leaf,
      fc.array(tie("value"), { maxLength: 4 }),
      fc.dictionary(fc.oneof(fc.string(), fc.constantFrom("$", "value", "__proto__")), tie("value"), { maxKeys: 4 }),
      fc.array(fc.tuple(leaf, tie("value")), { maxLength: 4 }).map((pairs) => new Map(pairs)),
      fc.array(leaf, { maxLength: 4 }).map((items) => new Set(items)),
    ),
  }))
  fc.assert(
    fc.property(value, (one) => {
      const back = fromTagged(JSON.parse(JSON.stringify(toTagged(one))) as Json)
      assert.deepStrictEqual(plain(back), plain(one))
    }),
    { numRuns: 500 },
  )
})

test("a recording gives the same outputs again, and is told how long it was", async () => {
  const replayed = await replay(linesOf(recorded()))
  assert.ok(!("kind" in replayed))
  assert.deepEqual([replayed.process, replayed.steps, replayed.lastedMs], ["controller", 3, 200])
  assert.deepEqual(replayed.outcome, { kind: "same" })
})

test("the first output that differs is named, with its line, its input and what was said on both sides", async () => {
  const lines = recorded()
  lines[2] = lines[2]!.replace(/"[0-9a-f]{16}","[^"]*"\]$/, '"0000000000000000","exit"]')
  const replayed = await replay(linesOf(lines))
  assert.ok(!("kind" in replayed) && replayed.outcome.kind === "different")
  const { line, program, input, recorded: was, replayed: is } = replayed.outcome
  assert.deepEqual([line, program, input, was], [3, "controller", "wake", "exit"])
  assert.notEqual(is, was)
})

test("a last line that was cut off is left out; one in the middle, or another file, cannot be read", async () => {
  const lines = recorded()
  const cut = [...lines.slice(0, 3), lines[3]!.slice(0, 20)]
  assert.equal(((await replay(linesOf(cut))) as Replayed).steps, 2)
  const says = async (broken: readonly string[]): Promise<unknown> => {
    const read = (await replay(linesOf(broken))) as Unreadable
    return [read.kind, read.line]
  }
  assert.deepEqual(await says([...cut, lines[3]!]), ["unreadable", 4])
  assert.deepEqual(await says([lines[0]!, "[1]"]), ["unreadable", 2])
  assert.deepEqual(await says(["apiVersion: v1"]), ["unreadable", 1])
  assert.deepEqual(await says([lines[0]!.replace(/"format":\d+/, '"format":99')]), ["unreadable", 1])
  assert.deepEqual(await says([]), ["unreadable", 1])
})

test("of a process that crashed the step is there that it crashed in; the file of before is kept", () => {
  const file = join(folder, "crash.jsonl")
  for (const round of [1, 2]) {
    const { status } = spawnSync(process.execPath, ["--input-type=module", "-e", crashing], {
      env: { ...process.env, FILE: file, RECORDER: join(import.meta.dirname, "recorder.ts") },
    })
    assert.equal(status, 1, `round ${round}`)
  }
  const lines = readFileSync(file, "utf8").trimEnd().split("\n")
  assert.equal(lines.length, 3)
  assert.deepEqual((JSON.parse(lines[2]!) as readonly unknown[]).slice(2), [{ kind: "wake" }, "", ""])
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.ok(existsSync(`${file}.1`))
})

test("outputs of one kind in a row are counted", () => {
  assert.equal(kindsOf(["a", "a", "b", "a"].map((kind) => ({ kind }))), "a×2 b a")
})

const crashing = `
const { openRecorder } = await import(process.env.RECORDER)
const recorder = openRecorder(process.env.FILE, { process: "controller", version: "1", options: {}, onEnd: () => undefined })
const at = { now: 0, wallSeconds: 0, entropy: 0 }
recorder.step("controller", { kind: "wake" }, at)([], undefined)
recorder.step("controller", { kind: "wake" }, at)
throw new Error("the step ended so")
`

/** A controller's first moments, with an API server that never answers. */
const recorded = (): string[] => {
  const options = { namespace: "metallb-system", loadBalancerClass: undefined, identity: "one" }
  const program = createController(options)
  const head = printHead({ format: recordingFormat, process: "controller", version: "1", options: toTagged(options) })
  const steps = [0, 100, 200].map((now): RecordedStep => {
    const at = { now: now as Instant, wallSeconds: 1_795_000_000, entropy: now * 77 }
    const outputs = program.step({ kind: "wake" }, at)
    const input = toTagged({ kind: "wake" })
    return { program: "controller", at, input, outputs: hashOf(outputs, program.wakeAt()), said: kindsOf(outputs) }
  })
  return [head, ...steps.map(printStep)]
}

const linesOf = async function* (lines: readonly string[]): AsyncGenerator<string> {
  yield* lines
}

/** Fields without regard to the prototype that fast-check gives its objects. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain)
  if (value instanceof Map) return new Map([...value].map(([key, item]) => [key, plain(item)]))
  if (typeof value !== "object" || value === null || value instanceof Set || value instanceof Uint8Array) return value
  return { fields: Object.entries(value).map(([name, item]) => [name, plain(item)]) }
}
