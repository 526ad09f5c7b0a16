import type { At } from "../time/instant.ts"
import type { JsonObject } from "./http.ts"
import { textAt } from "./json.ts"
import { parseTimestamp } from "./timestamp.ts"

/** How long ago, as kubectl writes it: `5s`, `3m20s`, `4h`, `12d`, `2y30d`. */
export const printAge = (seconds: number): string => {
  const whole = Math.floor(seconds)
  if (whole < -1) return "<invalid>"
  if (whole < 0) return "0s"
  const minutes = Math.floor(whole / 60)
  const hours = Math.floor(whole / 3600)
  const days = Math.floor(hours / 24)
  if (whole < 120) return `${whole}s`
  if (minutes < 10) return twoUnits(minutes, "m", whole % 60, "s")
  if (minutes < 180) return `${minutes}m`
  if (hours < 8) return twoUnits(hours, "h", minutes % 60, "m")
  if (hours < 48) return `${hours}h`
  if (days < 8) return twoUnits(days, "d", hours % 24, "h")
  if (days < 730) return `${days}d`
  const years = Math.floor(days / 365)
  return years < 8 ? twoUnits(years, "y", days % 365, "d") : `${years}y`
}

const twoUnits = (first: number, unit: string, second: number, smaller: string): string =>
  second === 0 ? `${first}${unit}` : `${first}${unit}${second}${smaller}`

export const isoAge = (timestamp: string | undefined, at: At): string => {
  const seconds = timestamp === undefined ? undefined : parseTimestamp(timestamp)
  return seconds === undefined ? "<unknown>" : printAge(at.wallSeconds - seconds)
}

export const ageOf = (object: JsonObject, at: At): string => isoAge(textAt(object, "metadata", "creationTimestamp"), at)
