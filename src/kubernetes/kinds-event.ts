import type { Json, JsonObject } from "./http.ts"
import { withoutField } from "./json.ts"
import type { Conversion } from "./kinds.ts"
import { defaulted, int32, object, objectReference, text, time, wholeObject } from "./kinds-words.ts"
import type { Schema } from "./schema.ts"

const source: Schema = object({ component: text, host: text })
const series: Schema = object({ count: int32, lastObservedTime: time })

/** core/v1 Event: the shape in which all events are stored. */
export const corev1Event: Schema = wholeObject(
  "Something that happened to an object.",
  {
    involvedObject: objectReference,
    reason: text,
    message: text,
    source,
    firstTimestamp: time,
    lastTimestamp: time,
    count: int32,
    type: text,
    eventTime: defaulted(time, null),
    series,
    action: text,
    related: objectReference,
    reportingComponent: defaulted(text, ""),
    reportingInstance: defaulted(text, ""),
  },
  ["involvedObject"],
)

/** events.k8s.io/v1 Event: the same under newer names. */
export const eventsV1Event: Schema = wholeObject("Something that happened to an object.", {
  regarding: objectReference,
  note: text,
  reason: text,
  type: text,
  eventTime: time,
  series,
  action: text,
  related: objectReference,
  reportingController: text,
  reportingInstance: text,
  deprecatedSource: source,
  deprecatedFirstTimestamp: time,
  deprecatedLastTimestamp: time,
  deprecatedCount: int32,
})

/** [events.k8s.io/v1, core/v1] */
const NAMES: readonly (readonly [string, string])[] = [
  ["regarding", "involvedObject"],
  ["note", "message"],
  ["reportingController", "reportingComponent"],
  ["deprecatedSource", "source"],
  ["deprecatedFirstTimestamp", "firstTimestamp"],
  ["deprecatedLastTimestamp", "lastTimestamp"],
  ["deprecatedCount", "count"],
]

const renamed = (object: JsonObject, names: readonly (readonly [string, string])[]): JsonObject => {
  const added: Record<string, Json> = {}
  for (const [from, to] of names) {
    const value = object[from]
    if (value !== undefined) added[to] = value
  }
  return { ...withoutField(object, ...names.map(([from]) => from)), ...added }
}

export const eventConversion: Conversion = {
  toStored: (event) => ({ ...renamed(event, NAMES), apiVersion: "v1" }),
  fromStored: (event) => {
    const newer = renamed(
      event,
      NAMES.map(([name, core]) => [core, name] as const),
    )
    const empty = ["reportingController", "reportingInstance"].filter((name) => newer[name] === "")
    return { ...withoutField(newer, ...empty), apiVersion: "events.k8s.io/v1" }
  },
}
