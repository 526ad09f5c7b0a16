import type { Json, JsonObject } from "../kubernetes/http.ts"
import { printTimestamp } from "../kubernetes/timestamp.ts"
import { type Address, type NonEmpty, parseAddress, printAddress } from "../net/address.ts"
import { field, listAt, numberAt, textAt, textsAt } from "../kubernetes/json.ts"
import { printMac } from "../net/mac.ts"
import type { AddressPicture, PeerPicture } from "../ownership/picture.ts"
import type { At, Instant } from "../time/instant.ts"
import type { Announcer } from "./announcer/announcer.ts"
import type { InheritedHold } from "./announcer/input.ts"
import type { Lan } from "./announcer/lan.ts"
import { speakerStatus } from "./watcher/speaker-object.ts"
import type { Watcher } from "./watcher/watcher.ts"

/** All of a speaker as JSON: what the command line, a bug report and the process that follows it read. Times are ages in milliseconds. */
export const inspection = (announcer: Announcer, watcher: Watcher, version: string, at: At): JsonObject => ({
  apiVersion: "porchlight.dev/v1alpha1",
  kind: "SpeakerInspection",
  node: announcer.node,
  at: printTimestamp(at.wallSeconds),
  ...speakerStatus(announcer.report(at), watcher.findings, watcher.view.dataPlaneWorks, version),
  viewComplete: watcher.view.isComplete,
  segments: announcer.lans.map((lan) => segment(lan, at.now)),
  answers: announcer.table
    .entries()
    .map(({ linkIndex, address, grant }) => ({ linkIndex, address: printAddress(address), grant })),
  dropped: Object.fromEntries(announcer.tally.dropped),
  beats: { sent: announcer.tally.beatsSent, received: announcer.tally.beatsReceived },
})

const segment = (lan: Lan, now: Instant): Json => {
  const picture = lan.picture(now)
  return {
    segment: lan.name,
    link: lan.link.name,
    boot: picture.boot,
    state: picture.state,
    connection: picture.connection,
    silent: picture.silent,
    peers: picture.peers.map((peer) => peerOf(peer, lan)),
    addresses: picture.addresses.map((address) => addressOf(address, lan, now)),
    held: lan.held.map(({ key, addresses, grant, epoch }) => ({
      key: printAddress(key),
      addresses: addresses.map(printAddress),
      grant,
      epoch,
    })),
  }
}

const peerOf = (peer: PeerPicture, lan: Lan): Json => {
  const [mac, address] = [lan.directory.macOf(peer.node), lan.directory.addressOf(peer.node)]
  return {
    node: lan.directory.nameOf(peer.node),
    is: peer.is,
    detector: peer.detector,
    patience: peer.patience,
    claims: peer.claims.length,
    ...(peer.state !== undefined && { state: peer.state }),
    ...(mac !== undefined && { mac: printMac(mac) }),
    ...(address !== undefined && { address: printAddress(address) }),
    ...(peer.heardMsAgo !== undefined && { heardMsAgo: Math.round(peer.heardMsAgo) }),
    ...(peer.witnessedMsAgo !== undefined && { witnessedMsAgo: Math.round(peer.witnessedMsAgo) }),
  }
}

const addressOf = ({ key, state, holder, answered, moves, grant }: AddressPicture, lan: Lan, now: Instant): Json => {
  const confirmedAt = lan.voice.confirmedAt(key)
  return {
    key: printAddress(key),
    is: state.is,
    answered,
    moves,
    ...(grant !== undefined && { grant }),
    ...(holder !== undefined && { holder: lan.directory.nameOf(holder) }),
    ...("why" in state && { why: state.why }),
    ...(state.is === "waiting" && { for: state.for }),
    ...(state.is === "holding" && { epoch: state.epoch, heldMs: Math.round(now - state.since) }),
    ...(state.is === "conflict" && { mac: printMac(state.mac) }),
    ...(confirmedAt !== undefined && { gatewayConfirmedMsAgo: Math.round(now - confirmedAt) }),
  }
}

/** What the old process of this node answers for, from its inspection. Entries that cannot be read are left out. */
export const readInherited = (inspected: Json): readonly InheritedHold[] =>
  listAt(inspected, "segments").flatMap((lan) => {
    const name = textAt(lan, "segment")
    if (name === undefined || field(lan, "silent") === true) return []
    return listAt(lan, "held").flatMap((held) => readHeld(name, held))
  })

const readHeld = (segment: string, held: Json): readonly InheritedHold[] => {
  const key = parseAddress(textAt(held, "key") ?? "")
  const [grant, epoch] = [numberAt(held, "grant"), numberAt(held, "epoch")]
  const addresses = textsAt(held, "addresses").flatMap((text) => parseAddress(text) ?? [])
  if (key === undefined || grant === undefined || epoch === undefined || !isNonEmpty(addresses)) return []
  return [{ segment, key, addresses, grant, epoch }]
}

const isNonEmpty = (addresses: readonly Address[]): addresses is NonEmpty<Address> => addresses.length > 0
