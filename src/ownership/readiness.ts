import type { Instant } from "../time/instant.ts"
import type { NodeId } from "./beat.ts"
import type { Entry } from "./entry.ts"
import type { GatewayLife } from "./input.ts"
import { clear, raise } from "./register.ts"
import { beatToAll, judgeAll, type SegmentState } from "./state.ts"

/** Whether this node should answer for the group: its data plane serves it, and its packets find the way out. */
export const isReady = (state: SegmentState, entry: Entry): boolean => entry.group!.ready && !state.gatewayLost

/** What this node knows of its gateway has changed. */
export const setGateway = (state: SegmentState, is: GatewayLife, now: Instant): void => {
  if (is === state.gateway) return
  state.gateway = is
  state.gatewaySince = now
  beatToAll(state)
  compareGateways(state)
}

/** Each interval: a gateway that answers others and not this node makes it not ready, and is a finding. */
export const compareGateways = (state: SegmentState): void => {
  const answers = gatewayElsewhere(state)
  const isLost = answers !== undefined
  if (isLost === state.gatewayLost) return
  state.gatewayLost = isLost
  if (isLost) raise(state, { code: "gateway-lost", answers })
  else clear(state, { code: "gateway-lost", answers: state.config.self })
  judgeAll(state)
}

/**
 * A living peer that has said since that the gateway answers it: then the fault is here, and not the gateway's. What
 * clients beyond it send would not arrive, though the peers hear this node well.
 */
const gatewayElsewhere = (state: SegmentState): NodeId | undefined => {
  if (state.gateway !== "silent") return undefined
  for (const peer of state.peers.values())
    if (peer.is === "alive" && peer.hasGateway && peer.directAt >= state.gatewaySince) return peer.node
  return undefined
}
