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
  "power, cable, carrier, speaker, freeze, api, beats, arp, loss=20%, oneway=MACHINE, twin=ADDRESS"

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

/** `oneway=w2`, or with the sender before it: `oneway=w1>w2`. */
const parseOneway = (value: string | undefined): Fault | string => {
  const to = value?.split(">").at(-1)
  return to ? { kind: "oneway", to } : "oneway needs the machine that hears nothing: oneway=w2"
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
