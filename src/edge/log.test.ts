import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { test } from "node:test"
import { limitedLog, lineForPeople, type LogLevel } from "./log.ts"

test("of one reason one line a second is written, and the next one says how many were left out", () => {
  const { log, lines, pass } = noted("info")
  for (let i = 0; i < 100; i++) log.warn("send-failed", `attempt ${i}`)
  log.warn("other", "another reason")
  log.error("send-failed", "another severity")
  pass(999)
  log.warn("send-failed", "too soon")
  pass(1)
  log.warn("send-failed", "again")
  assert.deepEqual(lines, ["attempt 0 {}", "another reason {}", "another severity {}", 'again {"leftOut":100}'])
})

test("what is below the level is not written and not counted", () => {
  const { log, lines } = noted("warn")
  log.info("x", "quiet")
  log.warn("x", "loud")
  assert.deepEqual(lines, ["loud {}"])
  const none = noted("none")
  none.log.error("x", "never")
  assert.deepEqual(none.lines, [])
})

test("a peer's text cannot begin a new line or colour a terminal", () => {
  const line = lineForPeople(
    { severity: "warn", reason: "x", message: "bad\n\u001b[31mred", facts: { name: "a\nb\u009b" } },
    new Date("2026-01-02T03:04:05.678Z"),
  )
  assert.equal(line, '03:04:05.678 warn  bad\\x0a\\x1b[31mred name="a\\nb\\x9b"')
})

test("where standard output is no terminal, each line is one JSON object with time, level, reason and message", () => {
  const program = `
    const { openLog } = await import(${JSON.stringify(import.meta.resolve("./log.ts"))})
    const log = await openLog({ level: "all", json: true })
    log.info("started", "hello", { node: "attic-1" })
    log.debug("detail", "fine\\nprint")
    await log.flush()`
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], { encoding: "utf8" })
  const [first, second] = printed
    .trim()
    .split("\n")
    .map((line): Record<string, unknown> => JSON.parse(line))
  assert.match(String(first!["time"]), /^\d{4}-\d\d-\d\dT/)
  assert.deepEqual(
    { ...first, time: "" },
    { level: "info", time: "", node: "attic-1", reason: "started", msg: "hello" },
  )
  assert.equal(second!["msg"], "fine\nprint")
})

function noted(level: LogLevel) {
  let nowMs = 5000
  const lines: string[] = []
  const write = ({ message, facts }: { message: string; facts: object }): void => {
    lines.push(`${message} ${JSON.stringify(facts)}`)
  }
  const log = limitedLog({ write, flush: () => Promise.resolve() }, level, () => nowMs)
  return { log, lines, pass: (ms: number) => void (nowMs += ms) }
}
