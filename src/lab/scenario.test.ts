import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { textAt } from "../kubernetes/json.ts"
import { readLayout } from "./lab-file.ts"
import { isUnreadable, readScenario, scenarioNames, sharesOf } from "./scenario.ts"

const root = join(import.meta.dirname, "../../scenarios")

test("every scenario folder reads without a fault", () => {
  for (const name of scenarioNames(root)) {
    const scenario = readScenario(join(root, name))
    assert.deepEqual(isUnreadable(scenario) ? scenario.says : [], [], name)
  }
})

test("media-stack has six nodes with their pods' networks and twelve Services in the order of their creation", () => {
  const scenario = readScenario(join(root, "media-stack"))
  assert.ok(!isUnreadable(scenario))
  assert.deepEqual([...sharesOf(scenario.objects)].map(([name, share]) => [name, share.podCidrs[0]]).slice(3), [
    ["w1", "10.244.3.0/24"],
    ["w2", "10.244.4.0/24"],
    ["w3", "10.244.5.0/24"],
  ])
  const created = scenario.objects
    .filter((object) => textAt(object, "kind") === "Service")
    .map((service) => textAt(service, "metadata", "creationTimestamp") ?? "")
  assert.equal(new Set(created).size, 12)
  assert.deepEqual(created.toSorted(), created)
})

test("a folder that is no scenario says which files a scenario has", () => {
  const scenario = readScenario("/nowhere")
  assert.ok(isUnreadable(scenario))
  assert.match(scenario.says[0] ?? "", /\/nowhere\/cluster.yaml is missing/)
})

test("each fault of lab.yaml is named by field and value, and the rest is read", () => {
  const faults: string[] = []
  const layout = readLayout(
    {
      networks: ["lan"],
      colour: "blue",
      client: "tv",
      machines: [
        { name: "w1", role: "node", links: [{ network: "lan", mac: "52:54:00:00:01:04", addresses: ["10.69.1.104"] }] },
        { name: "w2", role: "printer", links: [{ network: "attic", mac: "no", addresses: ["10.69.1.105/24"] }] },
      ],
    },
    "lab.yaml",
    faults,
  )
  const text = faults.join("\n")
  for (const expected of [
    /unknown field colour/,
    /client: tv is no machine/,
    /links\[0\].addresses: "10.69.1.104" is not/,
    /role: "printer" is none of/,
    /"attic" is none of networks/,
    /mac: "no"/,
  ])
    assert.match(text, expected)
  assert.deepEqual(
    layout.machines.map(({ name }) => name),
    ["w1"],
  )
})
