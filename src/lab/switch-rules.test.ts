import assert from "node:assert/strict"
import { test } from "node:test"
import { type Fault, isSameFault, parseFault, placeFault, printFault } from "./fault.ts"
import { portLines, portState, portStateCommand, printSwitchRules } from "./switch-rules.ts"

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
    "shutdown",
    "blocked=30s",
    "flap=5s",
    "freeze=10s",
    "cable=60s",
    "cable=eth1",
    "carrier=eth1",
    "proxy",
    "ipv6",
    "mtu=1280",
    "api=mute",
    "api=410",
    "api=429",
    "api=503",
    "api=cut",
    "api=slow",
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
  assert.match(contradicted, /breaks what w1 sends, not w3: leave w3 out, or say w3 oneway=w2$/)
  assert.match(complaint("oneway=w1>w2>w3"), /names no two machines/)
})

test("for how long makes no other fault of it", () => {
  const [freeze, ten] = [parseFault("freeze"), parseFault("freeze=10s")]
  assert.ok(typeof freeze !== "string" && typeof ten !== "string")
  assert.ok(isSameFault(freeze, ten))
  const [all, second] = [parseFault("cable"), parseFault("cable=eth1")]
  assert.ok(typeof all !== "string" && typeof second !== "string")
  assert.ok(!isSameFault(all, second))
})

test("what is no fault is answered with all there are", () => {
  assert.match(complaint("fire"), /fire is no fault; there are: power, shutdown, cable/)
})

test("a fault that needs a value says which", () => {
  assert.match(complaint("loss"), /loss=20%/)
  assert.match(complaint("loss=0%"), /1% to 100%/)
  assert.match(complaint("loss=101"), /1% to 100%/)
  assert.match(complaint("twin=10.69.1.300"), /needs an address/)
  assert.match(complaint("oneway="), /needs the machine/)
  assert.match(complaint("power=off"), /takes no value but a time: say just power, or power=10s$/)
  assert.match(complaint("freeze=0s"), /no time from 1s to 86400s/)
  assert.match(complaint("api=418"), /api=mute\|410\|429/)
  for (const mtu of ["mtu", "mtu=575", "mtu=1500", "mtu=big"]) assert.match(complaint(mtu), /from 576 to 1499/)
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

test("a blocked port listens, unless it is out or down; a bridge without spanning tree keeps that state", () => {
  const blocked: Fault = { kind: "blocked" }
  assert.equal(portState([blocked]), "listening")
  assert.equal(portState([]), "forwarding")
  for (const kind of ["power", "shutdown", "cable", "carrier"] as const)
    assert.equal(portState([blocked, { kind }]), undefined)
  assert.equal(portStateCommand("w3", "listening").join(" "), "ip link set w3 type bridge_slave state 1")
})

const complaint = (text: string): string => {
  const fault = parseFault(text)
  return typeof fault === "string" ? fault : ""
}
