export type ObjectName = { readonly kind: string; readonly name: string }

/**
 * What could not be read, or will not work, in one object; everything else works on.
 * `left-out`: the whole object. `part-left-out`: this field or entry. `last-valid-kept`: the object as it last was valid.
 * `noted`: read as written, but worth a word.
 */
export type Problem = {
  readonly object: ObjectName
  /** `spec.addresses[2]`. */
  readonly field: string
  /** As written, cut to 120 characters. */
  readonly value: string
  readonly effect: "left-out" | "part-left-out" | "last-valid-kept" | "noted"
  /** A clause without full stop: "its first address is above its last". */
  readonly because: string
  /** A whole imperative clause: "write the lower address first". */
  readonly remedy: string
}

/** Longest piece of an object that a message repeats: enough to find it, too short to flood a log. */
const valueLengthMax = 120

export const shown = (value: unknown): string => {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing")
  return text.length > valueLengthMax ? `${text.slice(0, valueLengthMax)}...` : text
}
