import assert from "node:assert/strict"
import { readdirSync } from "node:fs"
import { setTimeout as sleep } from "node:timers/promises"
import { addressBytes, type Ipv4, type Ipv6, parseAddress } from "../../net/address.ts"
import { type Mac, parseMac } from "../../net/mac.ts"
import { type AddressRange, parseRange } from "../../net/range.ts"
import { parseArp } from "../../protocol/arp/packet.ts"
import { respondToArp } from "../../protocol/arp/responder.ts"
import { parseNdp } from "../../protocol/ndp/parse-message.ts"
import { respondToNdp } from "../../protocol/ndp/responder.ts"
import { solicitedNodeGroup } from "../../protocol/ndp/solicited-node.ts"
import { inNamespace } from "../netns.ts"
import { openGroups } from "./groups.ts"
import { openPolls } from "./libc.ts"
import { openPacketSocket, type PacketProtocol, type PacketSocket } from "./packet-socket.ts"
import { layWire, type Machine, type Wire } from "./wire.ts"
import { packetTest } from "../../lab/packet-test.ts"

const pool = [range("192.168.40.200-192.168.40.210"), range("fd00:40::200-fd00:40::20f")]
const broadcast = "ff:ff:ff:ff:ff:ff"

packetTest(
  import.meta.url,
  "the kernel lets in what concerns the pool or is sent to us, and nothing else",
  async () => {
    await onWire(async ({ left, right }) => {
      const heard: string[] = []
      const ours = open(left, "arp", (frame) => heard.push(label(frame)))
      const theirs = open(right, "arp", () => {})
      const say = (frame: Uint8Array): void => assert.equal(theirs.send(frame), undefined)
      const from = right.mac
      say(arp("in-the-pool", { from, target: "192.168.40.205" }))
      say(arp("outside", { from, target: "192.168.40.99" }))
      say(arp("other-host", { from, to: "02:00:00:00:00:99", target: "192.168.40.205" }))
      say(tagged(42, arp("vlan-42", { from, target: "192.168.40.205" })))
      say(arp("reverse-arp", { from, target: "192.168.40.205", opcode: 3 }))
      say(arp("announcement", { from, sender: "192.168.40.205", target: "192.168.40.205", opcode: 2 }))
      say(arp("answer-to-us", { from, to: left.mac, sender: "192.168.40.1", target: "192.168.40.1", opcode: 2 }))
      ours.send(arp("our-own", { from: left.mac, target: "192.168.40.205" }))
      say(arp("last", { from, target: "192.168.40.210" }))
      await until(() => heard.includes("last"))
      assert.deepEqual(heard, ["in-the-pool", "announcement", "answer-to-us", "last"])
      ours.close()
      theirs.close()
    })
  },
)

packetTest(import.meta.url, "a new set of ranges takes effect at once, without a deaf moment", async () => {
  await onWire(async ({ left, right }) => {
    const heard: string[] = []
    const ours = open(left, "arp", (frame) => heard.push(label(frame)))
    const theirs = open(right, "arp", () => {})
    assert.deepEqual(ours.setRanges([range("192.168.40.99-192.168.40.99")]), { widened: false })
    theirs.send(arp("old", { from: right.mac, target: "192.168.40.205" }))
    theirs.send(arp("new", { from: right.mac, target: "192.168.40.99" }))
    await until(() => heard.length > 0)
    assert.deepEqual(heard, ["new"])
    ours.close()
    theirs.close()
  })
})

packetTest(
  import.meta.url,
  "arping is answered by our responder with one MAC",
  async () => {
    await onWire(async ({ left, right }) => {
      const link = { mac: mac(left), address: undefined }
      const held = parseAddress("192.168.40.205")
      const socket = open(left, "arp", (frame) => {
        const packet = parseArp(frame)
        if (packet.kind === "malformed") return
        const outcome = respondToArp(packet, link, (address) => (address === held ? 7 : undefined))
        if (outcome.kind === "reply") assert.equal(socket.send(outcome.frame), undefined)
      })
      const answers = (await right.start("arping", "-c", "1", "-w", "2", "-I", "eth0", "192.168.40.205")).toLowerCase()
      assert.ok(answers.includes(left.mac), answers)
      const silence = await right.start("arping", "-c", "1", "-w", "1", "-I", "eth0", "192.168.40.206")
      assert.ok(!silence.toLowerCase().includes(left.mac), silence)
      socket.close()
    })
  },
  ["arping"],
)

packetTest(
  import.meta.url,
  "ndisc6 is answered by our responder once the group is joined",
  async () => {
    await onWire(async ({ left, right }) => {
      const link = { mac: mac(left), address: undefined }
      const held = parseAddress("fd00:40::205") as Ipv6
      const groups = inNamespace(left.namespace, () => {
        const membership = openGroups({ index: left.index, name: "eth0" })
        assert.equal(membership.set(new Set([solicitedNodeGroup(held)])), undefined)
        return membership
      })
      assert.ok("renew" in groups)
      assert.match(left.run("ip", "-6", "maddr", "show", "dev", "eth0"), /ff02::1:ff00:205/)
      const socket = open(left, "ndp", (frame) => {
        const message = parseNdp(frame)
        if (message.kind === "malformed") return
        const outcome = respondToNdp(message, link, (address) => (address === held ? 7 : undefined))
        if (outcome.kind === "reply") assert.equal(socket.send(outcome.frame), undefined)
      })
      const answer = (await right.start("ndisc6", "-1", "-w", "2000", "fd00:40::205", "eth0")).toLowerCase()
      assert.ok(answer.includes(left.mac), answer)
      groups.close()
      socket.close()
    })
  },
  ["ndisc6"],
)

