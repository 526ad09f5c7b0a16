import assert from "node:assert/strict"
import { test } from "node:test"
import { textAt } from "../../kubernetes/json.ts"
import { parseAddress } from "../../net/address.ts"
import { tellFinding } from "../watcher/finding-text.ts"
import { holdOf, InMemoryLan } from "./in-memory-lan.ts"

const address = "192.168.40.200"

test("a link that is dead in one direction moves nothing, and the deaf end names whom it does not hear", () => {
  const lan = threeNodes()
  lan.loses = (from, to) => from === "w1" && to === "w2"
  lan.run(4000)
  assert.deepEqual(lan.holders(parseAddress(address)!), ["w1"])
  assert.deepEqual(findings(lan), [[], ["heard-by-others w1"], []])
  lan.loses = () => false
  lan.run(500)
  assert.deepEqual(findings(lan), [[], [], []])
})

test("a node that is dead for all is heard by nobody, so nothing of the kind is said", () => {
  const lan = threeNodes()
  lan.stations[0]!.on = false
  lan.run(4000)
  assert.deepEqual(findings(lan).slice(1), [[], []])
})

const threeNodes = (): InMemoryLan => {
  const lan = new InMemoryLan()
  lan.startAll(3)
  lan.tell(lan.stations, [holdOf(address, ["w1", "w2", "w3"])])
  lan.run(2000)
  return lan
}

/** Of each station: code and node. */
const findings = (lan: InMemoryLan): readonly (readonly string[])[] =>
  lan.stations.map(({ announcer }) =>
    announcer
      .report(lan.at())
      .findings.map(tellFinding)
      .map(({ code, facts }) => `${code} ${textAt(facts, "node") ?? ""}`.trim()),
  )
