import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { type Ipv4, parseAddress } from "../../net/address.ts"
import { broadcastMac, parseMac, printMac } from "../../net/mac.ts"
import { parseRange } from "../../net/range.ts"
import { packetTest } from "../../lab/packet-test.ts"
import { arpRequest } from "../../protocol/arp/frames.ts"
import { type ArpPacket, parseArp } from "../../protocol/arp/packet.ts"
import { createAnnouncer, defaultSecrets, holdOf } from "../../speaker/announcer/in-memory-lan.ts"
import type { AnnouncerInput } from "../../speaker/announcer/input.ts"
import type { Listening } from "../../speaker/announcer/output.ts"
import { openClock } from "../clock.ts"
import { inNamespace } from "../netns.ts"
import { openKernelAlarm } from "./kernel-alarm.ts"
import * as libc from "./libc.ts"
import { watchInterfaces } from "./netlink.ts"
import { openPacketLinks } from "./packet-links.ts"
import { openPacketSocket, type PacketSocket } from "./packet-socket.ts"
import { layWire, type Machine, moveInto } from "./wire.ts"

const held = parseAddress("192.168.40.205") as Ipv4
const ranges = [parseRange("192.168.40.200-192.168.40.210")!]
/** The switch asks for itself: it would not hand up what is for somebody else. */
const clientMac = parseMac("02:00:00:00:00:99")!
const client = parseAddress("192.168.40.9") as Ipv4

packetTest(import.meta.url, "a new hardware address is announced, and answered with from then on", async () => {
  await onLan(async ({ machine, announced, answers }) => {
    await announced("02:00:00:00:00:07", () => machine.ip("link", "set", "eth0", "address", "02:00:00:00:00:07"))
    assert.deepEqual(await answers(), ["02:00:00:00:00:07"])
  })
})

packetTest(import.meta.url, "a renamed link is spoken on under its new name", async () => {
  await onLan(async ({ machine, announced, answers, listening }) => {
    machine.ip("link", "set", "eth0", "down")
    await until(() => listening().length === 0, "silence on a link that is down")
    machine.ip("link", "set", "eth0", "name", "lan0")
    await announced(machine.mac, () => machine.ip("link", "set", "lan0", "up"))
    assert.deepEqual(listening(), ["lan0"])
    assert.deepEqual(await answers(), [machine.mac])
  })
})

packetTest(import.meta.url, "a link that is removed and made anew is announced on with its new address", async () => {
  await onLan(async ({ machine, peer, announced, answers, listening }) => {
    machine.ip("link", "del", "eth0")
    await until(() => listening().length === 0, "silence on a link that is gone")
    await announced("02:00:00:00:00:08", () => plugIn(machine, peer, "02:00:00:00:00:08"))
    assert.deepEqual(await answers(), ["02:00:00:00:00:08"])
  })
})

packetTest(
  import.meta.url,
  "a link that goes and is back before anybody looked, index and address as before, is heard again",
  async () => {
    await onLan(async ({ machine, peer, answers }) => {
      machine.ip("link", "del", "eth0")
      plugIn(machine, peer, machine.mac, machine.index)
      const isUp = (): boolean => machine.ip("link", "show", "eth0").includes("state UP")
      for (let tries = 0; tries < 500 && !isUp(); tries++);
      let answered: readonly string[] = []
      for (let tries = 0; tries < 30 && answered.length === 0; tries++) answered = await answers()
      assert.deepEqual(answered, [machine.mac])
    })
  },
)

packetTest(
  import.meta.url,
  "a port of a bridge is silent and the bridge answers, also when a port gives it another hardware address",
  async () => {
    await onLan(async ({ machine, announced, answers, listening }) => {
      machine.ip("link", "add", "br0", "type", "bridge")
      machine.ip("link", "set", "eth0", "master", "br0")
      machine.ip("link", "set", "br0", "up")
      await announced(machine.mac, () => machine.ip("addr", "add", "192.168.40.1/24", "dev", "br0"))
      assert.deepEqual(listening(), ["br0"])
      assert.deepEqual(await answers(), [machine.mac])
      machine.ip("link", "add", "tap0", "address", "02:00:00:00:00:01", "type", "veth", "peer", "name", "pod0")
      await announced("02:00:00:00:00:01", () => machine.ip("link", "set", "tap0", "master", "br0"))
      assert.deepEqual(listening(), ["br0"])
      assert.deepEqual(await answers(), ["02:00:00:00:00:01"])
    })
  },
)

packetTest(
  import.meta.url,
  "a request of another VLAN gets no answer; a priority tag is no VLAN (IEEE 802.1Q: VLAN identifier 0)",
  async () => {
    await onLan(async ({ machine, answers }) => {
      for (const vlan of [1, 42, 4094, 0x6000 + 42]) assert.deepEqual(await answers(vlan), [], `tag ${vlan}`)
      assert.deepEqual(await answers(0), [machine.mac])
      assert.deepEqual(await answers(0xe000), [machine.mac])
      assert.deepEqual(await answers(), [machine.mac])
    })
  },
)

type Lan = {
  /** Where the speaker runs. */
  readonly machine: Machine
  /** The switch it is plugged into. */
  readonly peer: Machine
  /** Acts, and waits for an announcement that shows this hardware address. */
  readonly announced: (mac: string, act: () => void) => Promise<void>
  /** Asks everybody, with a tag if one is told, and says which hardware addresses answered within a moment. */
  readonly answers: (tag?: number) => Promise<readonly string[]>
  /** Names of the links on which the speaker listens. */
  readonly listening: () => readonly string[]
}

