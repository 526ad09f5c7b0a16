import assert from "node:assert/strict"
import { test } from "node:test"
import { type Ipv4, parseIpv4 } from "../../net/address.ts"
import { broadcastMac, type Mac, printMac } from "../../net/mac.ts"
import { arpReply, arpRequest, gratuitousArp } from "../../protocol/arp/frames.ts"
import { parseArp } from "../../protocol/arp/packet.ts"
import { sharedKey } from "../../protocol/shared-key.ts"
import { sealToken } from "../../protocol/token.ts"
import { defaultSecrets, holdOf, InMemoryLan, type SeenFrame, type Station, surroundingsOf } from "./in-memory-lan.ts"
import type { Link } from "./link.ts"
import { standingQuestion } from "./speaking.ts"

const whoami = parseIpv4("192.168.40.200")!
const order = ["w1", "w2", "w3"]
const bystander = 0x525400280077 as Mac

test("a bystander that only answers is named within a second, though no client asks", () => {
  const lan = holding()
  lan.run(7000)
  answering(lan, bystander)
  lan.run(1160)
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(bystander)} unknown`])
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("it is told once while it stays, and that it is gone once it is gone", () => {
  const lan = holding()
  answering(lan, bystander)
  lan.run(300_000)
  lan.hosts.pop()
  lan.run(120_000)
  const told = w(lan, 1).outputs.flatMap((output) =>
    output.kind === "finding" ? [[output.finding.code, output.on]] : [],
  )
  assert.deepEqual(
    told.filter(([code]) => code === "foreign-answer"),
    [
      ["foreign-answer", true],
      ["foreign-answer", false],
    ],
  )
})

test("a bystander makes nobody move and starts no war: in ten minutes one defence in ten seconds, one question a second", () => {
  const lan = holding()
  answering(lan, bystander)
  lan.run(10_000)
  const before = lan.seen.length
  lan.run(600_000)
  const ours = lan.seen.slice(before).filter(({ from }) => from === "w1")
  assert.ok(defencesOf(ours).length <= 60, `${defencesOf(ours).length} defences`)
  assert.ok(apart(defencesOf(ours)) >= 10_000, "never two within DEFEND_INTERVAL (RFC 5227 section 1.1)")
  assert.ok(questionsOf(ours).length <= 600, `${questionsOf(ours).length} questions`)
  assert.deepEqual(movesOf(lan), [[undefined, "w1"]])
})

test("a bystander answers for the address of a holder that dies: it is taken over as ever, and named by who has it now", () => {
  const lan = holding()
  answering(lan, bystander)
  lan.run(3000)
  w(lan, 1).on = false
  lan.run(520)
  assert.deepEqual(lan.holders(whoami), ["w2"])
  lan.run(2000)
  assert.deepEqual(toldBy(w(lan, 2)).slice(-1), [`${printMac(bystander)} unknown`])
})

test("a switch answers with a dead holder's MAC: it is taken over as ever, and the answer is told as that silent node's", () => {
  const lan = holding()
  lan.run(3000)
  w(lan, 1).on = false
  answering(lan, w(lan, 1).mac)
  lan.run(520)
  assert.deepEqual(lan.holders(whoami), ["w2"])
  lan.run(2000)
  assert.deepEqual(toldBy(w(lan, 2)).slice(-1), [`${printMac(w(lan, 1).mac)} silent-member`])
})

test("a DHCP client took an address before its first use: it is not announced, the client is named; when it leaves, the address is used", () => {
  const lan = warm(3)
  lan.send("host", probe(bystander))
  answering(lan, bystander)
  lan.run(100)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(2000)
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(bystander)} dhcp-client`])
  const before = lan.spokenFor(whoami).filter(({ from }) => from !== "host")
  assert.deepEqual(before, [], "nobody of us speaks for it")
  lan.hosts.pop()
  lan.run(11_000)
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("an address that DHCP gives, as the facts say, is answered for by a DHCP client", () => {
  const lan = holding()
  const dhcp = [{ family: 4, first: whoami, last: whoami }] as const
  lan.feed(w(lan, 1), { kind: "surroundings", surroundings: { ...surroundingsOf(lan), dhcp } })
  answering(lan, bystander)
  lan.run(2000)
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(bystander)} dhcp-client`])
})

test("a DHCP client that probes for a held address is told at once that it is in use, and is no impostor", () => {
  const lan = holding()
  lan.run(7000)
  const before = lan.seen.length
  lan.send("host", probe(bystander))
  lan.run(5)
  const answers = lan.seen.slice(before).filter(({ packet }) => packet.senderAddress === whoami)
  assert.deepEqual(
    answers.map(({ from, packet }) => [from, packet.operation]),
    [["w1", "reply"]],
  )
  lan.run(5000)
  assert.deepEqual(toldBy(w(lan, 1)), [])
})

test("nodes without strictARP answer for every address: one holds it, the others are named by node, failover works", () => {
  const lan = warm(3)
  for (const n of [2, 3]) answering(lan, w(lan, n).mac, () => w(lan, n).on)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(4000)
  const [holder] = lan.holders(whoami)
  assert.equal(lan.holders(whoami).length, 1)
  lan.run(2000)
  const one = lan.stations.find(({ name }) => name === holder)!
  assert.deepEqual(
    toldBy(one).toSorted(),
    [2, 3].filter((n) => `w${n}` !== holder).map((n) => `${printMac(w(lan, n).mac)} member`),
  )
  answering(lan, bystander)
  lan.run(2000)
  const after = toldBy(one).filter((told) => !told.endsWith("member"))
  assert.deepEqual(
    after,
    [`${printMac(bystander)} unknown`],
    "a node that answers the control question stays that node",
  )
  one.on = false
  lan.run(1000)
  assert.equal(lan.holders(whoami).length, 1)
  lan.run(60_000)
  assert.equal(lan.holders(whoami).length, 1)
})

test("a second card of a node on the same LAN, this one's too, is that node and no stranger machine", () => {
  const cards = { w1: 0x5254002800b1 as Mac, w2: 0x5254002800b2 as Mac }
  const lan = holding()
  const surroundings = surroundingsOf(lan)
  const members = surroundings.members.map((member) => ({
    ...member,
    reported: [{ mac: cards[member.node as keyof typeof cards], addresses: [] }],
  }))
  lan.feed(w(lan, 1), { kind: "surroundings", surroundings: { ...surroundings, members } })
  for (const mac of Object.values(cards)) answering(lan, mac)
  lan.run(2000)
  const told = w(lan, 1)
    .announcer.report(lan.at())
    .contested.map(({ stranger }) => stranger)
  assert.deepEqual(told, [
    { is: "member", node: "w1" },
    { is: "member", node: "w2" },
  ])
})

test("a router that answers for every address is named as what it is, and nothing is renumbered", () => {
  const lan = holding()
  answering(lan, bystander, () => true)
  lan.run(2000)
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(bystander)} answers-for-everything`])
  assert.deepEqual(lan.holders(whoami), ["w1"])
})

