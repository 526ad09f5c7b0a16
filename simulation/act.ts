import { portInWords, type Weather } from "./lan.ts"
import type { Port } from "./packet.ts"

/** A node by its port, or by the part it plays in group 0 when the story first names it. */
export type Role = Port | "holder" | "successor"

/** Something that befalls the world. A story is a list of acts; a shorter list that still fails is a better story. */
export type Act = { readonly at: number } & (
  | { readonly do: "start" | "crash" | "crash-unless-holder"; readonly node: Role }
  /** The process does not run for a while. `seen`: its clock shows the gap. So many packets wait in each socket; more are lost. */
  | {
      readonly do: "freeze"
      readonly node: Role
      readonly forMs: number
      readonly seen: boolean
      readonly buffer: number
    }
  | { readonly do: "cut" | "mend"; readonly from: Role; readonly to: Role; readonly segment: number }
  | { readonly do: "unplug" | "plug" | "deafen" | "undeafen"; readonly node: Role; readonly segment: number }
  | {
      readonly do: "filter" | "unfilter"
      readonly node: Role
      readonly segment: number
      readonly channel: "beat" | "arp"
    }
  | { readonly do: "weather"; readonly weather: Weather }
  /** So much of what passes one port is lost, either way; 0: it is well again. */
  | { readonly do: "lossy"; readonly node: Role; readonly segment: number; readonly loss: number }
  /** The node's wall clock is so far off from now on. */
  | { readonly do: "clock"; readonly node: Role; readonly offsetS: number }
  /** SIGTERM. `backAfterMs`: after the exit a new process starts; undefined: none does. */
  | {
      readonly do: "stop"
      readonly node: Role
      readonly how: "restarting" | "leaving"
      readonly backAfterMs: number | undefined
    }
  | { readonly do: "api"; readonly node: Role; readonly reachable: boolean }
  /** The controller gives the address to somebody else: a higher grant, a new order. */
  | { readonly do: "grant"; readonly group: number; readonly order: readonly Port[] }
  | { readonly do: "order"; readonly group: number; readonly order: readonly Port[] }
  | { readonly do: "delete"; readonly group: number }
  | { readonly do: "ready"; readonly node: Role; readonly ready: boolean }
  /** The holder is told to give the group to that node. */
  | { readonly do: "give"; readonly group: number; readonly to: Role }
  | { readonly do: "stranger"; readonly answers: boolean }
)

/** What happened, in words. */
export const actInWords = (act: Act, nameOf: (role: Role) => string = roleInWords): string => {
  switch (act.do) {
    case "start":
      return `node ${nameOf(act.node)} starts`
    case "crash-unless-holder":
      return `node ${nameOf(act.node)} crashes, unless it is the holder`
    case "crash":
      return `node ${nameOf(act.node)} crashes`
    case "freeze":
      return `node ${nameOf(act.node)} does not run for ${Math.round(act.forMs)} ms (${act.seen ? "its clock shows it" : "its clock stands too"}; ${act.buffer} packets fit its sockets)`
    case "cut":
      return `frames from ${nameOf(act.from)} no longer reach ${nameOf(act.to)} on segment ${act.segment}`
    case "mend":
      return `frames from ${nameOf(act.from)} reach ${nameOf(act.to)} again on segment ${act.segment}`
    case "unplug":
      return `node ${nameOf(act.node)}'s port on segment ${act.segment} goes dark`
    case "plug":
      return `node ${nameOf(act.node)}'s port on segment ${act.segment} is back`
    case "deafen":
      return `node ${nameOf(act.node)} receives nothing on segment ${act.segment}, and still sends`
    case "undeafen":
      return `node ${nameOf(act.node)} receives again on segment ${act.segment}`
    case "filter":
      return `${act.channel} packets are filtered at node ${nameOf(act.node)} on segment ${act.segment}`
    case "unfilter":
      return `${act.channel} packets pass node ${nameOf(act.node)} again on segment ${act.segment}`
    case "weather":
      return `loss ${Math.round(act.weather.loss * 100)} %, delay ${act.weather.delayMs.map((ms) => ms.toFixed(1)).join("-")} ms, duplicates ${Math.round(act.weather.duplicates * 100)} %`
    case "lossy":
      return `node ${nameOf(act.node)}'s port on segment ${act.segment} loses ${Math.round(act.loss * 100)} %`
    case "clock":
      return `node ${nameOf(act.node)}'s wall clock is set ${Math.round(act.offsetS)} s off`
    case "stop":
      return `node ${nameOf(act.node)} is told to stop: ${act.how}${act.backAfterMs === undefined ? "" : `, back ${Math.round(act.backAfterMs)} ms after its exit`}`
    case "api":
      return act.reachable
        ? `node ${nameOf(act.node)} has its API server again`
        : `node ${nameOf(act.node)} loses its API server`
    case "grant":
      return `group ${act.group} is given anew, order ${act.order.join(" ")}`
    case "order":
      return `group ${act.group} has another order, ${act.order.join(" ")}`
    case "delete":
      return `group ${act.group} is deleted`
    case "ready":
      return `node ${nameOf(act.node)} is ${act.ready ? "ready" : "not ready"}`
    case "give":
      return `the holder of group ${act.group} is told to give it to ${nameOf(act.to)}`
    case "stranger":
      return act.answers ? "a stranger answers for every address" : "the stranger falls silent"
  }
}

const roleInWords = (role: Role): string => (typeof role === "number" ? portInWords(role) : role)
