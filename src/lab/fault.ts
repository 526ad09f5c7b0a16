import { parseAddress, printAddress } from "../net/address.ts"

/** What can be broken on one machine. */
export type Fault =
  /** No power: its switch port is silent and its programs are gone; mended, it starts anew. */
  | { readonly kind: "power" }
  /** Its switch port forwards nothing; the machine still sees a carrier. */
  | { readonly kind: "cable" }
  /** Its link goes down: the machine sees that it has no carrier. */
  | { readonly kind: "carrier" }
  /** Its speaker is killed (SIGKILL) and not started again. */
  | { readonly kind: "speaker" }
  /** Its speaker stands still (SIGSTOP) and goes on when mended (SIGCONT). */
  | { readonly kind: "freeze" }
  /** Its programs cannot reach the API server. */
  | { readonly kind: "api" }
  /** So many of a hundred frames are lost, each way. */
  | { readonly kind: "loss"; readonly percent: number }
  /** Beats (UDP 7947) are lost, both ways; all else passes. */
  | { readonly kind: "beats" }
  /** ARP is lost, both ways; all else passes. */
  | { readonly kind: "arp" }
  /** What it sends to that machine is lost; the other way works. */
  | { readonly kind: "oneway"; readonly to: string }
  /** It answers for an address that is not its own, as a machine with a wrong setting does. */
  | { readonly kind: "twin"; readonly address: string }

export const faultForms =
  "power, cable, carrier, speaker, freeze, api, beats, arp, loss=20%, oneway=MACHINE (or oneway=FROM>TO), twin=ADDRESS"

/** Reads `power`, `loss=20%`, `oneway=w2`, `twin=10.69.1.156`. A string is what is wrong with it. */
export const parseFault = (text: string): Fault | string => {
  const [kind = "", value, rest] = text.split("=")
  if (rest !== undefined) return unknownFault(text)
  switch (kind) {
    case "power":
    case "cable":
    case "carrier":
    case "speaker":
    case "freeze":
    case "api":
    case "beats":
    case "arp":
      return value === undefined ? { kind } : `${kind} takes no value: say just ${kind}`
    case "loss":
      return parseLoss(value)
    case "oneway":
      return parseOneway(value)
    case "twin":
      return parseTwin(value)
    default:
      return unknownFault(text)
  }
}

const unknownFault = (text: string): string => `${text} is no fault; there are: ${faultForms}`

const parseOneway = (value: string | undefined): Fault | string => {
  if (!value) return "oneway needs the machine that hears nothing: w1 oneway=w2, or oneway=w1>w2"
  return value.includes(">")
    ? `oneway=${value} names no two machines: w1 oneway=w2, or oneway=w1>w2`
    : { kind: "oneway", to: value }
}

/** Where a fault is, and what it is there. */
export type PlacedFault = { readonly machine: string | undefined; readonly text: string }

/** `oneway=w1>w2` names its own machine: it is `oneway=w2` at `w1`. A string says that it contradicts `machine`. */
export const placeFault = (machine: string | undefined, text: string): PlacedFault | string => {
  const [, from, to] = /^oneway=([^>]+)>([^>]+)$/.exec(text) ?? []
  if (from === undefined || to === undefined) return { machine, text }
  if (machine === undefined || machine === from) return { machine: from, text: `oneway=${to}` }
  return `${text} breaks what ${from} sends, not ${machine}: leave ${machine} away, or say ${machine} oneway=${to}`
}

const parseLoss = (value: string | undefined): Fault | string => {
  const percent = /^(\d{1,3})%?$/.exec(value ?? "")?.[1]
  return percent !== undefined && Number(percent) >= 1 && Number(percent) <= 100
    ? { kind: "loss", percent: Number(percent) }
    : `loss needs a share from 1% to 100%: loss=20%`
}

const parseTwin = (value: string | undefined): Fault | string => {
  const address = parseAddress(value ?? "")
  return address === undefined
    ? `twin needs an address: twin=10.69.1.156`
    : { kind: "twin", address: printAddress(address) }
}

export const printFault = (fault: Fault): string => {
  switch (fault.kind) {
    case "loss":
      return `loss=${fault.percent}%`
    case "oneway":
      return `oneway=${fault.to}`
    case "twin":
      return `twin=${fault.address}`
    case "power":
    case "cable":
    case "carrier":
    case "speaker":
    case "freeze":
    case "api":
    case "beats":
    case "arp":
      return fault.kind
  }
}

export type ActiveFault = { readonly machine: string; readonly fault: Fault }
