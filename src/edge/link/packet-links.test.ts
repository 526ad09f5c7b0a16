import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { type Ipv6, parseAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { parseRange } from "../../net/range.ts"
import { type Failure, failure } from "../failure.ts"
import type { GroupMembership } from "./groups.ts"
import { openPacketLinks, type PacketLinks } from "./packet-links.ts"
import type { PacketSocket, PacketSocketOptions } from "./packet-socket.ts"

const eth0 = { linkIndex: 2, link: "eth0", arp: true, ndp: false }
const ranges = [parseRange("192.168.40.200-192.168.40.210")!]
const group = parseAddress("ff02::1:ff00:205") as Ipv6

for (const code of ["EMFILE", "ENOBUFS", "ENOMEM", "EPERM", "ENETDOWN"])
  test(`${code}: a socket that cannot be had is said once, counted as missing, and had when the kernel relents`, (t) => {
    const { links, kernel, pass, troubles } = world(t)
    kernel.opening = code
    links.listen([eth0], ranges)
    pass(5000)
    assert.deepEqual([troubles, missing(links)], [[code], [code]])
    assert.equal(links.send(2, arp), "ENODEV")
    kernel.opening = undefined
    pass(1000)
    assert.deepEqual([missing(links), links.send(2, arp)], [[], undefined])
  })

test("a socket that reports an error serves until another one hears in its place, and that soon", (t) => {
  const { links, kernel, pass, troubles } = world(t)
  links.listen([eth0], ranges)
  kernel.opening = "EMFILE"
  kernel.sockets[0]!.breaks("ENETDOWN")
  pass(50)
  assert.deepEqual([troubles, missing(links), kernel.open()], [["ENETDOWN"], ["EMFILE"], [0]])
  kernel.opening = undefined
  pass(1000)
  assert.deepEqual([missing(links), kernel.open()], [[], [1]])
  kernel.sockets[1]!.breaks("ENETDOWN")
  pass(1000)
  assert.deepEqual(kernel.open(), [2])
})

test("a socket that reports errors without end is opened anew once a second, not more often", (t) => {
  const { links, kernel, pass } = world(t)
  kernel.onOpen = (socket) => setTimeout(() => socket.breaks("ENETDOWN"), 0)
  links.listen([eth0], ranges)
  pass(10_000)
  assert.ok(kernel.sockets.length >= 9 && kernel.sockets.length <= 12, `${kernel.sockets.length}`)
})

test("a link that is no longer wanted is not missed, whatever its socket said", (t) => {
  const { links, kernel, pass } = world(t)
  links.listen([eth0], ranges)
  kernel.sockets[0]!.breaks("ENETDOWN")
  links.listen([], ranges)
  pass(5000)
  assert.deepEqual([missing(links), kernel.open(), kernel.sockets.length], [[], [], 1])
})

test("a filter that the kernel refuses leaves the old one at work, and is set when there is room for it", (t) => {
  const { links, kernel, pass } = world(t)
  links.listen([eth0], ranges)
  kernel.filtering = "ENOMEM"
  kernel.opening = "ENOMEM"
  links.listen([eth0], [...ranges, parseRange("192.168.40.230-192.168.40.231")!])
  assert.deepEqual([missing(links), kernel.open()], [["ENOMEM"], [0]])
  kernel.opening = undefined
  pass(1000)
  assert.deepEqual([missing(links), kernel.open()], [[], [1]])
  assert.equal(kernel.sockets[1]!.options.ranges.length, 2)
})

for (const code of ["ENOBUFS", "ENOMEM", "EAGAIN", "ENETDOWN"])
  test(`${code}: a refused frame is said once and makes the speaker unready until one leaves`, (t) => {
    const { links, kernel, pass, troubles } = world(t)
    links.listen([eth0], ranges)
    kernel.sending = code
    for (let i = 0; i < 3; i++) assert.equal(links.send(2, arp), code)
    pass(1000)
    assert.deepEqual([troubles, missing(links)], [[`send-${code}`], [`send-${code}`]])
    assert.equal(kernel.sockets.length, 1, "the socket is as good as before")
    kernel.sending = undefined
    assert.equal(links.send(2, arp), undefined)
    assert.deepEqual(missing(links), [])
  })

test("where nothing is sent any more, a refused frame is forgotten after ten seconds", (t) => {
  const { links, kernel, pass } = world(t)
  links.listen([eth0], ranges)
  kernel.sending = "ENOBUFS"
  links.send(2, arp)
  pass(9000)
  assert.deepEqual(missing(links), ["send-ENOBUFS"])
  pass(1000)
  assert.deepEqual(missing(links), [])
})

for (const code of ["EPERM", "ENXIO"])
  test(`${code}: a socket that does not send is opened anew`, (t) => {
    const { links, kernel, pass, troubles } = world(t)
    links.listen([eth0], ranges)
    kernel.sending = code
    assert.equal(links.send(2, arp), code)
    assert.deepEqual([troubles, missing(links)], [[`send-${code}`], [`send-${code}`]])
    kernel.sending = undefined
    pass(50)
    assert.deepEqual([missing(links), kernel.open()], [[], [1]])
  })

test("groups that could not be joined count as missing and are joined later", (t) => {
  const { links, kernel, pass, troubles } = world(t)
  links.listen([eth0], ranges)
  kernel.joining = "ENOMEM"
  links.setGroups(2, [group])
  pass(3000)
  assert.deepEqual([troubles, missing(links)], [["ENOMEM"], ["ENOMEM"]])
  kernel.joining = undefined
  pass(1000)
  assert.deepEqual([missing(links), kernel.joined], [[], [group]])
})

test("groups of a link without IPv6 are not missed: they are joined when it is back", (t) => {
  const { links, kernel, pass } = world(t)
  links.listen([eth0], ranges)
  kernel.joining = "ENODEV"
  links.setGroups(2, [group])
  links.follow([device(undefined)])
  assert.deepEqual(missing(links), [])
  kernel.joining = undefined
  links.follow([device(parseAddress("fe80::5") as Ipv6)])
  pass(1000)
  assert.deepEqual([missing(links), kernel.joined], [[], [group]])
})

type FakeSocket = {
  readonly options: PacketSocketOptions
  /** The kernel reports an error where a frame was expected. */
  readonly breaks: (code: string) => void
  isOpen: boolean
}

/** What the kernel refuses at the moment, by what it is asked for. */
class RefusingKernel {
  opening: string | undefined
  filtering: string | undefined
  sending: string | undefined
  joining: string | undefined
  onOpen: (socket: FakeSocket) => void = () => {}
  readonly sockets: FakeSocket[] = []
  joined: readonly Ipv6[] = []

  open(): readonly number[] {
    return [...this.sockets.keys()].filter((at) => this.sockets[at]!.isOpen)
  }

  socket(options: PacketSocketOptions): PacketSocket | Failure {
    if (this.opening !== undefined) return refusal(this.opening)
    const socket = { options, breaks: (code: string) => options.onError?.(code), isOpen: true }
    this.sockets.push(socket)
    this.onOpen(socket)
    return openSocket(this, socket)
  }

  groups(): GroupMembership {
    let wanted: ReadonlySet<Ipv6> = new Set()
    const set = (groups: ReadonlySet<Ipv6>): Failure | undefined => {
      wanted = groups
      if (this.joining !== undefined) return refusal(this.joining)
      this.joined = [...groups]
      return undefined
    }
    return { set, retry: () => set(wanted), renew: () => set(wanted), close: () => {} }
  }
}

function openSocket(kernel: RefusingKernel, socket: FakeSocket): PacketSocket {
  return {
    send: () => kernel.sending,
    drain: () => 0,
    setRanges: () => (kernel.filtering === undefined ? { widened: false } : refusal(kernel.filtering)),
    close: () => {
      socket.isOpen = false
    },
  }
}

function refusal(code: string): Failure {
  return failure(code, `refused (${code})`)
}

/** Time stands still but for `pass`. */
function world(t: TestContext) {
  let nowMs = 5_000_000
  t.mock.timers.enable({ apis: ["setTimeout"] })
  t.mock.method(performance, "now", () => nowMs)
  const kernel = new RefusingKernel()
  const troubles: string[] = []
  const onTrouble = (_: number, { code }: Failure): void => void troubles.push(code)
  const links = openPacketLinks(
    { onFrame: () => {}, onError: () => {}, onTrouble },
    { openPacketSocket: (options) => kernel.socket(options), openGroups: () => kernel.groups() },
  )
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      nowMs += 10
      t.mock.timers.tick(10)
    }
  }
  t.after(() => links.close())
  return { links, kernel, troubles, pass }
}

function missing(links: PacketLinks): readonly string[] {
  return links.missing().map(({ code }) => code)
}

function device(linkLocal: Ipv6 | undefined): Interface {
  return {
    index: 2,
    name: "eth0",
    mac: undefined,
    up: true,
    running: true,
    mtuBytes: 1500,
    kind: "ethernet",
    master: undefined,
    noArp: false,
    broadcast: true,
    addresses: [],
    linkLocal,
    gateway4: undefined,
    gateway6: undefined,
  }
}

const arp: Uint8Array = Uint8Array.of(...new Uint8Array(12), 0x08, 0x06)
