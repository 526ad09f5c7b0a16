import { type Address, printAddress } from "../net/address.ts"
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

/** All that a scrape shows, in MetalLB's names. One series an address this node ever answered for. */
export const metricSeries = (announcer: Announcer, watcher: Watcher): ReadonlyMap<SpeakerMetric, readonly Series[]> => {
  const { counts, view } = watcher
  const one = (value: number | boolean): readonly Series[] => [{ labels: {}, value: Number(value) }]
  const tallies = [...announcer.tally.addresses]
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
  ])
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
