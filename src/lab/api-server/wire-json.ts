import type { Json, JsonObject } from "../../kubernetes/http.ts"

/**
 * JSON in one line. U+2028 and U+2029 are escaped, as Go's encoder does: some clients split watches with a reader that
 * takes them for the end of a line.
 */
export const printJson = (value: Json): string => escapeLines(JSON.stringify(value))

const escapeLines = (text: string): string => text.replaceAll("\u2028", "\\u2028").replaceAll("\u2029", "\\u2029")

/** One object goes to many watches: its text is made once and forgotten with it. */
const texts = new WeakMap<object, string>()

const printObject = (object: JsonObject): string => {
  const known = texts.get(object)
  if (known !== undefined) return known
  const text = printJson(object)
  texts.set(object, text)
  return text
}

/** A watch frame with the newline that ends it. */
export const printFrame = (frame: Json): string => {
  const { type, object } = frame as JsonObject
  if (typeof type !== "string" || typeof object !== "object" || object === null || Array.isArray(object))
    return `${printJson(frame)}\n`
  return `{"type":${JSON.stringify(type)},"object":${printObject(object as JsonObject)}}\n`
}
