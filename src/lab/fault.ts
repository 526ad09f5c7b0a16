import { type Address, parseAddress, printAddress } from "../net/address.ts"
import { parsePrefix, prefixHolds } from "../net/prefix.ts"
import { type ApiMisdeed, apiMisdeeds, isApiMisdeed } from "./api-server/faults.ts"

/** What can be broken on one machine; `proxy`, `api` and `api=...` also for everybody. */
export type Fault =
  /** `forMs`: it mends itself after that time. */
  | { readonly kind: PlainFault; readonly forMs?: number }
  /** Of one link alone, by its interface's name: the machine's other links live. */
  | { readonly kind: "cable" | "carrier"; readonly link: string }
  /** So many of a hundred frames are lost, each way. */
  | { readonly kind: "loss"; readonly percent: number }
  /** What it sends to that machine is lost; the other way works. */
  | { readonly kind: "oneway"; readonly to: string }
  /** It answers for an address that is not its own, as a machine with a wrong setting does. */
  | { readonly kind: "twin"; readonly address: string }
  /** Its links carry no packet longer than that. */
  | { readonly kind: "mtu"; readonly bytes: number }
  /** The API server misbehaves towards everybody. */
  | { readonly kind: "api-misdeed"; readonly how: ApiMisdeed }

/** Faults that need no value. */
export type PlainFault = keyof typeof plainFaults

const plainFaults = {
  /** No power: its switch port is silent and its programs are gone; mended, it starts anew. */
  power: true,
  /** It shuts down in order: its Node says so, its speaker is asked to stop (SIGTERM), then the power goes. */
  shutdown: true,
  /** Its switch port forwards nothing; the machine still sees a carrier. */
  cable: true,
  /** Its link goes down: the machine sees that it has no carrier. */
  carrier: true,
  /** Its switch port listens and forwards nothing, as spanning tree does with a port that has just come up. */
  blocked: true,
  /** Its switch port is out and in again, twice a second. */
  flap: true,
  /** Its speaker is killed (SIGKILL) and not started again. */
  speaker: true,
  /** Its speaker stands still (SIGSTOP) and goes on when mended (SIGCONT). */
  freeze: true,
  /** Its service proxy stands still: rules stay as they are, and its ports do not answer. */
  proxy: true,
  /** Its programs cannot reach the API server. */
  api: true,
  /** Beats (UDP 7947) are lost, both ways; all else passes. */
  beats: true,
  /** ARP is lost, both ways; all else passes. */
  arp: true,
  /** IPv6 is switched off on its links; mended, they have their addresses again. */
  ipv6: true,
} as const

/** A port that flaps is out for so long and in for so long: ten changes in five seconds are five ways out, five in. */
export const flapEveryMs = 500

/** As they are typed; a word that ends in `=` wants a value. */
export const faultWords: readonly string[] = [
  ...Object.keys(plainFaults),
  "loss=",
  "mtu=",
  "oneway=",
  "twin=",
  "cable=",
  "carrier=",
]

/** Those that can be typed without a machine. */
export const faultWordsForAll: readonly string[] = ["api", "proxy", ...apiMisdeeds.map((how) => `api=${how}`)]

export const faultForms: string = [
  ...Object.keys(plainFaults),
  "loss=20%",
  "mtu=1280",
  "oneway=MACHINE",
  "twin=ADDRESS",
  "cable=LINK",
  "carrier=LINK",
  `api=${apiMisdeeds.join("|")}`,
  "and with a time those without a value: freeze=10s",
].join(", ")

/** Reads `power`, `freeze=10s`, `loss=20%`, `oneway=w2`, `twin=10.69.1.156`. A string is what is wrong with it. */
export const parseFault = (text: string): Fault | string => {
  const [kind = "", value, rest] = text.split("=")
  if (rest !== undefined) return unknownFault(text)
  switch (kind) {
    case "loss":
      return parseLoss(value)
    case "mtu":
      return parseMtu(value)
    case "oneway":
      return parseOneway(value)
    case "twin":
      return parseTwin(value)
    default:
      return isPlain(kind) ? parsePlain(kind, value) : unknownFault(text)
  }
}

const isPlain = (kind: string): kind is PlainFault => Object.hasOwn(plainFaults, kind)

const unknownFault = (text: string): string => `${text} is no fault; there are: ${faultForms}`

const secondsMax = 86_400

const parsePlain = (kind: PlainFault, value: string | undefined): Fault | string => {
  if (value === undefined) return { kind }
  const seconds = /^(\d{1,5})s$/.exec(value)?.[1]
  if (seconds !== undefined)
    return Number(seconds) >= 1 && Number(seconds) <= secondsMax
      ? { kind, forMs: Number(seconds) * 1000 }
      : `${kind}=${value} is no time from 1s to ${secondsMax}s`
  if (kind === "api" && isApiMisdeed(value)) return { kind: "api-misdeed", how: value }
  if ((kind === "cable" || kind === "carrier") && /^[a-z][a-z0-9.-]{0,14}$/.test(value)) return { kind, link: value }
  const also = kind === "api" ? `, or api=${apiMisdeeds.join("|")}` : ""
  return `${kind} takes no value but a time: say just ${kind}, or ${kind}=10s${also}`
}

