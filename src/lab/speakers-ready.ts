import { setTimeout as pause } from "node:timers/promises"
import { join } from "node:path"
import { askInspect } from "../edge/inspect.ts"
import type { Json } from "../kubernetes/http.ts"
import { isObject, listAt, textAt } from "../kubernetes/json.ts"

/** Starting six processes on a busy machine of two cores. */
const patienceMs = 15_000
const pollMs = 20
const askTimeoutMs = 1000

/**
 * Waits until every speaker has its view and has listened to the others for a window. Services created before would go to
 * whoever came first, not to the first in order. Answers who was not ready in time.
 */
export const untilSpeakersReady = async (directory: string, nodes: readonly string[]): Promise<readonly string[]> => {
  const waits = nodes.map(async (node) =>
    (await untilActive(join(directory, "inspect", `${node}.sock`))) ? [] : [node],
  )
  return (await Promise.all(waits)).flat()
}

const untilActive = async (socket: string): Promise<boolean> => {
  for (const end = Date.now() + patienceMs; Date.now() < end; await pause(pollMs)) {
    const picture = await askInspect(socket, "all", askTimeoutMs)
    if (!("code" in (picture as object)) && isActive(picture)) return true
  }
  return false
}

const isActive = (picture: Json): boolean => {
  const segments = listAt(picture, "segments")
  return (
    isObject(picture) &&
    picture["viewComplete"] === true &&
    segments.length > 0 &&
    segments.every((segment) => textAt(segment, "state") === "active")
  )
}