test("two clusters share a pool: the second does not announce what the first holds, and both name the other", () => {
  const lan = holding()
  const cellar = neighbours(lan, 2)
  lan.tell(cellar, [holdOf("192.168.40.200", ["w4", "w5"])])
  lan.run(2000)
  assert.deepEqual(lan.holders(whoami), ["w1"])
  assert.deepEqual(toldBy(w(lan, 4)), [`${printMac(w(lan, 1).mac)} other-cluster`])
  assert.deepEqual(toldBy(w(lan, 1))[0], `${printMac(w(lan, 4).mac)} other-cluster`)
  assert.deepEqual(
    defencesOf(lan.seen.filter(({ at, from }) => from === "w1" && at > 8000)),
    [],
    "asking is no conflict",
  )
})

test("two clusters were given the same key: neither takes the other's speakers for its own, and each names the other", () => {
  const lan = holding()
  const [other] = neighbours(lan, 1, defaultSecrets.current[0])
  other!.plugged = false
  lan.run(1000)
  lan.tell([other!], [holdOf("192.168.40.200", ["w4"])])
  lan.run(7000)
  other!.plugged = true
  lan.run(2000)
  assert.deepEqual(lan.holders(whoami), ["w1", "w4"])
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(other!.mac)} other-cluster`])
  assert.deepEqual(toldBy(other!), [`${printMac(w(lan, 1).mac)} other-cluster`])
  assert.ok(lan.stations.every(({ announcer }) => announcer.report(lan.at()).segments[0]!.hears.length !== 3))
})

test("two clusters that both hold an address meet: each keeps it, names the other within two seconds, and defends once in ten", () => {
  const lan = holding()
  const [other] = neighbours(lan, 1)
  other!.plugged = false
  lan.run(1000)
  lan.tell([other!], [holdOf("192.168.40.200", ["w4"])])
  lan.run(7000)
  assert.deepEqual(lan.holders(whoami), ["w1", "w4"])
  other!.plugged = true
  lan.run(2000)
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(other!.mac)} other-cluster`])
  assert.deepEqual(toldBy(other!), [`${printMac(w(lan, 1).mac)} other-cluster`])
  const before = lan.seen.length
  lan.run(300_000)
  for (const from of ["w1", "w4"]) {
    const its = lan.seen.slice(before).filter((frame) => frame.from === from)
    assert.ok(apart(defencesOf(its)) >= 10_000, "RFC 5227 section 2.4")
    assert.ok(questionsOf(its).length <= 300, `${from} asked ${questionsOf(its).length} times`)
  }
  w(lan, 1).on = false
  lan.run(520)
  assert.deepEqual(lan.holders(whoami), ["w2", "w4"], "the failover of the one is none of the other's business")
})

test("two holders of one cluster, for a moment, are no impostors to each other", () => {
  const lan = holding()
  lan.run(1000)
  for (let i = 0; i < 20; i++) {
    lan.tell(lan.stations, [holdOf("192.168.40.200", order, { moveTo: i % 2 === 0 ? "w2" : "w1" })])
    lan.run(777)
  }
  assert.deepEqual(lan.stations.flatMap(toldBy), [])
})

