/** Seconds since 1970 as Kubernetes writes them: `2026-11-21T18:18:00Z` (RFC 3339, metav1.Time). */
export const printTimestamp = (wallSeconds: number): string => {
  const whole = Math.floor(wallSeconds)
  const { year, month, day } = civilFromDays(Math.floor(whole / 86_400))
  const rest = whole - Math.floor(whole / 86_400) * 86_400
  const clock = [Math.floor(rest / 3600), Math.floor(rest / 60) % 60, rest % 60].map(two).join(":")
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)}T${clock}Z`
}

/** The same with six digits behind the point (metav1.MicroTime, as a Lease's renewTime has it). */
export const printMicroTimestamp = (wallSeconds: number): string => {
  const micros = Math.round((wallSeconds - Math.floor(wallSeconds)) * 1e6)
  const [seconds, rest] = micros === 1e6 ? [Math.floor(wallSeconds) + 1, 0] : [Math.floor(wallSeconds), micros]
  return printTimestamp(seconds).replace("Z", `.${String(rest).padStart(6, "0")}Z`)
}

/** Seconds since 1970 of an RFC 3339 time, fractions kept; undefined where the text is none. */
export const parseTimestamp = (text: string): number | undefined => {
  const found = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d+)?(?:Z|([+-])(\d\d):(\d\d))$/i.exec(text)
  if (found === null) return undefined
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ]
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return undefined
  const sign = found[8] === "-" ? -1 : 1
  const offset = found[8] === undefined ? 0 : sign * (Number(found[9]) * 3600 + Number(found[10]) * 60)
  return daysFromCivil(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second - offset + Number(found[7] ?? 0)
}

const two = (value: number): string => String(value).padStart(2, "0")

/** Years begin in March here, so that the leap day comes last; 146,097 days are 400 years. */
const daysFromCivil = (year: number, month: number, day: number): number => {
  const y = month <= 2 ? year - 1 : year
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  return y * 365 + Math.floor(y / 4) - Math.floor(y / 100) + Math.floor(y / 400) + dayOfYear - 719_468
}

const civilFromDays = (days: number): { readonly year: number; readonly month: number; readonly day: number } => {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}
