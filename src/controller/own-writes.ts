import type { JsonObject } from "../kubernetes/http.ts"
import { compareVersions, resourceVersionOf } from "../kubernetes/object.ts"

/** Versions remembered; older than the last so many writes can no longer be on its way in a watch. */
const rememberedMax = 20_000

/**
 * The newest version this program wrote of each object. The answer to a write is read at once; a watch tells of earlier
 * writes later, and must not take us back.
 */
export type OwnWrites = {
  readonly wrote: (key: string, object: JsonObject) => void
  /** Whether `object` is older than what we wrote ourselves. */
  readonly isOld: (key: string, object: JsonObject) => boolean
}

export const createOwnWrites = (): OwnWrites => {
  const versions = new Map<string, string>()
  return {
    wrote: (key, object) => {
      const version = resourceVersionOf(object)
      if (version === undefined) return
      versions.delete(key)
      versions.set(key, version)
      const oldest = versions.size > rememberedMax ? versions.keys().next().value : undefined
      if (oldest !== undefined) versions.delete(oldest)
    },
    isOld: (key, object) => compareVersions(resourceVersionOf(object), versions.get(key)) === "older",
  }
}
