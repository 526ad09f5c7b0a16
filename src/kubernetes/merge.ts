import type { Json } from "./http.ts"
import { isObject } from "./json.ts"

/** JSON merge patch (RFC 7396): null removes a field, an object goes into the object, anything else replaces. */
export const mergePatch = (target: Json | undefined, patch: Json): Json => {
  if (!isObject(patch)) return patch
  const out = new Map<string, Json>(isObject(target) ? Object.entries(target) : [])
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) out.delete(name)
    else out.set(name, mergePatch(out.get(name), value))
  }
  return Object.fromEntries(out)
}
