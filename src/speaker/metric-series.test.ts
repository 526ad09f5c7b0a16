import assert from "node:assert/strict"
import { test } from "node:test"
import { parseIpv4 } from "../net/address.ts"
import { holdOf, InMemoryLan } from "./announcer/in-memory-lan.ts"
import { metricSeries, type Series } from "./metric-series.ts"
import { Watcher } from "./watcher/watcher.ts"

const order = ["w1", "w2", "w3"]

test("moves are counted by reason, at the node that gave and at the one that took", () => {
  const lan = holding()
  lan.tell(lan.stations, [holdOf("192.168.40.200", order, { moveTo: "w2" })])
  lan.run(1000)
  assert.deepEqual(seriesOf(lan, 1, "porchlight_moves_total"), ["first-claim 1", "handed-over 1"])
  assert.deepEqual(seriesOf(lan, 2, "porchlight_moves_total"), ["offered 1"])
})

test("findings that stand are counted by code, and are gone when they are", () => {
  const lan = holding()
  lan.hosts.length = 0
  lan.stations[1]!.on = false
  lan.stations[2]!.on = false
  lan.run(10_000)
  assert.deepEqual(seriesOf(lan, 1, "porchlight_findings"), ["hears-nothing 1"])
  lan.stations[1]!.on = true
  lan.run(1000)
  assert.deepEqual(seriesOf(lan, 1, "porchlight_findings"), [])
})

test("what is dropped is counted by its reason, whoever sends it", () => {
  const lan = holding()
  for (let i = 0; i < 3; i++) lan.feed(lan.stations[0]!, { kind: "frame", linkIndex: 2, bytes: new Uint8Array(14) })
  const from = parseIpv4("192.168.40.99")!
  lan.feed(lan.stations[0]!, { kind: "datagram", linkIndex: 2, from, ttl: 255, bytes: new Uint8Array(200) })
  const series = seriesOf(lan, 1, "porchlight_frames_dropped_total")
  assert.equal(series.length, 2)
  assert.ok(series.includes("beat-not-a-beat 1"), String(series))
})

test("beats are counted as they leave and as they arrive", () => {
  const lan = holding()
  const before = [count(lan, "porchlight_beats_sent_total"), count(lan, "porchlight_beats_received_total")]
  lan.run(1000)
  assert.deepEqual(
    [count(lan, "porchlight_beats_sent_total"), count(lan, "porchlight_beats_received_total")],
    before.map((beats) => beats + 20),
  )
})

type Metric = Parameters<ReturnType<typeof metricSeries>["get"]>[0]

const read = (lan: InMemoryLan, number: number, metric: Metric): readonly Series[] =>
  metricSeries(lan.stations[number - 1]!.announcer, watcher, lan.at()).get(metric)!

const seriesOf = (lan: InMemoryLan, number: number, metric: Metric): readonly string[] =>
  read(lan, number, metric).map(({ labels, value }) => `${Object.values(labels).join()} ${value}`)

const count = (lan: InMemoryLan, metric: Metric): number => read(lan, 1, metric)[0]!.value

const watcher = new Watcher({
  node: "w1",
  namespace: "metallb-system",
  pod: undefined,
  loadBalancerClass: undefined,
  ignoresExcludeLabel: false,
  version: "test",
})

/** w1 of three nodes holds an address. */
const holding = (): InMemoryLan => {
  const lan = new InMemoryLan()
  lan.startAll(3)
  lan.run(3000)
  lan.tell(lan.stations, [holdOf("192.168.40.200", order)])
  lan.run(8000)
  return lan
}
