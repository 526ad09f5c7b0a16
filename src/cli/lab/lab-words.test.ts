import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import type { Needs } from "../../lab/needs.ts"
import { CommandFailure } from "../failure.ts"
import { scenariosFolder } from "../lab-programs.ts"
import { styleFor } from "../style.ts"
import { labHeadline, newsLine, usageLines } from "./lab-words.ts"
import { refusal } from "./refusal.ts"
import { chooseScenario } from "./scenario-choice.ts"

const style = styleFor(process.stdout, "never", {})

test("the first line counts the machines; steps follow with how long they took", () => {
  const { scenario } = chooseScenario("first-light")
  const counted = "first-light   3 nodes, router, host"
  assert.equal(labHeadline(scenario, style, "real"), `${counted}; real packets in network namespaces`)
  assert.match(labHeadline(scenario, style, "simulated"), /; the same programs on a simulated wire, in one process$/)
  const step = { kind: "step", step: "api", says: "23 objects applied", tookMs: 149, good: true } as const
  assert.match(newsLine(step, style)!, /^ {2}✓ api {8}23 objects applied +0\.1 s$/)
  assert.match(newsLine({ ...step, good: false }, style)!, /^ {2}✗ api/)
})

test("what to type next names a machine, a port and a node that are there; an IPv6 address stands in brackets", () => {
  const { scenario } = chooseScenario("first-light")
  const web = { name: "a/b", addresses: ["2001:db8::1"], ports: [{ protocol: "TCP", port: 80 }] } as const
  const text = usageLines(scenario, [web], "real").join("\n")
  assert.match(text, /porchlight lab exec laptop -- curl -s http:\/\/\[2001:db8::1\]:80/)
  assert.match(text, /porchlight lab break attic-3 power/)
  assert.doesNotMatch(usageLines(scenario, [], "real").join("\n"), /curl|twin=/)
  // No command runs on a machine that is simulated.
  assert.doesNotMatch(usageLines(scenario, [web], "simulated").join("\n"), /lab exec/)
})

test("a scenario is named, or any folder that holds one; an unknown one lists those there are", () => {
  assert.equal(chooseScenario(join(scenariosFolder(), "media-stack")).name, "media-stack")
  assert.throws(
    () => chooseScenario("media-stak"),
    (error: unknown) =>
      error instanceof CommandFailure &&
      error.exitCode === 2 &&
      error.hints.some((hint) => hint.includes("lab up media-stack")) &&
      error.hints.some((hint) => hint.includes("first-light")),
  )
})

test("a machine without namespaces is told what was tried, why not, and every way", () => {
  const needs: Needs = {
    kind: "namespaces-refused",
    tried: "unshare --user",
    error: "Operation not permitted",
    because: "kernel.apparmor_restrict_unprivileged_userns = 1",
    ways: ["run it as root", "sudo sysctl -w x=0       until the next boot"],
    says: "",
  }
  const failure = refusal(needs, "media-stack")
  assert.equal(failure.exitCode, 4)
  assert.deepEqual(failure.hints, [
    "tried    unshare --user       Operation not permitted",
    "because  kernel.apparmor_restrict_unprivileged_userns = 1",
    "either   sudo porchlight lab up media-stack",
    "either   sudo sysctl -w x=0       until the next boot",
    "or       porchlight lab up media-stack --wire=simulated       the same programs on a simulated wire",
  ])
})
