import type { Instant } from "../time/instant.ts"
import type { Entry } from "./entry.ts"
import { spokenState } from "./outbox.ts"
import { isPromised, never, type Peer } from "./peer.ts"
import type { AddressPicture, PeerPicture, SegmentPicture } from "./picture.ts"
import { holderOf } from "./standing.ts"
import type { SegmentState } from "./state.ts"

/** What the segment knows and why, for people and for replay. */
export const pictureOf = (state: SegmentState, now: Instant): SegmentPicture => ({
  self: state.config.self,
  boot: state.config.boot,
  state: spokenState(state),
  connection: state.connection.is,
  silent: state.doubt !== undefined,
  peers: [...state.peers.values()].map((peer) => peerPicture(peer, now)),
  addresses: [...state.entries.values()].filter(isOfInterest).map((entry) => addressPicture(state, entry)),
  findings: [...state.findings.values()].map(({ finding }) => finding),
})

const isOfInterest = (entry: Entry): boolean =>
  entry.group !== undefined || entry.claims.size > 0 || entry.inherited !== undefined

const peerPicture = (peer: Peer, now: Instant): PeerPicture => ({
  node: peer.node,
  is: peer.is !== "alive" && isPromised(peer, now) ? "promised" : peer.is,
  state: peer.state,
  boot: peer.boot,
  heardMsAgo: ago(now, Math.max(peer.directAt, peer.echoAt)),
  witnessedMsAgo: ago(now, peer.witnessAt),
  detector: peer.detector,
  patience: peer.patience,
  claims: [...peer.claims].map((entry) => {
    const { grant, epoch } = entry.claims.get(peer.node)!
    return { key: entry.key, grant, epoch }
  }),
})

const ago = (now: Instant, then: number): number | undefined => (then === never ? undefined : now - then)

const addressPicture = (state: SegmentState, entry: Entry): AddressPicture => ({
  key: entry.key,
  grant: entry.group?.grant,
  state: entry.state,
  holder: entry.state.is === "holding" ? state.config.self : holderOf(state, entry)?.node,
  answered: state.doubt === undefined && (entry.state.is === "holding" || entry.inherited !== undefined),
  moves: entry.moves,
})
