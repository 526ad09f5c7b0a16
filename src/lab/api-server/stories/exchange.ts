import { isObject, isList, withField } from "../../../kubernetes/json.ts"
import type { Json, JsonObject } from "../../../kubernetes/http.ts"
import type { Answer, Asked } from "./story-client.ts"

/** One question of a conversation. What earlier answers said may be part of it: a uid, a resourceVersion. */
export type Exchange = {
  readonly title: string
  readonly ask: Asked | ((earlier: Earlier) => Asked)
  /** Fields of the answer, by path, in which the embedded server differs on purpose: nobody reads them, or it says better. */
  readonly without?: readonly string[]
}
/** The body of an earlier answer by its title, as it came. */
export type Earlier = (title: string) => Json
/** Names, versions and times taken out, so that two servers that do the same say the same. */
export type Plain = { readonly status: number; readonly body: Json }

/** Holds a whole conversation with a server. */
export const converse = async (
  exchanges: readonly Exchange[],
  ask: (asked: Asked) => Promise<Answer>,
): Promise<Record<string, Plain>> => {
  const bodies = new Map<string, Json>()
  const plain: Record<string, Plain> = {}
  for (const { title, ask: asked, without = [] } of exchanges) {
    const { status, body } = await ask(typeof asked === "function" ? asked((name) => bodies.get(name) ?? null) : asked)
    bodies.set(title, body ?? null)
    const whole = without.reduce<JsonObject>((left, path) => withField(left, path.split("."), undefined), {
      body: body ?? null,
    })
    plain[title] = { status, body: withoutChance(whole["body"] ?? null) }
  }
  return plain
}

/** Whatever differs from one run to the next for no fault of anybody's is replaced by a word. */
const withoutChance = (value: Json, name = ""): Json => {
  if (typeof value === "string") return wordFor(value, name)
  if (typeof value === "number") return name === "nodePort" || name === "healthCheckNodePort" ? "<port>" : value
  if (isList(value)) return value.map((item) => withoutChance(item, name))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([field]) => field !== "managedFields" && !(field === "description" && name === "columnDefinitions"))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([field, inner]) => [field, withoutChance(inner, field)]),
  )
}

/** Where the sentence goes on in the words of Go's own library, or shows a Go value, only its beginning is compared. */
const goWords =
  /(cannot be handled as a \w+: |unable to parse requirement: |continue key is not valid|is unrecognized \(must be of type Service\): |Duplicate value: \{|new finalizers |in body must be of type |patch: Invalid value: |Invalid value: "\{|due to an error in our request|accepted media types include: ).*/s

const wordFor = (text: string, name: string): string => {
  if (name === "resourceVersion") return text === "" ? "" : "<version>"
  if (name === "continue") return text === "" ? "" : "<token>"
  return text
    .replace(goWords, "$1...")
    .replaceAll(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g, "<uid>")
    .replaceAll(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g, "<time>")
    .replaceAll(/\b10\.96\.\d+\.\d+\b/g, "<ip4>")
    .replaceAll(/\bfd00:10:96::[0-9a-f]*\b/g, "<ip6>")
    .replaceAll(/(?<=:)3\d{4}(?=\/(TCP|UDP|SCTP))/g, "<port>")
    .replaceAll(/^\d+(ms|s|m)$/g, "<age>")
}
