import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { type Ipv6, parseAddress } from "../../net/address.ts"
import { parseRange } from "../../net/range.ts"
import type { Failure } from "../failure.ts"
import { inNamespace } from "../netns.ts"
import { close, openPolls } from "./libc.ts"
import { type InterfaceWatch, watchInterfaces } from "./netlink.ts"
import { openPacketLinks, type PacketLinks } from "./packet-links.ts"
import { layWire, type Machine, moveInto, takeAllDescriptors } from "./wire.ts"
import { packetTest } from "../../lab/packet-test.ts"

const ranges = [parseRange("192.168.40.200-192.168.40.210")!]
const group = parseAddress("ff02::1:ff00:205") as Ipv6

packetTest(import.meta.url, "the sockets asked for are open, those no longer asked for are closed", async () => {
  await onMachine(({ machine, links, inside }) => {
    const both = { linkIndex: machine.index, link: "eth0", arp: true, ndp: true }
    inside(() => links.listen([both], ranges))
    assert.equal(openPolls(), 2)
    assert.equal(links.send(machine.index, frame(0x08, 0x06)), undefined)
    assert.equal(links.send(machine.index, frame(0x86, 0xdd)), undefined)
    assert.equal(links.send(machine.index, frame(0x08, 0x00)), "ENODEV")
    assert.equal(links.send(machine.index + 1, frame(0x08, 0x06)), "ENODEV")
    inside(() => links.listen([{ ...both, ndp: false }], ranges))
    assert.equal(openPolls(), 1)
    assert.equal(links.send(machine.index, frame(0x86, 0xdd)), "ENODEV")
  })
})

packetTest(
  import.meta.url,
  "frames are handed over when the driver drains, with the link they came in on",

  async () => {
    await onMachine(({ machine, peer, links, inside, heard }) => {
      inside(() => links.listen([{ linkIndex: machine.index, link: "eth0", arp: true, ndp: true }], ranges))
      peer.run("arping", "-c", "1", "-w", "1", "-I", "eth0", "192.168.40.205")
      assert.equal(heard.length, 0)
      assert.ok(links.drain() >= 1)
      assert.deepEqual(new Set(heard), new Set([machine.index]))
    })
  },
  ["arping"],
)

packetTest(
  import.meta.url,
  "a link that cannot be opened is told once, counted as missing, and no longer once nobody wants it",

  async () => {
    await onMachine(({ machine, links, inside, troubles }) => {
      const gone = { linkIndex: 99_999, link: "eth7", arp: true, ndp: false }
      const good = { linkIndex: machine.index, link: "eth0", arp: true, ndp: false }
      inside(() => links.listen([gone, good], ranges))
      inside(() => links.listen([gone, good], ranges))
      assert.deepEqual(
        troubles.map(({ code }) => code),
        ["ENODEV"],
      )
      assert.equal(links.missing().length, 1)
      assert.equal(links.send(machine.index, frame(0x08, 0x06)), undefined)
      inside(() => links.listen([good], ranges))
      assert.deepEqual(links.missing(), [])
    })
  },
)

packetTest(
  import.meta.url,
  "EMFILE: with no descriptor left the socket is missing and said to be; with one free it is open and heard",
  async () => {
    await onMachine(async ({ machine, links, troubles }) => {
      moveInto(machine)
      const taken = takeAllDescriptors()
      links.listen([{ linkIndex: machine.index, link: "eth0", arp: true, ndp: true }], ranges)
      assert.deepEqual(codesOf(troubles), ["EMFILE", "EMFILE"])
      assert.deepEqual(codesOf(links.missing()), ["EMFILE", "EMFILE"])
      assert.equal(links.send(machine.index, frame(0x08, 0x06)), "ENODEV")
      for (const fd of taken) close(fd)
      await until(() => links.missing().length === 0)
      assert.equal(openPolls(), 2)
      assert.equal(links.send(machine.index, frame(0x08, 0x06)), undefined)
    })
  },
  ["prlimit"],
)

