import type { Mac } from "../../src/net/mac.ts"

/**
 * One entry of a host's neighbour cache as Linux keeps it (RFC 4861 section 7.3.2; net/core/neighbour.c). Without a MAC it
 * is being asked for.
 */
export type Neighbour = {
  mac: Mac | undefined
  state: "incomplete" | "reachable" | "stale" | "delay" | "probe"
  /** When its MAC or state last changed. */
  updatedAt: number
  reachableUntil: number
  /** When it is looked at next: the end of the delay, or of a question. */
  dueAt: number
  asked: number
}

/** Defaults of net.ipv4.neigh.default and net.ipv6.neigh.default. */
export const neighbourTiming = {
  /** "If several different ARP replies follow back-to-back, use the first one." */
  locktimeMs: 1000,
  /** Of 30 s the half to one and a half. */
  reachableMs: [15_000, 45_000],
  delayMs: 5000,
  retransMs: 1000,
  questions: 3,
} as const

export const newNeighbour = (now: number): Neighbour => ({
  mac: undefined,
  state: "incomplete",
  updatedAt: now,
  reachableUntil: 0,
  dueAt: now,
  asked: 0,
})

/** What a frame says of the entry's address. */
export type News = {
  readonly mac: Mac
  /** It came to this host alone, as the answer to its question. */
  readonly solicited: boolean
  /** It may replace another MAC. */
  readonly override: boolean
}

/** Whether the entry's MAC is another one now. */
export const learn = (entry: Neighbour, { mac, solicited, override }: News, now: number, lifeMs: number): boolean => {
  const isOther = entry.mac !== undefined && entry.mac !== mac
  if (isOther && !override) return false
  const isFresh = entry.mac === undefined || isOther
  if (solicited) {
    entry.reachableUntil = now + lifeMs
    become(entry, "reachable", now)
  } else if (isFresh) become(entry, "stale", now)
  if (isFresh) {
    entry.mac = mac
    entry.updatedAt = now
  }
  return isFresh
}

const become = (entry: Neighbour, state: Neighbour["state"], now: number): void => {
  if (entry.state === state) return
  entry.state = state
  entry.updatedAt = now
  entry.asked = 0
  entry.dueAt = Infinity
}

/** What using the entry, or time, makes necessary: a question to all, to the known MAC, nothing, or giving it up. */
export type Duty = "ask-all" | "ask-it" | "give-up" | undefined

/** A packet is sent to the address. */
export const use = (entry: Neighbour, now: number): Duty => {
  if (entry.state === "reachable" && now > entry.reachableUntil) become(entry, "stale", now)
  if (entry.state === "stale") {
    become(entry, "delay", now)
    entry.dueAt = now + neighbourTiming.delayMs
  }
  return attend(entry, now)
}

/** Time has passed. */
export const attend = (entry: Neighbour, now: number): Duty => {
  if (now < entry.dueAt) return undefined
  if (entry.state === "delay") become(entry, "probe", now)
  if (entry.state !== "probe" && entry.state !== "incomplete") return undefined
  if (entry.asked === neighbourTiming.questions) return "give-up"
  entry.asked++
  entry.dueAt = now + neighbourTiming.retransMs
  return entry.state === "probe" ? "ask-it" : "ask-all"
}
