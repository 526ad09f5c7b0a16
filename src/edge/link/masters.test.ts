import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { type Mac, parseMac, printMac, writeMac } from "../../net/mac.ts"
import type { ArpPacket } from "../../protocol/arp/packet.ts"
import { holdOf, InMemoryLan } from "../../speaker/announcer/in-memory-lan.ts"
import type { Listening } from "../../speaker/announcer/output.ts"
import { interfacesOf } from "./interface-table.ts"
import { parseMessages } from "./rtnetlink.ts"

/** Many kernels have neither bonding nor teaming, so here the kernel's messages are written by hand. */
const masters = ["bond", "team", "bridge"] as const
const held = parseAddress("192.168.40.200") as Ipv4
const ours = parseAddress("192.168.40.11")

for (const kind of masters)
  test(`members of a ${kind} get no responder, the ${kind} has the only one and answers with its address`, () => {
    const { lan, listening } = speaking(kind, "02:00:00:00:00:05")
    assert.deepEqual(listening(), [`${kind}0`])
    assert.deepEqual(lan.ask(held).map(printMac), ["02:00:00:00:00:05"])
  })

for (const kind of masters)
  test(`a ${kind} that takes the hardware address of another member announces with it, at once`, () => {
    const { lan, told, announcements } = speaking(kind, "02:00:00:00:00:05")
    lan.run(10_000)
    const before = announcements().length
    told(machineWith(kind, "02:00:00:00:00:06"))
    assert.deepEqual(announcements().slice(before).map(shownMac), ["02:00:00:00:00:06", "02:00:00:00:00:06"])
    assert.deepEqual(lan.ask(held).map(printMac), ["02:00:00:00:00:06"])
  })

for (const kind of masters)
  test(`a port that leaves its ${kind} and has the address itself speaks for itself`, () => {
    const { told, listening } = speaking(kind, "02:00:00:00:00:05")
    told([...link(2, "eth0", "02:00:00:00:00:02"), ...address(2)])
    assert.deepEqual(listening(), ["eth0"])
  })

test("a port of a VRF keeps its responder: a VRF speaks for nobody", () => {
  const { listening, told } = speaking("bond", "02:00:00:00:00:05")
  const port = link(2, "eth0", "02:00:00:00:00:02", { master: 9, memberKind: "vrf" })
  told([...link(9, "red", "02:00:00:00:00:09", { kind: "vrf", noArp: true }), ...port, ...address(2)])
  assert.deepEqual(listening(), ["eth0"])
})

/** Index 2 and 3 are members of 9, which has the address; one that was left on a member counts for nothing. */
function machineWith(kind: string, mac: string): Uint8Array[] {
  const member = { master: 9, memberKind: kind }
  return [
    ...link(2, "eth0", "02:00:00:00:00:02", member),
    ...link(3, "eth1", "02:00:00:00:00:03", member),
    ...link(9, `${kind}0`, mac, { kind }),
    ...address(9),
    ...address(2, [192, 168, 50, 11]),
  ]
}

type Speaking = {
  readonly lan: InMemoryLan
  /** What the kernel's next dump says. */
  readonly told: (dump: readonly Uint8Array[]) => void
  readonly listening: () => readonly string[]
  readonly announcements: () => readonly ArpPacket[]
}

/** A speaker alone in its cluster that holds an address on such a machine. */
function speaking(kind: string, mac: string): Speaking {
  const lan = new InMemoryLan()
  const station = lan.add()
  const told = (dump: readonly Uint8Array[]): void => {
    const interfaces = read(dump)
    const hasOurs = ({ addresses }: Interface): boolean => addresses.some(({ address }) => address === ours)
    station.device = interfaces.find(hasOurs)!
    lan.feed(station, { kind: "links", interfaces })
  }
  lan.start(station)
  told(machineWith(kind, mac))
  lan.run(3000)
  lan.tell([station], [holdOf("192.168.40.200", ["w1"])])
  lan.run(1000)
  const lastListening = (): readonly Listening[] =>
    station.outputs.flatMap((output) => (output.kind === "listen" ? [output.on] : [])).at(-1) ?? []
  return {
    lan,
    told,
    listening: () => lastListening().map((one) => one.link),
    announcements: () =>
      lan
        .spokenFor(held)
        .map(({ packet }) => packet)
        .filter(({ targetAddress }) => targetAddress === held),
  }
}

function read(dump: readonly Uint8Array[]): readonly Interface[] {
  const { messages } = parseMessages(Uint8Array.from(dump.flatMap((message) => [...message])))
  assert.equal(messages.length, dump.length, "every message is read")
  return interfacesOf(messages, () => false)
}

function shownMac({ senderMac }: ArpPacket): string {
  return printMac(senderMac)
}

type LinkMade = {
  readonly kind?: string
  readonly master?: number
  readonly memberKind?: string
  readonly noArp?: boolean
}

/** RTM_NEWLINK (16): struct ifinfomsg of an Ethernet link that runs, and attributes as the kernel nests them. */
function link(index: number, name: string, mac: string, { kind, master, memberKind, noArp }: LinkMade = {}) {
  const flags = 0x1 | 0x2 | 0x40 | 0x10000 | (noArp === true ? 0x80 : 0)
  const info = [...(kind ? attribute(1, text(kind)) : []), ...(memberKind ? attribute(4, text(memberKind)) : [])]
  const attributes = [
    ...attribute(3, text(name)),
    ...attribute(1, macBytes(parseMac(mac)!)),
    ...attribute(4, word(1500)),
    ...(master === undefined ? [] : attribute(10, word(master))),
    ...(info.length === 0 ? [] : attribute(18 | 0x8000, info)),
  ]
  return [message(16, [0, 0, 1, 0, ...word(index), ...word(flags), ...word(0), ...attributes])]
}

/** RTM_NEWADDR (20) with a prefix of 24 bits. */
function address(index: number, bytes: readonly number[] = [192, 168, 40, 11]) {
  return [message(20, [2, 24, 0x80, 0, ...word(index), ...attribute(2, bytes)])]
}

function message(type: number, body: readonly number[]): Uint8Array {
  return Uint8Array.of(...word(16 + body.length), type, 0, 2, 0, ...word(0), ...word(0), ...body)
}

function attribute(type: number, content: readonly number[]): number[] {
  const length = 4 + content.length
  return [length & 255, length >> 8, type & 255, type >> 8, ...content, ...[0, 0, 0].slice(3 - (-length & 3))]
}

function word(value: number): number[] {
  return [value & 255, (value >> 8) & 255, (value >> 16) & 255, value >>> 24]
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value), 0]
}

function macBytes(mac: Mac): number[] {
  const bytes = new Uint8Array(6)
  writeMac(bytes, 0, mac)
  return [...bytes]
}