packetTest(import.meta.url, "a link that goes down and up again is heard again, and its silence is told", async () => {
  await onWire(async ({ left, right }) => {
    const heard: string[] = []
    const errors: string[] = []
    const ours = open(
      left,
      "arp",
      (frame) => heard.push(label(frame)),
      (code) => errors.push(code),
    )
    const theirs = open(right, "arp", () => {})
    left.ip("link", "set", "eth0", "down")
    await until(() => errors.length > 0)
    assert.deepEqual(errors, ["ENETDOWN"])
    assert.equal(ours.send(arp("x", { from: left.mac, target: "192.168.40.205" })), "ENETDOWN")
    left.ip("link", "set", "eth0", "up")
    for (let tries = 0; tries < 50 && heard.length === 0; tries++) {
      theirs.send(arp("back", { from: right.mac, target: "192.168.40.205" }))
      await sleep(20)
    }
    assert.equal(heard[0], "back")
    ours.close()
    theirs.close()
  })
})

packetTest(import.meta.url, "a refused socket says which capability is missing or that the link is gone", () => {
  const gone = openPacketSocket({
    link: { index: 99_999, name: "eth7" },
    protocol: "arp",
    ranges: [],
    onFrame: () => {},
  })
  assert.ok("kind" in gone)
  assert.equal(gone.code, "ENODEV")
  assert.match(gone.message, /eth7 \(ENODEV\): the link is gone/)
})

packetTest(
  import.meta.url,
  "thousands of IPv6 groups fit, on as many sockets as it takes, however often they are joined anew",

  async () => {
    await onWire(async ({ left }) => {
      const outcome = inNamespace(left.namespace, () => {
        const membership = openGroups({ index: left.index, name: "eth0" })
        const groups = new Set(Array.from({ length: 3000 }, (_, i) => (solicited + BigInt(i)) as Ipv6))
        const descriptors = (): number => readdirSync("/proc/self/fd").length
        const outcomes = [membership.set(groups)]
        const before = descriptors()
        for (let times = 0; times < 4; times++) outcomes.push(membership.renew())
        assert.equal(descriptors(), before)
        const trouble = outcomes.find((outcome) => outcome !== undefined)
        const joined = left.run("ip", "-6", "maddr", "show", "dev", "eth0").split("ff02::1:ff").length
        membership.set(new Set())
        const afterwards = left.run("ip", "-6", "maddr", "show", "dev", "eth0").split("ff02::1:ff").length
        membership.close()
        return { trouble, joined, afterwards }
      })
      assert.ok("joined" in outcome)
      assert.equal(outcome.trouble, undefined)
      assert.ok(outcome.joined > 3000, `${outcome.joined}`)
      assert.ok(outcome.afterwards < 10, `${outcome.afterwards}`)
    })
  },
)

const solicited = 0xff02_0000_0000_0000_0000_0001_ff00_1000n

async function onWire(story: (wire: Wire) => Promise<void>): Promise<void> {
  const wire = layWire()
  try {
    await story(wire)
    assert.equal(openPolls(), 0, "a socket was left open")
  } finally {
    wire.close()
  }
}

function open(
  machine: Machine,
  protocol: PacketProtocol,
  onFrame: (frame: Uint8Array) => void,
  onError?: (code: string) => void,
): PacketSocket {
  const link = { index: machine.index, name: "eth0" }
  const options = { link, protocol, ranges: pool, onFrame, ...(onError && { onError }) }
  const socket = inNamespace(machine.namespace, () => openPacketSocket(options))
  if ("kind" in socket) throw new Error(socket.message)
  return socket
}

/** ARP with a name in its padding. */
function arp(
  name: string,
  what: { from: string; to?: string; sender?: string; target: string; opcode?: number },
): Uint8Array {
  const frame = new Uint8Array(60)
  frame.set(macBytes(what.to ?? broadcast), 0)
  frame.set(macBytes(what.from), 6)
  frame.set([0x08, 0x06, 0, 1, 0x08, 0, 6, 4, 0, what.opcode ?? 1], 12)
  frame.set(macBytes(what.from), 22)
  frame.set(addressBytes(ipv4(what.sender ?? "192.168.40.2")), 28)
  frame.set(addressBytes(ipv4(what.target)), 38)
  frame.set(new TextEncoder().encode(name), 42)
  return frame
}

function label(frame: Uint8Array): string {
  return new TextDecoder().decode(frame.subarray(42)).replace(/\0.*$/s, "")
}

function tagged(vlan: number, frame: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, vlan >> 8, vlan & 255, ...frame.subarray(12))
}

function macBytes(text: string): number[] {
  return text.split(":").map((part) => Number.parseInt(part, 16))
}

function mac(machine: Machine): Mac {
  const value = parseMac(machine.mac)
  assert.ok(value !== undefined)
  return value
}

function ipv4(text: string): Ipv4 {
  return parseAddress(text) as Ipv4
}

function range(text: string): AddressRange {
  const value = parseRange(text)
  assert.ok(value !== undefined)
  return value
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !holds(); tries++) await sleep(10)
  assert.ok(holds(), "did not happen within three seconds")
}
