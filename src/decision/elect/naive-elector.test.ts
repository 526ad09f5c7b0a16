/** A second elector by lists and loops, with the platform's own SHA-256. */
import assert from "node:assert/strict"
import { createHash } from "node:crypto"
import { test } from "node:test"
import * as fc from "fast-check"
import { type Address, printAddress } from "../../net/address.ts"
import { clusterOf } from "../../cluster/cluster-fixture.ts"
import type { Cluster } from "../../cluster/cluster.ts"
import type { ServiceName } from "../../cluster/name.ts"
import type { Node } from "../../cluster/node.ts"
import { selects } from "../../cluster/selector.ts"
import { generatedStory, objectsOf } from "../generated-cluster.ts"
import { settle } from "../settle.ts"
import type { Election } from "./election.ts"
import { elect } from "./elector.ts"
import { whyNot } from "./why-not.ts"

test("orders as a naive elector does, and bars exactly those who are not in the order", () => {
  fc.assert(
    fc.property(generatedStory, (story) => {
      const { cluster } = settle(clusterOf(...objectsOf(story)), 1_800_000_000)
      for (const election of elect(cluster).values()) {
        const order = orderOf(election)
        assert.deepEqual(order, naiveOrder(cluster, election))
        if (order.length === 0) continue
        for (const node of cluster.nodes.keys())
          assert.equal(whyNot(cluster, election, node).kind === "barred", !order.includes(node))
      }
    }),
    { numRuns: 300 },
  )
})

/** The order by lists and loops: everybody who may for each Service that has a say, sorted by three keys. */
const naiveOrder = (cluster: Cluster, { group }: Election): readonly string[] => {
  const ballot = group.addresses[0]
  const speaking = group.services
    .map((name) => cluster.services.get(name)!)
    .filter((service) => (cluster.endpoints.get(service.name)?.serving.size ?? 0) > 0)
    .map((service) => ({ service, ads: naiveAds(cluster, service.name, ballot) }))
    .filter(
      ({ service, ads }) =>
        ads.length > 0 && !(service.hasSharingAnnotation && ads.some((ad) => ad.services.length > 0)),
    )
  if (speaking.length === 0) return []
  const may = [...cluster.nodes.values()].filter((node) =>
    speaking.every(({ service, ads }) => {
      const here = ads.filter((ad) => takes(ad, node))
      if (here.length === 0 || node.marks.has("excluded") || node.marks.has("network-unavailable")) return false
      if (service.policy === "Local" && !cluster.endpoints.get(service.name)!.serving.has(node.name)) return false
      return !cluster.speakers.has(node.name) || links(cluster, here, node).length > 0
    }),
  )
  const staying = may.filter((node) => !node.marks.has("leaving"))
  const { ads } = speaking[0]!
  const score = (node: Node): number =>
    ads
      .filter((ad) => takes(ad, node))
      .flatMap((ad) => ad.preferences)
      .reduce((sum, { weight, selector }) => sum + (selects(selector, node.labels) ? weight : 0), 0)
  const far = (node: Node): number =>
    links(
      cluster,
      ads.filter((ad) => takes(ad, node)),
      node,
    ).some((link) => link.addresses.some((own) => sameNetwork(own, ballot)))
      ? 0
      : 1
  const radio = (node: Node): number => {
    const here = ads.filter((ad) => takes(ad, node))
    const own = links(cluster, here, node)
    return own.length > 0 && own.every((link) => link.wireless) ? 1 : 0
  }
  const hash = (node: Node): string =>
    createHash("sha256")
      .update(`${node.name}#${printAddress(ballot)}`)
      .digest("hex")
  return (staying.length > 0 ? staying : may)
    .toSorted((a, b) => score(b) - score(a) || far(a) - far(b) || radio(a) - radio(b) || (hash(a) < hash(b) ? -1 : 1))
    .map((node) => node.name)
}

type Ads = Cluster["configuration"]["advertisements"]

const takes = (ad: Ads[0], node: Node): boolean =>
  ad.nodes.length === 0 || ad.nodes.some((selector) => selects(selector, node.labels))

const naiveAds = (cluster: Cluster, name: ServiceName, ballot: Address): Ads => {
  const service = cluster.services.get(name)!
  const address = service.reported.includes(ballot) ? ballot : service.reported[0]
  const pool = [...cluster.configuration.pools.values()].find((pool) =>
    pool.ranges.some(
      (range) =>
        address !== undefined &&
        typeof range.first === typeof address &&
        range.first <= address &&
        address <= range.last,
    ),
  )
  return cluster.configuration.advertisements.filter(
    (ad) =>
      pool !== undefined &&
      (ad.pools === "all" || ad.pools.has(pool.name)) &&
      (ad.services.length === 0 || ad.services.some((selector) => selects(selector, service.labels))),
  )
}

const links = (
  cluster: Cluster,
  ads: Ads,
  node: Node,
): NonNullable<ReturnType<Cluster["speakers"]["get"]>>["interfaces"] =>
  (cluster.speakers.get(node.name)?.interfaces ?? []).filter(
    (link) =>
      link.up &&
      link.master === undefined &&
      ads.some((ad) => ad.interfaces.length === 0 || ad.interfaces.includes(link.name)),
  )

const sameNetwork = (own: { readonly address: Address; readonly length: number }, other: Address): boolean => {
  if (typeof own.address !== typeof other) return false
  const bits = BigInt((typeof other === "number" ? 32 : 128) - own.length)
  return BigInt(own.address) >> bits === BigInt(other) >> bits
}

const orderOf = ({ outcome }: Election): readonly string[] =>
  outcome.kind === "ordered" ? outcome.order.map(({ node }) => node) : []
