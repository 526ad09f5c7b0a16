import assert from "node:assert/strict"
import { rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import { parseAddress, printAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { printMac } from "../../net/mac.ts"
import { type Failure, failure } from "../failure.ts"
import { inNamespace } from "../netns.ts"
import { defaultExcludedNames, excluding } from "./exclude.ts"
import { openPolls } from "./libc.ts"
import { type InterfaceWatch, readInterfaces, watchInterfaces } from "./netlink.ts"
import { layWire, type Machine, type Wire } from "./wire.ts"
import { packetTest } from "../../lab/packet-test.ts"

const lateAddress = parseAddress("192.168.40.77")!

packetTest(import.meta.url, "the list says what the machine has, without what is excluded", async () => {
  await onWatchedWire(({ wire, watch }) => {
    const eth0 = watch.interfaces()[0]!
    assert.deepEqual(
      watch.interfaces().map(({ name }) => name),
      ["eth0"],
    )
    assert.equal(printMac(eth0.mac!), wire.left.mac)
    assert.equal(eth0.kind, "veth")
    assert.ok(eth0.up && eth0.running && eth0.broadcast && !eth0.noArp)
    assert.ok(eth0.addresses.some(({ address, length }) => printAddress(address) === "192.168.40.1" && length === 24))
  })
})

packetTest(
  import.meta.url,
  "a change is told by itself: address, carrier, gateway, MTU, MAC, name, bridge, end",
  async () => {
    await onWatchedWire(async ({ wire, told }) => {
      const { left, right } = wire
      const eth0 = (interfaces: readonly Interface[]) => interfaces.find(({ index }) => index === left.index)
      await told(
        "address added",
        () => left.ip("addr", "add", "192.168.40.77/24", "dev", "eth0"),
        (now) => eth0(now)!.addresses.some(({ address }) => printAddress(address) === "192.168.40.77"),
      )
      await told(
        "gateway set",
        () => left.ip("route", "add", "default", "via", "192.168.40.2"),
        (now) => eth0(now)!.gateway4 !== undefined,
      )
      await told(
        "carrier lost",
        () => right.ip("link", "set", "eth0", "down"),
        (now) => !eth0(now)!.running,
      )
      await told(
        "carrier back",
        () => right.ip("link", "set", "eth0", "up"),
        (now) => eth0(now)!.running,
      )
      await told(
        "switched off",
        () => left.ip("link", "set", "eth0", "down"),
        (now) => eth0(now)!.gateway4 === undefined,
      )
      await told(
        "renamed",
        () => left.ip("link", "set", "eth0", "name", "lan0"),
        (now) => eth0(now)!.name === "lan0",
      )
      await told(
        "new MAC",
        () => left.ip("link", "set", "lan0", "address", "02:00:00:00:00:07"),
        (now) => printMac(eth0(now)!.mac!) === "02:00:00:00:00:07",
      )
      await told(
        "MTU",
        () => left.ip("link", "set", "lan0", "mtu", "1280"),
        (now) => eth0(now)!.mtuBytes === 1280,
      )
      await told(
        "bridge made",
        () => left.ip("link", "add", "br0", "type", "bridge"),
        (now) => now.some(({ kind }) => kind === "bridge"),
      )
      await told(
        "bridge port",
        () => left.ip("link", "set", "lan0", "master", "br0"),
        (now) => eth0(now)!.master?.kind === "bridge",
      )
      await told(
        "unplugged for good",
        () => left.ip("link", "del", "lan0"),
        (now) => eth0(now) === undefined,
      )
    })
  },
)

packetTest(
  import.meta.url,
  "IPv6 switched off takes its addresses and leaves IPv4 alone; switched on it is back",
  async () => {
    await onWatchedWire(async ({ wire, told }) => {
      const knob = "net.ipv6.conf.eth0.disable_ipv6"
      const set = (value: number) => wire.left.run("sh", "-c", `echo ${value} > /proc/sys/${knob.replaceAll(".", "/")}`)
      await told(
        "IPv6 off",
        () => set(1),
        ([eth0]) => eth0!.linkLocal === undefined && eth0!.addresses.length === 1,
      )
      await told(
        "IPv6 on",
        () => set(0),
        ([eth0]) => eth0!.linkLocal !== undefined,
      )
    })
  },
)

packetTest(import.meta.url, "pods coming and going on excluded links cost nothing, not even a look", async () => {
  await onWatchedWire(async ({ wire, changes, looks }) => {
    const before = looks()
    for (let pod = 0; pod < 5; pod++) {
      wire.left.ip("link", "add", `veth${pod}`, "type", "veth", "peer", "name", `cali${pod}`)
      wire.left.ip("link", "set", `veth${pod}`, "up")
      wire.left.ip("link", "del", `veth${pod}`)
    }
    await sleep(100)
    assert.equal(changes().length, 0)
    assert.equal(looks(), before)
  })
})

packetTest(import.meta.url, "what is lost in a flood of other links' events is known all the same", async () => {
  await onWatchedWire(async ({ wire, watch }) => {
    wire.left.ip("link", "add", "cali0", "type", "veth", "peer", "name", "veth0")
    await sleep(100)
    const flood = Array.from({ length: 3000 }, (_, i) => `addr add 10.9.${i >> 8}.${i & 255}/32 dev cali0`)
    const file = join(tmpdir(), `${wire.left.namespace}.batch`)
    writeFileSync(file, [...flood, "addr add 10.8.0.1/32 dev eth0"].join("\n"))
    try {
      wire.left.ip("-batch", file)
    } finally {
      rmSync(file)
    }
    assert.ok(eventsLost(wire.left) > 0, "the flood was too small to lose anything")
    const has = (text: string) => watch.interfaces()[0]!.addresses.some(({ address }) => printAddress(address) === text)
    await until(() => has("10.8.0.1"), "an address whose event was lost")
    wire.left.ip("addr", "add", "10.8.0.2/32", "dev", "eth0")
    await until(() => has("10.8.0.2"), "an address after the flood")
  })
})

packetTest(import.meta.url, "ENOBUFS: a list that cannot be read is known as outdated, and read again", async () => {
  const { left, close } = layWire()
  const [told, changes]: [string[], (readonly Interface[])[]] = [[], []]
  let refuses = false
  const options = {
    isExcluded: () => false,
    onChange: (interfaces: readonly Interface[]) => void changes.push(interfaces),
    onTrouble: (trouble: Failure) => void told.push(trouble.code),
  }
  const watch = inNamespace(left.namespace, () =>
    watchInterfaces(options, (fd) => (refuses ? failure("ENOBUFS", "refused") : readInterfaces(fd))),
  )
  assert.ok("interfaces" in watch)
  try {
    await sleep(60)
    changes.length = 0
    refuses = true
    left.ip("addr", "add", "192.168.40.77/24", "dev", "eth0")
    await until(() => watch.trouble() !== undefined, "the refusal")
    await sleep(1100)
    assert.deepEqual([told, watch.trouble()?.code, changes.length], [["ENOBUFS"], "ENOBUFS", 0])
    refuses = false
    await until(() => watch.trouble() === undefined, "the end of the refusal")
    assert.ok(watch.interfaces().some(({ addresses }) => addresses.some(({ address }) => address === lateAddress)))
  } finally {
    watch.close()
    close()
  }
})

type Story = {
  readonly wire: Wire
  readonly watch: InterfaceWatch
  readonly changes: () => readonly (readonly Interface[])[]
  /** How often the list was read anew. */
  readonly looks: () => number
  /** Acts, and waits for the list that `holds`. */
  readonly told: (what: string, act: () => void, holds: (now: readonly Interface[]) => boolean) => Promise<void>
}

/** What the kernel dropped of netlink's messages, by its own count. */
function eventsLost(machine: Machine): number {
  const [, ...rows] = machine.run("cat", "/proc/net/netlink").trim().split("\n")
  return Math.max(...rows.map((row) => Number(row.trim().split(/\s+/)[8])))
}

async function onWatchedWire(story: (world: Story) => Promise<void> | void): Promise<void> {
  const wire = layWire()
  const changes: (readonly Interface[])[] = []
  const matches = excluding(defaultExcludedNames)
  assert.ok(typeof matches === "function")
  let looks = 0
  const isExcluded = (name: string): boolean => {
    if (name === "lo") looks++
    return matches(name)
  }
  const onTrouble = ({ message }: { message: string }): void => assert.fail(message)
  try {
    const watch = inNamespace(wire.left.namespace, () =>
      watchInterfaces({ isExcluded, onChange: (interfaces) => changes.push(interfaces), onTrouble }),
    )
    assert.ok("interfaces" in watch)
    const told: Story["told"] = async (what, act, holds) => {
      act()
      await until(() => holds(watch.interfaces()), what)
    }
    await sleep(60)
    changes.length = 0
    try {
      await story({ wire, watch, changes: () => changes, looks: () => looks, told })
    } finally {
      watch.close()
    }
    assert.equal(openPolls(), 0, "a socket was left open")
  } finally {
    wire.close()
  }
}

async function until(holds: () => boolean, what = "it"): Promise<void> {
  for (let tries = 0; tries < 3000 && !holds(); tries++) await sleep(1)
  assert.ok(holds(), `${what} was not told within three seconds`)
}
