import type { NodeName } from "../../cluster/name.ts"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import type { KubernetesObject } from "../../kubernetes/object.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { printAddress } from "../../net/address.ts"
import type { Interface } from "../../net/interface.ts"
import { printMac } from "../../net/mac.ts"
import type { JudgedLink } from "../announcer/link-assignment.ts"
import type { AnnouncerReport, Move, ReportedHold } from "../announcer/report.ts"
import { tellFinding, type ToldFinding } from "./finding-text.ts"

/** Holds listed in one object: 4,096 of them are about 700 KiB of the 1.5 MiB that etcd takes. `holdCount` has them all. */
export const holdsListedMax = 4096

/** It belongs to its Node, and goes with it. */
export const speakerObject = (node: NodeName, nodeUid: string | undefined): KubernetesObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "Speaker",
  metadata: {
    name: node,
    ...(nodeUid !== undefined && {
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: node, uid: nodeUid }],
    }),
  },
})

/**
 * What this node's speaker tells of itself, as `cluster/read` reads it back on every other.
 *
 * @param findings the watcher's own, besides those of the report
 */
export const speakerStatus = (
  report: AnnouncerReport,
  findings: readonly ToldFinding[],
  dataPlaneReady: boolean,
  version: string,
): JsonObject => ({
  version,
  state: stateOf(report),
  dataPlaneReady,
  segments: report.segments.map(({ segment, link, state, connection, hears }) => ({
    segment,
    link,
    state,
    connection,
    hears: [...hears],
  })),
  interfaces: report.links.map((judged) => interfaceStatus(judged, report.links)),
  holdCount: report.holds.reduce((count, { addresses }) => count + addresses.length, 0),
  holds: report.holds.flatMap(holdStatus).slice(0, holdsListedMax),
  contested: report.contested.map(({ address, mac, stranger, link }) => ({
    address: printAddress(address),
    mac: printMac(mac),
    class: stranger.is,
    link,
    ...("node" in stranger && { node: stranger.node }),
  })),
  findings: [...findings, ...report.findings.map(tellFinding)] satisfies readonly Json[],
  moves: report.moves.map(moveStatus),
})

/** Of several segments the one that is worst off. */
const stateOf = ({ segments }: AnnouncerReport): string =>
  ["doubting", "leaving", "restarting", "warming", "active"].find((state) =>
    segments.some((segment) => segment.state === state),
  ) ?? "no-segment"

const interfaceStatus = ({ device, use }: JudgedLink, all: readonly JudgedLink[]): JsonObject => {
  const master = masterOf(device, all)
  return {
    name: device.name,
    ...(device.mac !== undefined && { mac: printMac(device.mac) }),
    up: device.up && device.running,
    ...(device.kind === "wifi" && { wireless: true }),
    ...(master !== undefined && { master }),
    addresses: device.addresses
      .filter(({ state, address }) => state === "usable" && address !== device.linkLocal)
      .map(({ address, length }) => `${printAddress(address)}/${length}`),
    use,
  }
}

/** A VRF speaks for nobody, so it is no master here. */
const masterOf = ({ master }: Interface, all: readonly JudgedLink[]): string | undefined => {
  if (master === undefined || master.kind === "vrf") return undefined
  return all.find(({ device }) => device.index === master.index)?.device.name ?? `interface ${master.index}`
}

const holdStatus = (hold: ReportedHold): readonly JsonObject[] =>
  hold.addresses.map((address) => ({
    address: printAddress(address),
    link: hold.link,
    grant: hold.grant,
    epoch: hold.epoch,
    since: printTimestamp(hold.since),
    ...(hold.gatewayConfirmedAt !== undefined && { gatewayConfirmedAt: printTimestamp(hold.gatewayConfirmedAt) }),
  }))

const moveStatus = ({ at, link, key, from, to, because }: Move): JsonObject => ({
  at: printTimestamp(at),
  address: printAddress(key),
  link,
  ...(from !== undefined && { from }),
  ...(to !== undefined && { to }),
  reason: because.code,
  ...("because" in because && { offeredBecause: because.because.code }),
  // One whose claim came by hearsay was never heard.
  ...("silentMs" in because && Number.isFinite(because.silentMs) && { silentMs: Math.round(because.silentMs) }),
})
