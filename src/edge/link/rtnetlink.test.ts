import assert from "node:assert/strict"
import { test } from "node:test"
import * as fc from "fast-check"
import { printAddress } from "../../net/address.ts"
import { printMac } from "../../net/mac.ts"
import { recordedDump } from "./recorded-dump.ts"
import { type KernelMessage, parseMessages } from "./rtnetlink.ts"

test("a port of a bridge says so, with its hardware address and MTU", () => {
  const link = linkIn(recordedDump.eth0InBridge)
  assert.equal(link.name, "eth0")
  assert.equal(link.kind, "veth")
  assert.equal(link.memberKind, "bridge")
  assert.equal(link.masterIndex, linkIn(recordedDump.br0).index)
  assert.equal(link.mtuBytes, 1500)
  assert.equal(link.hardware, 1)
  assert.equal(link.mac === undefined ? undefined : printMac(link.mac), "3a:1c:a1:53:e9:ea")
})

test("the bridge itself is nobody's port", () => {
  const link = linkIn(recordedDump.br0)
  assert.equal(link.kind, "bridge")
  assert.equal(link.masterIndex, undefined)
  assert.equal(link.memberKind, undefined)
})

test("addresses come with the length of their prefix", () => {
  assert.deepEqual(
    [recordedDump.address4, recordedDump.address6, recordedDump.linkLocal].map((recorded) => {
      const message = only(recorded)
      assert.ok(message.kind === "address")
      return `${message.address.index} ${printAddress(message.address.address)}/${message.address.length} ${message.address.state}`
    }),
    ["2 192.168.40.1/24 usable", "2 fd00:40::1/64 usable", "2 fe80::381c:a1ff:fe53:e9ea/64 usable"],
  )
})

test("an address that still looks for duplicates is tentative, one that found some is none of ours", () => {
  const state = (flags: number): string => {
    const bytes = bytesOf(recordedDump.address6)
    bytes[bytes.length - 4] = flags
    const message = parseMessages(bytes).messages[0]
    return message?.kind === "address" ? message.address.state : "unread"
  }
  assert.equal(state(0x80 | 0x40), "tentative")
  assert.equal(state(0x40 | 0x04), "usable")
  assert.equal(state(0x40 | 0x08), "duplicate")
})

test("a default route tells its gateway, each of its next hops if it has several; other routes tell nothing", () => {
  assert.deepEqual(gatewaysIn(recordedDump.default4), ["2 192.168.40.2 metric 50 table 254"])
  assert.deepEqual(gatewaysIn(recordedDump.default6), [
    "2 fd00:40::2 metric 1024 table 254",
    "2 fd00:40::3 metric 1024 table 254",
  ])
  assert.deepEqual(parseMessages(bytesOf(recordedDump.connected4)).messages, [])
})

test("several messages in one datagram are all read, and a dump that was disturbed says so", () => {
  const bytes = Buffer.concat([bytesOf(recordedDump.br0), bytesOf(recordedDump.address4), bytesOf(recordedDump.done)])
  const whole = parseMessages(bytes)
  assert.deepEqual(
    whole.messages.map(({ kind }) => kind),
    ["link", "address", "done"],
  )
  assert.equal(whole.interrupted, false)
  bytes[6] = bytes[6]! | 0x10
  assert.equal(parseMessages(bytes).interrupted, true)
})

test("a refusal carries minus errno", () => {
  const bytes = Buffer.from("24000000020000010000000000000000ffffffff".padEnd(72, "0"), "hex")
  assert.deepEqual(parseMessages(bytes).messages, [{ kind: "error", result: -1 }])
})

test("a message cut short anywhere is left out, and what came before it is kept", () => {
  const first = bytesOf(recordedDump.address4)
  for (const recorded of Object.values(recordedDump)) {
    const bytes = bytesOf(recorded)
    for (let length = 0; length < bytes.length; length += 3) {
      const { messages } = parseMessages(Buffer.concat([first, bytes.subarray(0, length)]))
      assert.deepEqual(
        messages.map(({ kind }) => kind),
        ["address"],
      )
    }
  }
})

test("whatever bytes are flipped in what the kernel said, reading it ends and never throws", () => {
  const recorded = Object.values(recordedDump).map(bytesOf)
  const flips = fc.array(fc.tuple(fc.nat(2000), fc.nat(255)), { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fc.constantFrom(...recorded), flips, (message, changes) => {
      const bytes = Uint8Array.from(message)
      for (const [at, value] of changes) bytes[at % bytes.length] = value
      assert.ok(parseMessages(bytes).messages.length <= bytes.length / 16)
    }),
    { numRuns: 20_000 },
  )
})

function only(recorded: string): KernelMessage {
  const { messages } = parseMessages(bytesOf(recorded))
  assert.equal(messages.length, 1)
  return messages[0]!
}

function linkIn(recorded: string): Extract<KernelMessage, { kind: "link" }>["link"] {
  const message = only(recorded)
  assert.ok(message.kind === "link" && !message.gone)
  return message.link
}

function gatewaysIn(recorded: string): string[] {
  const message = only(recorded)
  assert.ok(message.kind === "gateways")
  return message.gateways.map(
    ({ index, gateway, priority, table }) => `${index} ${printAddress(gateway)} metric ${priority} table ${table}`,
  )
}

function bytesOf(recorded: string): Buffer {
  return Buffer.from(recorded, "base64")
}
