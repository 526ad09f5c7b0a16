import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { isList, isObject } from "../../kubernetes/json.ts"
import { parseAddress } from "../../net/address.ts"
import { parseMac } from "../../net/mac.ts"
import { parsePrefix } from "../../net/prefix.ts"
import { parseRange } from "../../net/range.ts"
import { nearestName } from "../nearest.ts"
import type { Faults } from "./fault.ts"

/** What a hand-written file may hold at one place. */
export type Shape =
  | { readonly kind: "leaf"; readonly is: LeafName }
  | { readonly kind: "choice"; readonly of: readonly string[] }
  | { readonly kind: "list"; readonly item: Shape }
  /** Names of one's own choice. */
  | { readonly kind: "map"; readonly item: Shape }
  | { readonly kind: "object"; readonly fields: Readonly<Record<string, Shape>>; readonly required: readonly string[] }

type LeafName = "text" | "number" | "flag" | "address" | "prefix" | "prefixes" | "interface-address" | "range" | "mac"

/** More items than a person writes; each is looked at. */
const itemsMax = 10_000

/** The value without what does not fit its shape, each such part reported; undefined where nothing is left of it. */
export const fitShape = (value: Json, shape: Shape, path: string, faults: Faults): Json | undefined => {
  switch (shape.kind) {
    case "list":
      if (!isList(value)) return refuse(value, path, "it is no list", "write it as a list", faults)
      if (value.length > itemsMax)
        refuse(value.length, path, `it has more than ${itemsMax} items`, "shorten it", faults)
      return value
        .slice(0, itemsMax)
        .flatMap((item, index) => fitShape(item, shape.item, `${path}[${index}]`, faults) ?? [])
    case "map":
      if (!isObject(value)) return refuse(value, path, "it is no map", "write it as `name: value` lines", faults)
      return fromEntries(
        Object.entries(value).map(([name, item]) => [name, fitShape(item, shape.item, `${path}.${name}`, faults)]),
      )
    case "object":
      return fitObject(value, shape, path, faults)
    case "choice":
      if (typeof value === "string" && shape.of.includes(value)) return value
      return refuse(value, path, "there is no such choice", `write one of ${shape.of.join(", ")}`, faults)
    case "leaf":
      if (leaves[shape.is].fits(value)) return value
      return refuse(value, path, `it is no ${leaves[shape.is].noun}`, leaves[shape.is].remedy, faults)
  }
}

const fitObject = (
  value: Json,
  shape: Shape & { readonly kind: "object" },
  path: string,
  faults: Faults,
): Json | undefined => {
  if (!isObject(value))
    return refuse(value, path, "it is no object", `write its fields: ${Object.keys(shape.fields).join(", ")}`, faults)
  const missing = shape.required.find((name) => !Object.hasOwn(value, name))
  if (missing !== undefined) return refuse(value, path, `it has no ${missing}`, `add ${missing}`, faults)
  const fitted: (readonly [string, Json | undefined])[] = []
  for (const [name, item] of Object.entries(value)) {
    const inner = Object.hasOwn(shape.fields, name) ? shape.fields[name] : undefined
    if (inner !== undefined)
      fitted.push([name, item === null ? undefined : fitShape(item, inner, `${path}.${name}`, faults)])
    else refuseUnknown(item, name, path, Object.keys(shape.fields), faults)
  }
  const object = fromEntries(fitted)
  return shape.required.every((name) => Object.hasOwn(object, name)) ? object : undefined
}

const refuseUnknown = (value: Json, name: string, path: string, known: readonly string[], faults: Faults): void => {
  const nearest = nearestName(name, known)
  const remedy = nearest === undefined ? `write one of ${known.join(", ")}` : `write ${nearest}`
  refuse(value, `${path}.${name.slice(0, 64)}`, "there is no such field", remedy, faults)
}

const refuse = (value: Json, path: string, because: string, remedy: string, faults: Faults): undefined => {
  faults.add(path, value, "part-left-out", because, remedy)
}

/** `Object.fromEntries` defines, never assigns: a field named `__proto__` stays a field. */
const fromEntries = (entries: readonly (readonly [string, Json | undefined])[]): JsonObject =>
  Object.fromEntries(entries.filter((entry): entry is [string, Json] => entry[1] !== undefined))

type Leaf = { readonly fits: (value: Json) => boolean; readonly noun: string; readonly remedy: string }

const textThat =
  (parses: (text: string) => unknown) =>
  (value: Json): boolean =>
    typeof value === "string" && parses(value) !== undefined

const parseInterfaceAddress = (text: string): unknown =>
  parsePrefix(text) === undefined ? undefined : parseAddress(text.split("/")[0] ?? "")

const leaves: Readonly<Record<LeafName, Leaf>> = {
  text: { fits: (value) => typeof value === "string", noun: "text", remedy: "put it in quotes" },
  number: { fits: (value) => typeof value === "number", noun: "number", remedy: "write a number" },
  flag: { fits: (value) => typeof value === "boolean", noun: "yes or no", remedy: "write true or false" },
  address: { fits: textThat(parseAddress), noun: "address", remedy: "write it like 192.168.1.1 or 2001:db8::1" },
  prefix: { fits: textThat(parsePrefix), noun: "prefix", remedy: "write it like 192.168.1.0/24" },
  prefixes: {
    fits: textThat((text) => (text.split(",").every((one) => parsePrefix(one) !== undefined) ? text : undefined)),
    noun: "prefix, or list of prefixes with commas between",
    remedy: "write it like 10.96.0.0/16, or with both families 10.96.0.0/16,fd00:10:96::/112",
  },
  "interface-address": {
    fits: textThat(parseInterfaceAddress),
    noun: "address with a length",
    remedy: "write it like 192.168.1.31/24",
  },
  range: {
    fits: textThat((text) => parseRange(text) ?? parsePrefix(text)),
    noun: "range",
    remedy: "write it like 192.168.1.100-192.168.1.180",
  },
  mac: { fits: textThat(parseMac), noun: "hardware address", remedy: 'write it like "52:54:00:28:00:01", in quotes' },
}
