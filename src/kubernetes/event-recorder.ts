import type { JsonObject } from "./http.ts"
import type { KubernetesObject } from "./object.ts"
import { createCall, mergePatchCall, type Call } from "./request.ts"
import type { Resource } from "./resource.ts"
import { printTimestamp } from "./timestamp.ts"
import type { At } from "../time/instant.ts"
import type { WriterEvent } from "./writer.ts"

/** Something to tell about an object, as `kubectl describe` shows it. */
export type Happening = {
  readonly about: {
    readonly apiVersion: string
    readonly kind: string
    readonly name: string
    readonly namespace?: string
    readonly uid?: string
  }
  readonly type: "Normal" | "Warning"
  readonly reason: string
  readonly message: string
}

/** A write for the `Writer`. The keys of a recorder begin with `event/`. */
export type EventWrite = { readonly key: string; readonly call: Call }

/**
 * Makes core/v1 Events. The same words about the same object within ten minutes are one Event with a count, and an
 * object that keeps on talking is cut short: 25 Events, then one in five minutes (the figures of client-go's recorder).
 */
export type EventRecorder = {
  /** Undefined where it waits for the Event's creation, or the object has said too much. */
  readonly record: (happening: Happening, at: At) => EventWrite | undefined
  /** What the writer says about keys of this recorder; others are ignored. */
  readonly heard: (event: WriterEvent) => EventWrite | undefined
}

const events: Resource = { group: "", version: "v1", plural: "events", kind: "Event" }
const sameWithinSeconds = 600
const burst = 25
const refillSeconds = 300
/** The server takes 1024 bytes of a message. */
const longestMessage = 1024
/** An Event's name is at most 253 characters, of which the suffix takes 24. */
const longestName = 228
const remembered = 4096

type Told = {
  readonly key: string
  readonly name: string
  readonly namespace: string
  readonly words: string
  readonly firstSeconds: number
  lastSeconds: number
  count: number
  writtenCount: number
  created: boolean
}
type Allowance = { left: number; readonly sinceSeconds: number }

/** `component` is whom `kubectl describe` names under From; `host` the node it ran on. */
export const createEventRecorder = (component: string, host?: string): EventRecorder => {
  const byWords = new Map<string, Told>()
  const byKey = new Map<string, Told>()
  const allowances = new Map<string, Allowance>()
  let made = 0

  const mayTell = (happening: Happening, at: At): boolean => {
    const about = aboutText(happening)
    const before = allowances.get(about) ?? { left: burst, sinceSeconds: at.wallSeconds }
    const refills = Math.max(0, Math.floor((at.wallSeconds - before.sinceSeconds) / refillSeconds))
    const left = Math.min(burst, before.left + refills)
    allowances.delete(about)
    allowances.set(about, { left: Math.max(0, left - 1), sinceSeconds: before.sinceSeconds + refills * refillSeconds })
    dropOldest(allowances)
    return left > 0
  }

  const begin = (happening: Happening, words: string, at: At): EventWrite => {
    made += 1
    const suffix = `${Math.floor(at.wallSeconds).toString(16)}.${((at.entropy + made) >>> 0).toString(16)}`
    const name = `${happening.about.name.slice(0, longestName)}.${suffix}`
    const namespace = happening.about.namespace ?? "default"
    const key = `event/${namespace}/${name}`
    const seconds = at.wallSeconds
    const told: Told = {
      key,
      name,
      namespace,
      words,
      firstSeconds: seconds,
      lastSeconds: seconds,
      count: 1,
      writtenCount: 1,
      created: false,
    }
    byWords.set(words, told)
    byKey.set(key, told)
    const oldest = dropOldest(byWords)
    if (oldest !== undefined) byKey.delete(oldest.key)
    return { key, call: createCall(events, eventObject(happening, told, component, host)) }
  }

  const recount = (told: Told): EventWrite | undefined => {
    if (!told.created || told.writtenCount === told.count) return undefined
    told.writtenCount = told.count
    const place = { resource: events, name: told.name, namespace: told.namespace }
    const patch: JsonObject = { count: told.count, lastTimestamp: printTimestamp(told.lastSeconds) }
    return { key: told.key, call: mergePatchCall(place, patch) }
  }

  const forget = (told: Told): void => {
    byKey.delete(told.key)
    if (byWords.get(told.words) === told) byWords.delete(told.words)
  }

  return {
    record: (happening, at) => {
      if (!mayTell(happening, at)) return undefined
      const words = `${aboutText(happening)} ${happening.type} ${happening.reason} ${happening.message}`
      const told = byWords.get(words)
      if (told === undefined || Math.abs(at.wallSeconds - told.firstSeconds) > sameWithinSeconds)
        return begin(happening, words, at)
      told.count += 1
      told.lastSeconds = at.wallSeconds
      return recount(told)
    },

    heard: (event) => {
      const told = byKey.get(event.key)
      if (told === undefined) return undefined
      if (event.kind === "refused") forget(told)
      // A conflict at creation means that the first try arrived and its answer was lost.
      if (event.kind === "written" || event.kind === "conflicted") told.created = true
      return told.created ? recount(told) : undefined
    },
  }
}

const dropOldest = <V>(map: Map<string, V>): V | undefined => {
  const oldest = map.size > remembered ? map.keys().next().value : undefined
  if (oldest === undefined) return undefined
  const value = map.get(oldest)
  map.delete(oldest)
  return value
}

const aboutText = ({ about }: Happening): string =>
  `${about.kind} ${about.namespace ?? ""}/${about.name} ${about.uid ?? ""}`

const eventObject = (
  { about, type, reason, message }: Happening,
  told: Told,
  component: string,
  host: string | undefined,
): KubernetesObject => ({
  apiVersion: "v1",
  kind: "Event",
  metadata: { name: told.name, namespace: told.namespace },
  involvedObject: { ...about },
  type,
  reason,
  message: message.slice(0, longestMessage),
  source: { component, ...(host !== undefined && { host }) },
  reportingComponent: component,
  reportingInstance: host ?? "",
  firstTimestamp: printTimestamp(told.firstSeconds),
  lastTimestamp: printTimestamp(told.lastSeconds),
  count: told.count,
})