packetTest(
  import.meta.url,
  "ENETDOWN: a link that goes down is missing until nobody wants it or it is up",
  async () => {
    await onMachine(async ({ machine, links, errors, troubles }) => {
      moveInto(machine)
      links.listen([{ linkIndex: machine.index, link: "eth0", arp: true, ndp: false }], ranges)
      machine.ip("link", "set", "eth0", "down")
      await until(() => errors.length > 0 && links.missing().length > 0)
      for (const code of [...errors, ...codesOf(troubles), ...codesOf(links.missing())]) assert.equal(code, "ENETDOWN")
      assert.equal(links.send(machine.index, frame(0x08, 0x06)), "ENETDOWN")
      machine.ip("link", "set", "eth0", "up")
      await until(() => links.send(machine.index, frame(0x08, 0x06)) === undefined)
      await until(() => links.missing().length === 0)
    })
  },
)

packetTest(
  import.meta.url,
  "EPERM: without the capability NET_RAW the link is missing, and the sentence names the capability",
  async () => {
    await onMachine(({ machine }) => {
      const options = "{ onFrame() {}, onError() {}, onTrouble: (_, { code, message }) => console.log(code, message) }"
      const on = `[{ linkIndex: ${machine.index}, link: "eth0", arp: true, ndp: false }]`
      const program = `const { openPacketLinks } = await import("${import.meta.dirname}/packet-links.ts")
        const links = openPacketLinks(${options})
        links.listen(${on}, [])
        links.close()`
      const words = ["--bounding-set=-net_raw", process.execPath, "--input-type=module", "-e", program]
      const said = machine.run("setpriv", ...words)
      assert.match(said, /^EPERM could not open a packet socket for arp on eth0 \(EPERM\): .*NET_RAW/)
    })
  },
)

packetTest(import.meta.url, "the groups are joined again after the link lost its IPv6", async () => {
  await onMachine(async ({ machine, links, inside }) => {
    const watch = inside(() =>
      watchInterfaces({
        isExcluded: () => false,
        onChange: links.follow,
        onTrouble: ({ message }) => assert.fail(message),
      }),
    )
    if ("kind" in watch) throw new Error(watch.message)
    const joined = (): boolean => machine.run("ip", "-6", "maddr", "show", "dev", "eth0").includes("ff02::1:ff00:205")
    try {
      await until(() => linkLocalOf(watch, machine) !== undefined)
      links.follow(watch.interfaces())
      inside(() => links.setGroups(machine.index, [group]))
      assert.ok(joined())
      machine.ip("link", "set", "eth0", "mtu", "1000")
      await until(() => linkLocalOf(watch, machine) === undefined)
      assert.ok(!joined())
      machine.ip("link", "set", "eth0", "mtu", "1500")
      await until(joined)
    } finally {
      watch.close()
    }
  })
})

type World = {
  readonly machine: Machine
  readonly peer: Machine
  readonly links: PacketLinks
  readonly heard: number[]
  readonly errors: string[]
  readonly troubles: Failure[]
  readonly inside: <T>(act: () => T) => T
}

async function onMachine(story: (world: World) => Promise<void> | void): Promise<void> {
  const { left: machine, right: peer, close: cutWire } = layWire()
  const heard: number[] = []
  const errors: string[] = []
  const troubles: Failure[] = []
  const onTrouble = (_: number, trouble: Failure): void => void troubles.push(trouble)
  const links = openPacketLinks({
    onFrame: (index) => heard.push(index),
    onError: (_, code) => errors.push(code),
    onTrouble,
  })
  const inside = <T>(act: () => T): T => {
    const outcome = inNamespace(machine.namespace, () => [act()] as const)
    if ("kind" in outcome) throw new Error(outcome.message)
    return outcome[0]
  }
  try {
    await story({ machine, peer, links, heard, errors, troubles, inside })
  } finally {
    links.close()
    cutWire()
  }
  assert.equal(openPolls(), 0, "a socket was left open")
}

function codesOf(failures: readonly Failure[]): readonly string[] {
  return failures.map(({ code }) => code)
}

function linkLocalOf(watch: InterfaceWatch, machine: Machine): Ipv6 | undefined {
  return watch.interfaces().find(({ index }) => index === machine.index)?.linkLocal
}

function frame(...etherType: number[]): Uint8Array {
  const bytes = new Uint8Array(60)
  bytes.set([2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, ...etherType])
  return bytes
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !holds(); tries++) await sleep(10)
  assert.ok(holds(), "did not happen within three seconds")
}