test("a speaker's own answer, where two hold an address for a moment, is no kernel's", () => {
  const lan = holding()
  const { mac } = w(lan, 2)
  const key = sharedKey(defaultSecrets.current)
  const token = { kind: "answer", nonce: 0, grant: 2 } as const
  const [question] = [w(lan, 1)].map(({ mac: asker, address }) =>
    parseArp(
      arpRequest({ mac: asker, sender: address, target: whoami, destination: broadcastMac, sealedToken: undefined }),
    ),
  )
  assert.ok(question?.kind === "arp")
  lan.send("w2", arpReply(question, mac, whoami, sealToken(key, mac, whoami, token)))
  lan.run(1000)
  assert.deepEqual(toldBy(w(lan, 1)), [])
  lan.send("w2", arpReply(question, mac, whoami, undefined))
  lan.run(1000)
  assert.deepEqual(toldBy(w(lan, 1)), [`${printMac(mac)} member`])
})

test("a node without an IPv4 address there asks nobody: its question would be a probe, at which others defend", () => {
  const link: Link = { ...linkOf(w(holding(), 1)), ipv4: undefined }
  const keys = { current: sharedKey(defaultSecrets.current), next: undefined }
  assert.equal(standingQuestion(link, whoami, keys), undefined)
  assert.ok(standingQuestion(linkOf(w(holding(), 1)), whoami, keys) !== undefined)
})

test("an impostor that announces itself is named by every node, with no question asked", () => {
  const lan = holding()
  lan.run(7000)
  lan.send("host", gratuitousArp(bystander, whoami, undefined).request)
  lan.run(200)
  for (const station of lan.stations) assert.deepEqual(toldBy(station), [`${printMac(bystander)} unknown`])
})

test("rubbish in the padding of a client's question makes it no other cluster", () => {
  const lan = holding()
  lan.run(7000)
  const asking = { mac: bystander, sender: parseIpv4("192.168.40.50")!, target: whoami, destination: broadcastMac }
  const rubbish = arpRequest({ ...asking, sealedToken: Uint8Array.from({ length: 18 }, (_, i) => i + 1) })
  lan.send("host", rubbish)
  lan.run(1000)
  assert.deepEqual(toldBy(w(lan, 1)), [])
})

const w = (lan: InMemoryLan, number: number): Station => lan.stations[number - 1]!

const linkOf = ({ announcer }: Station): Link => announcer.lans[0]!.link

/** Who answers as the node's log tells it, each time it is raised. */
const toldBy = (station: Station): readonly string[] =>
  station.outputs.flatMap((output) =>
    output.kind === "finding" && output.finding.code === "foreign-answer" && output.on
      ? [`${printMac(output.finding.mac)} ${output.finding.stranger.is}`]
      : [],
  )

const answering = (lan: InMemoryLan, mac: Mac, answersFor = (address: Ipv4): boolean => address === whoami): void =>
  void lan.hosts.push({ mac, answersFor })

/** RFC 5227 section 2.1.1. */
const probe = (mac: Mac): Uint8Array =>
  arpRequest({ mac, sender: 0 as Ipv4, target: whoami, destination: broadcastMac, sealedToken: undefined })

const defencesOf = (frames: readonly SeenFrame[]): readonly SeenFrame[] =>
  frames.filter(({ packet }) => packet.senderAddress === whoami && packet.targetAddress === whoami)

const questionsOf = (frames: readonly SeenFrame[]): readonly SeenFrame[] =>
  frames.filter(
    ({ packet }) =>
      packet.operation === "request" && packet.targetAddress === whoami && packet.senderAddress !== whoami,
  )

/** The shortest time between two of them. */
const apart = (frames: readonly SeenFrame[]): number =>
  frames.slice(1).reduce((least, { at }, i) => Math.min(least, at - frames[i]!.at), Infinity)

const movesOf = (lan: InMemoryLan): readonly (readonly [string | undefined, string | undefined])[] =>
  lan.stations.flatMap(({ outputs }) =>
    outputs.flatMap((output) => (output.kind === "moved" ? [[output.move.from, output.move.to] as const] : [])),
  )

/** Nodes that have listened long enough; nothing is held. */
const warm = (count: number): InMemoryLan => {
  const lan = new InMemoryLan()
  lan.startAll(count)
  lan.tell(lan.stations, [])
  lan.run(1500)
  return lan
}

/** Three nodes; w1 holds the address and has announced it. */
const holding = (): InMemoryLan => {
  const lan = warm(3)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(150)
  assert.deepEqual(lan.holders(whoami), ["w1"])
  return lan
}

/** Nodes of another cluster on the same LAN, with a key of their own. */
const neighbours = (lan: InMemoryLan, count: number, key = 9): readonly Station[] => {
  const secrets = { current: new Uint8Array(32).fill(key), next: undefined }
  const added = Array.from({ length: count }, () => lan.add(secrets, "cellar"))
  for (const station of added) lan.start(station)
  lan.run(1500)
  return added
}
