import assert from "node:assert/strict"
import { test } from "node:test"
import { type Fault, parseFault, placeFault, printFault } from "./fault.ts"
import { portLines, printSwitchRules } from "./switch-rules.ts"

test("every fault reads back as it is printed", () => {
  for (const text of [
    "power",
    "cable",
    "carrier",
    "speaker",
    "freeze",
    "api",
    "beats",
    "arp",
    "loss=20%",
    "oneway=w2",
    "twin=10.69.1.156",
    "twin=fd00::1",
  ]) {
    const fault = parseFault(text)
    assert.ok(typeof fault !== "string", text)
    assert.equal(printFault(fault), text)
  }
})

test("one way may name its sender itself, and no other is broken by that", () => {
  assert.deepEqual(placeFault(undefined, "oneway=w1>w2"), { machine: "w1", text: "oneway=w2" })
  assert.deepEqual(placeFault("w1", "oneway=w1>w2"), { machine: "w1", text: "oneway=w2" })
  assert.deepEqual(placeFault("w3", "oneway=w2"), { machine: "w3", text: "oneway=w2" })
  const contradicted = placeFault("w3", "oneway=w1>w2")
  assert.ok(typeof contradicted === "string")
  assert.match(contradicted, /breaks what w1 sends, not w3: leave w3 away, or say w3 oneway=w2$/)
  assert.match(complaint("oneway=w1>w2>w3"), /names no two machines/)
})

test("what is no fault is answered with all there are", () => {
  assert.match(complaint("fire"), /fire is no fault; there are: power, cable/)
})

test("a fault that needs a value says which", () => {
  assert.match(complaint("loss"), /loss=20%/)
  assert.match(complaint("loss=0%"), /1% to 100%/)
  assert.match(complaint("loss=101"), /1% to 100%/)
  assert.match(complaint("twin=10.69.1.300"), /needs an address/)
  assert.match(complaint("oneway="), /needs the machine/)
  assert.match(complaint("power=off"), /takes no value/)
})

test("loss is drawn for each frame of the port, each way", () => {
  const rules = printSwitchRules([{ machine: "w3", fault: { kind: "loss", percent: 20 } }])
  assert.match(rules, /iifname "w3" numgen random mod 100 < 20 drop/)
  assert.match(rules, /oifname "w3" numgen random mod 100 < 20 drop/)
})

test("one way drops only what the first sends to the second", () => {
  const rules = printSwitchRules([{ machine: "w1", fault: { kind: "oneway", to: "w2" } }])
  assert.match(rules, /iifname "w1" oifname "w2" drop/)
  assert.equal(rules.match(/ drop/g)?.length, 1)
})

test("faults of several machines stand beside each other, and mending the last leaves no rule", () => {
  const rules = printSwitchRules([
    { machine: "w1", fault: { kind: "arp" } },
    { machine: "w2", fault: { kind: "beats" } },
  ])
  assert.equal(rules.match(/ drop/g)?.length, 6)
  assert.doesNotMatch(printSwitchRules([]), / drop/)
})

test("a port comes back to the switch only when no fault holds it", () => {
  const power: Fault = { kind: "power" }
  const cable: Fault = { kind: "cable" }
  assert.deepEqual(portLines("w3", [power, cable]), ["link set w3 up", "link set w3 nomaster"])
  assert.deepEqual(portLines("w3", [cable]), ["link set w3 up", "link set w3 nomaster"])
  assert.deepEqual(portLines("w3", []), ["link set w3 up", "link set w3 master bridge"])
  assert.deepEqual(portLines("w3", [{ kind: "carrier" }]), ["link set w3 down", "link set w3 master bridge"])
})

const complaint = (text: string): string => {
  const fault = parseFault(text)
  return typeof fault === "string" ? fault : ""
}
