import type { NodeId } from "./beat.ts"
import type { Entry } from "./entry.ts"
import type { GatewayLife } from "./input.ts"
import { clear, raise } from "./register.ts"
import { beatToAll, judgeAll, type SegmentState } from "./state.ts"

/** Whether this node should answer for the group: its data plane serves it, and its packets find the way out. */
export const isReady = (state: SegmentState, entry: Entry): boolean =>
  entry.group!.ready && gatewayElsewhere(state) === undefined

/**
 * A living peer that the gateway answers while it is silent to this node: then the fault is here, and not the gateway's.
 * What clients beyond it send would not arrive, though the peers hear this node well.
 */
export const gatewayElsewhere = (state: SegmentState): NodeId | undefined => {
  if (state.gateway !== "silent") return undefined
  for (const peer of state.peers.values()) if (peer.is === "alive" && peer.hasGateway) return peer.node
  return undefined
}

/** What this node knows of its gateway has changed. */
export const setGateway = (state: SegmentState, is: GatewayLife): void => {
  if (is === state.gateway) return
  state.gateway = is
  beatToAll(state)
  judgeAll(state)
}

/** Each interval: that the gateway answers others and not this node is a finding. */
export const reportGateway = (state: SegmentState): void => {
  const answers = gatewayElsewhere(state)
  if (answers !== undefined) raise(state, { code: "gateway-lost", answers })
  else if (state.findings.size > 0) clear(state, { code: "gateway-lost", answers: state.config.self })
}
