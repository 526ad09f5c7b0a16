import { type Address, printAddress } from "../net/address.ts"
import type { At } from "../time/instant.ts"
import type { Announcer } from "./announcer/announcer.ts"
import type { AddressTally } from "./announcer/tally.ts"
import type { Watcher } from "./watcher/watcher.ts"

export type Series = { readonly labels: Readonly<Record<string, string>>; readonly value: number }

type SpeakerMetric =
  | "metallb_k8s_client_updates_total"
  | "metallb_k8s_client_update_errors_total"
  | "metallb_k8s_client_config_loaded_bool"
  | "metallb_k8s_client_config_stale_bool"
  | "metallb_speaker_announced"
  | "metallb_layer2_requests_received"
  | "metallb_layer2_responses_sent"
  | "metallb_layer2_gratuitous_sent"
  | "porchlight_contested_addresses"
  | "porchlight_frames_dropped_total"
  | "porchlight_moves_total"
  | "porchlight_findings"
  | "porchlight_beats_sent_total"
  | "porchlight_beats_received_total"

/**
 * All that a scrape shows, in MetalLB's names where it has one. One series an address this node ever answered for; every
 * other label is of a closed set.
 */
export const metricSeries = (
  announcer: Announcer,
  watcher: Watcher,
  at: At,
): ReadonlyMap<SpeakerMetric, readonly Series[]> => {
  const { counts, view } = watcher
  const { tally } = announcer
  const one = (value: number | boolean): readonly Series[] => [{ labels: {}, value: Number(value) }]
  const tallies = [...tally.addresses]
  const each = (count: (tally: AddressTally) => number): readonly Series[] =>
    tallies.map(([address, tally]) => ({ labels: { ip: printAddress(address) }, value: count(tally) }))
  return new Map<SpeakerMetric, readonly Series[]>([
    ["metallb_k8s_client_updates_total", one(counts.updates)],
    ["metallb_k8s_client_update_errors_total", one(counts.updateErrors)],
    ["metallb_k8s_client_config_loaded_bool", one(counts.configLoaded)],
    ["metallb_k8s_client_config_stale_bool", one(counts.configStale)],
    ["metallb_speaker_announced", announced(announcer, (key) => view.servicesOf(key).map(({ name }) => name))],
    ["metallb_layer2_requests_received", each((tally) => tally.requestsReceived)],
    ["metallb_layer2_responses_sent", each((tally) => tally.responsesSent)],
    ["metallb_layer2_gratuitous_sent", each((tally) => tally.gratuitousSent)],
    ["porchlight_contested_addresses", contested(announcer)],
    ["porchlight_frames_dropped_total", by("reason", tally.dropped)],
    ["porchlight_moves_total", by("reason", tally.moves)],
    ["porchlight_findings", by("code", findings(announcer, at))],
    ["porchlight_beats_sent_total", one(tally.beatsSent)],
    ["porchlight_beats_received_total", one(tally.beatsReceived)],
  ])
}

const by = (label: string, counts: ReadonlyMap<string, number>): readonly Series[] =>
  [...counts].map(([value, count]) => ({ labels: { [label]: value }, value: count }))

/** Findings that stand, by code. */
const findings = (announcer: Announcer, at: At): ReadonlyMap<string, number> => {
  const { findings } = announcer.report(at)
  const codes = Map.groupBy(findings, (one) => (one.code === "segment" ? one.finding.code : one.code))
  return new Map([...codes].map(([code, some]) => [code, some.length]))
}

const announced = (announcer: Announcer, servicesOf: (key: Address) => readonly string[]): readonly Series[] =>
  announcer.lans.flatMap((lan) =>
    lan.held.flatMap(({ key, addresses }) =>
      servicesOf(key).flatMap((service) =>
        addresses.map((address) => ({
          labels: { service, protocol: "layer2", node: announcer.node, ip: printAddress(address) },
          value: 1,
        })),
      ),
    ),
  )

/** An address counts once for each class of stranger; a class is gone when nobody of it is left. */
const contested = (announcer: Announcer): readonly Series[] => {
  const answers = announcer.lans.flatMap((lan) => lan.contested)
  const byClass = Map.groupBy(answers, ({ stranger }) => stranger.is)
  return [...byClass].map(([is, some]) => ({
    labels: { class: is },
    value: new Set(some.map(({ address }) => address)).size,
  }))
}
