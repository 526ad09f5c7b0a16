import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac } from "../../net/mac.ts"
import type { Finding } from "./finding.ts"
import { gatewayAddress, gatewayMac, holdOf, InMemoryLan, type Station } from "./in-memory-lan.ts"

const whoami = parseIpv4("192.168.40.200")!
const order = ["w1", "w2", "w3"]

test("the gateway stops answering the holder alone: the address moves within ten seconds, without a gap, and the reason is told", () => {
  const lan = holding()
  hideGatewayFrom(lan, "w1")
  const before = lan.now
  while (lan.holders(whoami)[0] === "w1" && lan.now < before + 15_000) {
    lan.run(10)
    assert.ok(lan.holders(whoami).length > 0)
  }
  assert.deepEqual(lan.holders(whoami), ["w2"])
  const seconds = (lan.now - before) / 1000
  assert.ok(seconds > 5 && seconds < 10, `after ${seconds} s`)
  assert.deepEqual(gatewayFindings(w(lan, 1)), ["gateway-lost of w2"])
  const because = w(lan, 1)
    .outputs.flatMap((one) => (one.kind === "moved" ? [one.move.because] : []))
    .at(-1)
  assert.equal(because?.code === "handed-over" && because.because.code, "no-gateway")
})

test("it answers again: nothing moves back, and the finding goes", () => {
  const lan = holding()
  hideGatewayFrom(lan, "w1")
  lan.run(12_000)
  lan.hosts[0] = { mac: gatewayMac, answersFor: isGateway }
  lan.loses = () => false
  lan.run(60_000)
  assert.deepEqual(lan.holders(whoami), ["w2"])
  assert.deepEqual(gatewayFindings(w(lan, 1)), [])
})

test("a gateway that dies is missed by all: nothing moves, whenever each of them asked it last", () => {
  for (let ms = 0; ms < 2000; ms += 130) {
    const lan = holding()
    lan.run(ms)
    lan.hosts.length = 0
    lan.run(30_000)
    assert.deepEqual(lan.holders(whoami), ["w1"], `${ms} ms`)
    assert.deepEqual(moves(lan), 1, `${ms} ms`)
  }
})

test("a gateway with another MAC is found by the question to all that follows an unanswered one", () => {
  const lan = holding()
  const mac = 0x525400280002 as Mac
  lan.hosts[0] = { mac, answersFor: isGateway }
  lan.run(30_000)
  assert.deepEqual([lan.holders(whoami), moves(lan)], [["w1"], 1])
  const asked = lan.seen.slice(-30).filter(({ packet }) => packet.targetAddress === gatewayAddress)
  assert.ok(asked.some(({ packet }) => packet.destination === mac))
})

test("a network without a gateway, or with one that never answered, is none the worse for it", () => {
  const lan = new InMemoryLan()
  lan.hosts.length = 0
  lan.startAll(3)
  lan.run(3000)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(30_000)
  assert.deepEqual([lan.holders(whoami), moves(lan), gatewayFindings(w(lan, 1))], [["w1"], 1, []])
})

test("a node that slept for long between a question and its answer does not take the gateway for silent", () => {
  const lan = holding()
  while (lan.seen.at(-1)!.from !== "w1" || !isGateway(lan.seen.at(-1)!.packet.targetAddress)) lan.run(0.1)
  w(lan, 1).on = false
  lan.run(60_000)
  w(lan, 1).on = true
  lan.run(1900)
  assert.ok(!w(lan, 1).outputs.some((one) => one.kind === "finding" && findingCode(one.finding) === "gateway-lost"))
})

test("an idle node asks the gateway every two seconds, by unicast; a node alone in its cluster does not", () => {
  for (const [nodes, questions] of [
    [3, 5],
    [1, 0],
  ] as const) {
    const lan = holding(nodes)
    lan.run(20_000)
    const before = lan.seen.length
    lan.run(10_000)
    const asked = lan.seen
      .slice(before)
      .filter(
        ({ from, packet }) =>
          from === "w1" && packet.senderAddress === w(lan, 1).address && isGateway(packet.targetAddress),
      )
    assert.equal(asked.length, questions)
    assert.ok(asked.every(({ packet }) => packet.destination !== broadcastMac))
  }
})

const w = (lan: InMemoryLan, number: number): Station => lan.stations[number - 1]!

const isGateway = (address: Ipv4): boolean => address === gatewayAddress

/** What that node sends to the gateway or gets from it is lost; all else arrives. */
const hideGatewayFrom = (lan: InMemoryLan, name: string): void => {
  lan.hosts.length = 0
  lan.hosts.push({ mac: gatewayMac, answersFor: isGateway })
  lan.loses = (from, to) => from === "host" && to === name
}

const moves = (lan: InMemoryLan): number =>
  lan.stations.flatMap(({ outputs }) => outputs.filter((one) => one.kind === "moved" && one.move.to !== undefined))
    .length

const findingCode = (finding: Finding): string => (finding.code === "segment" ? finding.finding.code : finding.code)

const gatewayFindings = ({ announcer }: Station): readonly string[] =>
  announcer.lans.flatMap((lan) =>
    lan
      .findings(0 as never)
      .flatMap((one) =>
        one.code === "segment" && one.finding.code === "gateway-lost" ? [`gateway-lost of ${one.nodes.join()}`] : [],
      ),
  )

const holding = (nodes = 3): InMemoryLan => {
  const lan = new InMemoryLan()
  lan.startAll(nodes)
  lan.run(3000)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(8000)
  return lan
}