const parseMtu = (value: string | undefined): Fault | string => {
  const bytes = Number(/^\d{3,4}$/.exec(value ?? "")?.[0])
  return bytes >= mtuBytesMin && bytes < mtuBytesUsual
    ? { kind: "mtu", bytes }
    : `mtu needs bytes from ${mtuBytesMin} to ${mtuBytesUsual - 1}: mtu=1280`
}

/** What every host of IPv4 must take (RFC 791). */
const mtuBytesMin = 576
export const mtuBytesUsual = 1500

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
  return `${text} breaks what ${from} sends, not ${machine}: leave ${machine} out, or say ${machine} oneway=${to}`
}

const parseLoss = (value: string | undefined): Fault | string => {
  const percent = /^(\d{1,3})%?$/.exec(value ?? "")?.[1]
  return percent !== undefined && Number(percent) >= 1 && Number(percent) <= 100
    ? { kind: "loss", percent: Number(percent) }
    : `loss needs a share from 1% to 100%: loss=20%`
}

const parseTwin = (value: string | undefined): Fault | string => {
  const address = parseAddress(value ?? "")
  if (address === undefined) return "twin needs an address: twin=10.69.1.156"
  const sort = nobodysOwn.find(({ within }) => within.some((prefix) => prefixHolds(prefix, address)))?.sort
  return sort === undefined
    ? { kind: "twin", address: printAddress(address) }
    : `${printAddress(address)} is ${sort}, so no two machines can both have it: twin=10.69.1.156`
}

/** Addresses that no machine answers for on a wire. */
const nobodysOwn = [
  { sort: "a loopback address", within: ["127.0.0.0/8", "::1/128"] },
  { sort: "a multicast address", within: ["224.0.0.0/4", "ff00::/8"] },
  { sort: "the unspecified address", within: ["0.0.0.0/8", "::/128"] },
  { sort: "the broadcast address", within: ["255.255.255.255/32"] },
  { sort: "an IPv4-mapped address", within: ["::ffff:0:0/96"] },
].map(({ sort, within }) => ({ sort, within: within.flatMap((text) => parsePrefix(text) ?? []) }))

/** What makes no sense at that machine, whose own addresses these are; undefined where the fault does. */
export const whySenseless = (name: string, own: readonly Address[], fault: Fault): string | undefined => {
  if (fault.kind === "oneway" && fault.to === name)
    return `${name} sends itself nothing over a wire: name the other machine that is to hear nothing`
  if (fault.kind === "twin" && own.some((address) => printAddress(address) === fault.address))
    return `${fault.address} is ${name}'s own address: name one that another machine answers for`
  return undefined
}

export const printFault = (fault: Fault): string => {
  switch (fault.kind) {
    case "loss":
      return `loss=${fault.percent}%`
    case "mtu":
      return `mtu=${fault.bytes}`
    case "oneway":
      return `oneway=${fault.to}`
    case "twin":
      return `twin=${fault.address}`
    case "api-misdeed":
      return `api=${fault.how}`
    case "power":
    case "shutdown":
    case "cable":
    case "carrier":
    case "blocked":
    case "flap":
    case "speaker":
    case "freeze":
    case "proxy":
    case "api":
    case "beats":
    case "arp":
    case "ipv6":
      if ("link" in fault) return `${fault.kind}=${fault.link}`
      return fault.forMs === undefined ? fault.kind : `${fault.kind}=${fault.forMs / 1000}s`
  }
}

/** Whether two words mean the same thing to break; for how long does not matter. */
export const isSameFault = (one: Fault, other: Fault): boolean =>
  printFault(lasting(one)) === printFault(lasting(other))

const lasting = (fault: Fault): Fault => ("forMs" in fault ? { kind: fault.kind } : fault)

/** Whether both cannot be at once: an API server misbehaves in one way at a time, and a link has one MTU. */
export const excludes = (present: Fault, next: Fault): boolean =>
  isSameFault(present, next) || (present.kind === next.kind && (next.kind === "api-misdeed" || next.kind === "mtu"))

/** Faults that one can break for everybody, without a machine. */
export const isForAll = ({ kind }: Fault): boolean => kind === "api" || kind === "proxy" || kind === "api-misdeed"

/** Whose fault it is when it is broken for everybody. */
export const everybody = "*"

export type ActiveFault = { readonly machine: string; readonly fault: Fault }

/** `w3: power`; what is everybody's stands alone. */
export const printActive = ({ machine, fault }: ActiveFault): string =>
  machine === everybody ? printFault(fault) : `${machine}: ${printFault(fault)}`

/** Why the same is not broken twice. */
export const brokenAlready = ({ machine, fault }: ActiveFault): string =>
  `${printFault(fault)} is broken${machine === everybody ? "" : ` at ${machine}`} already; mend it first`
