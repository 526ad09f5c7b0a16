/**
 * Equality of what readers make: plain objects, lists, Maps, Sets and primitives (bigint too). The order of a Map's or
 * Set's entries does not matter, that of a list does. Sets hold primitives only.
 */
export const sameValue = (a: unknown, b: unknown): boolean => {
  if (a === b) return true
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((item, i) => sameValue(item, b[i]))
  if (a instanceof Map) return b instanceof Map && sameMaps(a, b)
  if (a instanceof Set) return b instanceof Set && a.size === b.size && [...a].every((item) => b.has(item))
  if (Array.isArray(b) || b instanceof Map || b instanceof Set) return false
  return sameObjects(a as Fields, b as Fields)
}

/** The old value where the new one is equal, so that `===` tells change from repetition. */
export const keepEqual = <T>(before: T | undefined, now: T): T =>
  before !== undefined && sameValue(before, now) ? before : now

type Fields = Readonly<Record<string, unknown>>

const sameMaps = (a: ReadonlyMap<unknown, unknown>, b: ReadonlyMap<unknown, unknown>): boolean => {
  if (a.size !== b.size) return false
  for (const [key, value] of a) if (!b.has(key) || !sameValue(value, b.get(key))) return false
  return true
}

const sameObjects = (a: Fields, b: Fields): boolean => {
  const names = Object.keys(a)
  return (
    names.length === Object.keys(b).length &&
    names.every((name) => Object.hasOwn(b, name) && sameValue(a[name], b[name]))
  )
}