/** A speaker, alone in its cluster, that holds one address; it runs until the story ends. */
async function onLan(story: (lan: Lan) => Promise<void>): Promise<void> {
  const { left: machine, right: peer, close } = layWire()
  const heard: ArpPacket[] = []
  peer.ip("link", "add", "switch", "address", printMac(clientMac), "type", "bridge")
  peer.ip("link", "set", "switch", "up")
  peer.ip("link", "set", "eth0", "master", "switch")
  const socket = openOnSwitch(peer, (frame) => {
    const packet = parseArp(frame)
    if (packet.kind === "arp" && packet.senderAddress === held) heard.push(packet)
  })
  moveInto(machine)
  const announced = async (mac: string, act: () => void): Promise<void> => {
    const shows = ({ destination, senderMac }: ArpPacket): boolean =>
      destination === broadcastMac && printMac(senderMac) === mac
    heard.length = 0
    act()
    await until(() => heard.some(shows), `an announcement of ${mac}`)
  }
  const answers = async (tag?: number): Promise<readonly string[]> => {
    heard.length = 0
    const question = arpRequest({
      mac: clientMac,
      sender: client,
      target: held,
      destination: broadcastMac,
      sealedToken: undefined,
    })
    assert.equal(socket.send(tag === undefined ? question : tagged(tag, question)), undefined)
    for (let looks = 0; looks < 5; looks++) await sleep(15)
    return heard.filter(({ destination }) => destination === clientMac).map(({ senderMac }) => printMac(senderMac))
  }
  try {
    let speaker: ReturnType<typeof startSpeaker> | undefined
    await announced(machine.mac, () => (speaker = startSpeaker()))
    const { listening, stop } = speaker!
    await story({ machine, peer, announced, answers, listening })
    stop()
    socket.close()
    assert.equal(libc.openPolls(), 0, "a socket was left open")
  } finally {
    close()
  }
}

/** The edge joined to an announcer as `main` does it, without beats. */
function startSpeaker() {
  const clock = openClock(libc.bootTimeMs)
  const announcer = createAnnouncer("w1", 1, defaultSecrets)
  let on: readonly Listening[] = []
  const links = openPacketLinks({
    onFrame: (linkIndex, bytes) => tell({ kind: "frame", linkIndex, bytes }),
    onError: (linkIndex, code) => tell({ kind: "failed", linkIndex, code }),
    onTrouble: () => {},
  })
  const tell = (input: AnnouncerInput): void => {
    for (const output of announcer.step(input, clock.at())) {
      if (output.kind === "frame") links.send(output.linkIndex, output.bytes)
      if (output.kind !== "listen") continue
      on = output.on
      links.listen(output.on, output.ranges)
    }
    alarm.set(announcer.wakeAt())
  }
  const alarm = opened(openKernelAlarm(() => tell({ kind: "wake" })))
  const watch = opened(
    watchInterfaces({
      isExcluded: (name) => name === "lo" || name === "pod0",
      onChange: (interfaces) => tell({ kind: "links", interfaces }),
      onTrouble: ({ message }) => assert.fail(message),
    }),
  )
  const members = [{ node: "w1", addresses: [parseAddress("192.168.40.1")!], reported: [] }]
  tell({ kind: "links", interfaces: watch.interfaces() })
  tell({ kind: "surroundings", surroundings: { cluster: "attic", members, ranges, links: undefined, controls: [] } })
  tell({ kind: "bound" })
  tell({ kind: "intents", page: [{ kind: "hold", hold: holdOf("192.168.40.205", ["w1"]) }], complete: true })
  return {
    listening: () => on.map(({ link }) => link),
    stop: () => {
      watch.close()
      links.close()
      alarm.close()
    },
  }
}

/** A cable from the machine to the switch, the machine's end with address and, if told, index. */
function plugIn(machine: Machine, peer: Machine, mac: string, index?: number): void {
  const there = ["peer", "name", "eth0", "netns", peer.namespace]
  const numbered = index === undefined ? [] : ["index", String(index)]
  machine.ip("link", "add", "eth0", ...numbered, "address", mac, "type", "veth", ...there)
  machine.ip("addr", "add", "192.168.40.1/24", "dev", "eth0")
  machine.ip("link", "set", "eth0", "up")
  peer.ip("link", "set", "eth0", "master", "switch", "up")
}

function openOnSwitch({ namespace, ip }: Machine, onFrame: (frame: Uint8Array) => void): PacketSocket {
  const index = Number(/^\d+/.exec(ip("link", "show", "switch"))?.[0])
  const link = { index, name: "switch" }
  const socket = inNamespace(namespace, () => openPacketSocket({ link, protocol: "arp", ranges, onFrame }))
  return opened(socket)
}

function opened<T extends object>(outcome: T): Exclude<T, { readonly kind: "failed" }> {
  if ("message" in outcome) throw new Error(String(outcome.message))
  return outcome as Exclude<T, { readonly kind: "failed" }>
}

/** IEEE 802.1Q: priority in the upper three bits of the tag, the VLAN identifier in the lower twelve. */
function tagged(tag: number, frame: Uint8Array): Uint8Array {
  return Uint8Array.of(...frame.subarray(0, 12), 0x81, 0, tag >> 8, tag & 255, ...frame.subarray(12))
}

async function until(holds: () => boolean, what: string): Promise<void> {
  for (let tries = 0; tries < 500 && !holds(); tries++) await sleep(10)
  assert.ok(holds(), `${what} did not come within five seconds`)
}
