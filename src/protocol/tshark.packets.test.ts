import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { parseIpv4, parseIpv6 } from "../net/address.ts"
import { broadcastMac, parseMac } from "../net/mac.ts"
import { arpReply, arpRequest, gratuitousArp } from "./arp/frames.ts"
import { parseArp } from "./arp/packet.ts"
import { neighborSolicitation, solicitedAdvertisement, unsolicitedAdvertisement } from "./ndp/frames.ts"
import { parseNdp } from "./ndp/parse-message.ts"
import { sharedKey } from "./shared-key.ts"
import { sealToken } from "./token.ts"

const skip = spawnSync("tshark", ["--version"]).status === 0 ? false : "tshark is not installed"

test("tshark reads our ARP frames as we mean them", { skip }, () => {
  const question = arpRequest({
    mac: router,
    sender: router4,
    target: address4,
    destination: broadcastMac,
    sealedToken: token4,
  })
  const asked = parseArp(question)
  assert.ok(asked.kind === "arp")
  const { request, reply } = gratuitousArp(ours, address4, token4)
  const directed = arpRequest({
    mac: ours,
    sender: address4,
    target: router4,
    destination: router,
    sealedToken: token4,
  })
  const fields = [
    "eth.dst",
    "arp.opcode",
    "arp.src.hw_mac",
    "arp.src.proto_ipv4",
    "arp.dst.hw_mac",
    "arp.dst.proto_ipv4",
    "arp.isgratuitous",
  ]
  assert.deepEqual(
    readByTshark([question, arpReply(asked, ours, address4, token4), request, reply, directed], fields),
    [
      ["ff:ff:ff:ff:ff:ff", "1", "02:42:ac:11:00:01", "192.168.1.1", "00:00:00:00:00:00", "192.168.1.240", ""],
      ["02:42:ac:11:00:01", "2", "02:42:ac:11:00:02", "192.168.1.240", "02:42:ac:11:00:01", "192.168.1.1", ""],
      ["ff:ff:ff:ff:ff:ff", "1", "02:42:ac:11:00:02", "192.168.1.240", "00:00:00:00:00:00", "192.168.1.240", "1"],
      ["ff:ff:ff:ff:ff:ff", "2", "02:42:ac:11:00:02", "192.168.1.240", "02:42:ac:11:00:02", "192.168.1.240", "1"],
      ["02:42:ac:11:00:01", "1", "02:42:ac:11:00:02", "192.168.1.240", "00:00:00:00:00:00", "192.168.1.1", ""],
    ],
  )
})

test("tshark finds our neighbour discovery whole: checksum, hop limit, flags, options", { skip }, () => {
  const solicitation = neighborSolicitation({
    mac: ours,
    sender: node6,
    target: address6,
    station: undefined,
    sealedToken: token6,
  })
  const asked = parseNdp(solicitation)
  assert.ok(asked.kind === "solicitation")
  const towardsRouter = neighborSolicitation({
    mac: ours,
    sender: address6,
    target: router6,
    station: router,
    sealedToken: undefined,
  })
  const frames = [
    solicitation,
    solicitedAdvertisement(asked, router, address6, token6),
    unsolicitedAdvertisement(ours, address6, undefined),
    towardsRouter,
  ]
  const carried = [
    "eth.dst",
    "ipv6.src",
    "ipv6.dst",
    "ipv6.hlim",
    "icmpv6.type",
    "icmpv6.checksum.status",
    "icmpv6.opt.type",
  ]
  assert.deepEqual(readByTshark(frames, carried), [
    ["33:33:ff:00:02:40", "fe80::2", "ff02::1:ff00:240", "255", "135", "1", "1,14,253"],
    ["02:42:ac:11:00:02", "2001:db8::240", "fe80::2", "255", "136", "1", "2,14,253"],
    ["33:33:00:00:00:01", "2001:db8::240", "ff02::1", "255", "136", "1", "2"],
    ["02:42:ac:11:00:01", "2001:db8::240", "2001:db8::1", "255", "135", "1", "1"],
  ])
  const said = [
    "icmpv6.nd.ns.target_address",
    "icmpv6.nd.na.target_address",
    "icmpv6.nd.na.flag.s",
    "icmpv6.nd.na.flag.o",
    "icmpv6.opt.linkaddr",
  ]
  assert.deepEqual(readByTshark(frames, said), [
    ["2001:db8::240", "", "", "", "02:42:ac:11:00:02"],
    ["", "2001:db8::240", "1", "1", "02:42:ac:11:00:01"],
    ["", "2001:db8::240", "0", "1", "02:42:ac:11:00:02"],
    ["2001:db8::1", "", "", "", "02:42:ac:11:00:02"],
  ])
})

const ours = parseMac("02:42:ac:11:00:02")!
const router = parseMac("02:42:ac:11:00:01")!
const router4 = parseIpv4("192.168.1.1")!
const address4 = parseIpv4("192.168.1.240")!
const node6 = parseIpv6("fe80::2")!
const router6 = parseIpv6("2001:db8::1")!
const address6 = parseIpv6("2001:db8::240")!
const key = sharedKey(Uint8Array.of(1, 2, 3))
const token4 = sealToken(key, ours, address4, { kind: "announcement", grant: 1, epoch: 2 })
const token6 = sealToken(key, ours, address6, { kind: "question", nonce: 77 })

/** One row a frame. Fails where tshark finds a frame malformed, or warns of one. */
function readByTshark(frames: readonly Uint8Array[], fields: readonly string[]): string[][] {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-frames-"))
  try {
    const file = join(folder, "frames.pcap")
    writeFileSync(file, captureOf(frames))
    const faults = tshark(["-r", file, "-Y", "_ws.malformed || _ws.expert.severity >= 0x600000"])
    assert.equal(faults, "", faults)
    const rows = tshark(["-r", file, "-T", "fields", ...fields.flatMap((field) => ["-e", field])])
    return rows
      .replace(/\n$/, "")
      .split("\n")
      .map((row) => row.split("\t").map(flagAsDigit))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Versions differ in how they print a flag. */
function flagAsDigit(value: string): string {
  return value === "True" ? "1" : value === "False" ? "0" : value
}

function tshark(options: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync("tshark", options, { encoding: "utf8", timeout: 30_000 })
  assert.equal(status, 0, stderr)
  return stdout
}

/** The pcap format of libpcap, link type Ethernet. */
function captureOf(frames: readonly Uint8Array[]): Uint8Array {
  const header = new Uint32Array([0xa1b2c3d4, 0x00040002, 0, 0, 65535, 1])
  const packets = frames.flatMap((frame) => [new Uint32Array([0, 0, frame.length, frame.length]), frame])
  return Buffer.concat(
    [header, ...packets].map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength)),
  )
}
