const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }
/** A timer of Node's fires at once above this. */
const durationMsMax = 2 ** 31 - 1

/** `90s`, `5m`, `1h30m`, as kubectl takes them, in milliseconds; undefined where the text is none or longer than 24 days. */
export const parseDuration = (text: string): number | undefined => {
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h)/g)]
  if (parts.length === 0 || parts.map(([part]) => part).join("") !== text) return undefined
  const ms = parts.reduce((total, [, count, unit]) => total + Number(count) * unitMs[unit!]!, 0)
  return ms > 0 && ms <= durationMsMax ? ms : undefined
}
