import assert from "node:assert/strict"
import { setTimeout as sleep } from "node:timers/promises"
import { type Address, parseAddress, printAddress } from "../net/address.ts"
import * as libc from "./link/libc.ts"
import { layWire, type Machine, takeAllDescriptors, type Wire } from "./link/wire.ts"
import { inNamespace } from "./netns.ts"
import { type BeatSocket, openBeatSocket, type ReceivedBeat } from "./udp.ts"
import { packetTest } from "../lab/packet-test.ts"

const port = 7947

packetTest(
  import.meta.url,
  "a beat tells from where, to which address, on which link, and that no router touched it",
  async () => {
    await onWire(async ({ left, right }) => {
      const heard: ReceivedBeat[] = []
      const ours = open(left, (datagram) => heard.push(datagram))
      const theirs = open(right)
      for (const [from, to] of [
        ["192.168.40.2", "192.168.40.1"],
        ["fd00:40::2", "fd00:40::1"],
        [linkLocal(right), linkLocal(left)],
      ] as const) {
        const bytes = Uint8Array.of(1, 2, 3)
        assert.equal(theirs.send({ from: address(from), to: address(to), linkIndex: right.index, bytes }), undefined)
        await until(() => heard.length > 0)
        const beat = heard.pop()!
        assert.deepEqual([printAddress(beat.from), printAddress(beat.to)], [from, to])
        assert.deepEqual([beat.linkIndex, beat.port, beat.ttl, [...beat.bytes]], [left.index, port, 255, [1, 2, 3]])
      }
      assert.deepEqual(ours.families, [4, 6])
      ours.close()
      theirs.close()
    })
  },
)

packetTest(import.meta.url, "the source is the address asked for, not the one the routing table likes", async () => {
  await onWire(async ({ left, right }) => {
    right.ip("addr", "add", "192.168.40.22/24", "dev", "eth0")
    const heard: ReceivedBeat[] = []
    const ours = open(left, (datagram) => heard.push(datagram))
    const theirs = open(right)
    const beat = { to: address("192.168.40.1"), linkIndex: right.index, bytes: Uint8Array.of(7) }
    theirs.send({ ...beat, from: address("192.168.40.22") })
    await until(() => heard.length > 0)
    assert.equal(printAddress(heard[0]!.from), "192.168.40.22")
    assert.match(theirs.send({ ...beat, from: address("192.168.40.99") }) ?? "sent", /^E/)
    ours.close()
    theirs.close()
  })
})

packetTest(import.meta.url, "all that waits is handed over at once when the driver asks, in order", async () => {
  await onWire(({ left, right }) => {
    const heard: number[] = []
    const ours = open(left, ({ bytes }) => heard.push(bytes[0]! * 256 + bytes[1]!))
    const theirs = open(right)
    const beat = { from: address("192.168.40.2"), to: address("192.168.40.1"), linkIndex: right.index }
    for (let i = 0; i < 200; i++) theirs.send({ ...beat, bytes: Uint8Array.of(i >> 8, i & 255) })
    assert.equal(heard.length, 0, "nothing is read before the loop turns or the driver asks")
    assert.equal(ours.drain(), 200)
    assert.deepEqual(
      heard,
      Array.from({ length: 200 }, (_, i) => i),
    )
    ours.close()
    theirs.close()
    return Promise.resolve()
  })
})

packetTest(import.meta.url, "a second speaker of the node cannot have the port until the first is gone", async () => {
  await onWire(({ left }) => {
    const first = open(left)
    const second = inNamespace(left.namespace, () => openBeatSocket({ port, onDatagram: () => {} }))
    assert.ok("kind" in second)
    assert.equal(second.code, "EADDRINUSE")
    assert.match(second.message, /another speaker runs here/)
    first.close()
    open(left).close()
    return Promise.resolve()
  })
})

packetTest(import.meta.url, "a peer that cannot be reached is a word, not an exception", async () => {
  await onWire(({ left }) => {
    const ours = open(left)
    const beat = { from: address("192.168.40.1"), linkIndex: left.index, bytes: new Uint8Array(3) }
    left.ip("link", "set", "eth0", "down")
    assert.match(ours.send({ ...beat, to: address("192.168.40.2") }) ?? "sent", /^E/)
    assert.equal(ours.send({ ...beat, to: address("192.168.40.2"), bytes: new Uint8Array(4000) }), "EMSGSIZE")
    ours.close()
    assert.equal(ours.send({ ...beat, to: address("192.168.40.2") }), "EBADF")
    return Promise.resolve()
  })
})

packetTest(
  import.meta.url,
  "EPERM: a beat that this node's own packet filter stops is known not to have left",
  async () => {
    await onWire(({ left }) => {
      const ours = open(left)
      const beat = { from: address("192.168.40.1"), to: address("192.168.40.2"), linkIndex: left.index }
      left.run("nft", `table inet t { chain c { type filter hook output priority 0; udp dport ${port} drop; }; }`)
      assert.equal(ours.send({ ...beat, bytes: new Uint8Array(3) }), "EPERM")
      left.run("nft", "delete table inet t")
      assert.equal(ours.send({ ...beat, bytes: new Uint8Array(3) }), undefined)
      ours.close()
      return Promise.resolve()
    })
  },
)

packetTest(
  import.meta.url,
  "EMFILE: without a descriptor there is no beat port, and the sentence says what is lost",
  async () => {
    await onWire(({ left }) => {
      const outcome = inNamespace(left.namespace, () => {
        const taken = takeAllDescriptors()
        const refused = openBeatSocket({ port, onDatagram: () => {} })
        for (const fd of taken) libc.close(fd)
        return refused
      })
      assert.ok("code" in outcome)
      assert.match(
        outcome.message,
        /could not open UDP port 7947 for beats \(EMFILE\): speakers do not hear each other/,
      )
      open(left).close()
      return Promise.resolve()
    })
  },
  ["prlimit"],
)

function open({ namespace }: Machine, onDatagram: (datagram: ReceivedBeat) => void = () => {}): BeatSocket {
  const socket = inNamespace(namespace, () => openBeatSocket({ port, onDatagram }))
  if ("kind" in socket) throw new Error(socket.message)
  return socket
}

function linkLocal(machine: Machine): string {
  const found = /inet6 (fe80::[0-9a-f:]+)\/64/.exec(machine.ip("-6", "addr", "show", "dev", "eth0"))?.[1]
  assert.ok(found !== undefined)
  return found
}

function address(text: string): Address {
  const value = parseAddress(text)
  assert.ok(value !== undefined)
  return value
}

async function onWire(story: (wire: Wire) => Promise<void>): Promise<void> {
  const wire = layWire()
  try {
    await until(() => !wire.left.ip("-6", "addr", "show", "dev", "eth0").includes("tentative"))
    await story(wire)
    assert.equal(libc.openPolls(), 0, "a socket was left open")
  } finally {
    wire.close()
  }
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; tries < 300 && !holds(); tries++) await sleep(10)
  assert.ok(holds(), "did not happen within three seconds")
}
