import type { JsonObject } from "./http.ts"

/** One change of one object; `before` tells whether a selector saw it come or go. */
export type Change = {
  readonly version: number
  readonly key: string
  readonly before: JsonObject | undefined
  /** Undefined where it was deleted; then `last` is its last state under the version of the deletion. */
  readonly after: JsonObject | undefined
  readonly last: JsonObject
}

/** The last changes of one resource, oldest first; older ones are forgotten (a watch from there is 410 Expired). */
export type WatchLog = {
  readonly push: (change: Change) => void
  /** Changes newer than a version, or `expired` where some of them are forgotten. */
  readonly since: (version: number) => readonly Change[] | "expired"
  /** Forgets all: every version before `version` is expired. */
  readonly forget: (version: number) => void
}

export const createWatchLog = (changesMax: number, startVersion: number): WatchLog => {
  let changes: Change[] = []
  let forgottenTo = startVersion
  return {
    push: (change) => {
      changes.push(change)
      if (changes.length < changesMax * 2) return
      forgottenTo = changes[changes.length - changesMax - 1]?.version ?? forgottenTo
      changes = changes.slice(-changesMax)
    },
    since: (version) => (version < forgottenTo ? "expired" : changes.slice(firstAfter(changes, version))),
    forget: (version) => {
      changes = []
      forgottenTo = version
    },
  }
}

/** Index of the first change newer than a version, by bisection. */
const firstAfter = (changes: readonly Change[], version: number): number => {
  let low = 0
  let high = changes.length
  while (low < high) {
    const middle = (low + high) >> 1
    if ((changes[middle]?.version ?? 0) <= version) low = middle + 1
    else high = middle
  }
  return low
}
