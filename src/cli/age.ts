/** `0.4 s`, `12 s`, `4 min`, `3 h`, `6 days`: as people say how long ago something was. */
export const printAge = (seconds: number): string => {
  if (seconds < 0) return "0 s"
  if (seconds < 1) return `${seconds.toFixed(1)} s`
  if (seconds < 120) return `${Math.round(seconds)} s`
  if (seconds < 7200) return `${Math.round(seconds / 60)} min`
  if (seconds < 48 * 3600) return `${Math.round(seconds / 3600)} h`
  return `${Math.round(seconds / 86_400)} days`
}

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

/** `Nov 14 09:12`, in this machine's time zone: a moment of the last months. */
export const printMoment = (wallSeconds: number): string => {
  const date = new Date(wallSeconds * 1000)
  const two = (value: number): string => String(value).padStart(2, "0")
  return `${months[date.getMonth()]} ${date.getDate()} ${two(date.getHours())}:${two(date.getMinutes())}`
}

/** `Nov 14 09:12:07`: the same where the second matters. */
export const printSecond = (wallSeconds: number): string =>
  `${printMoment(wallSeconds)}:${String(new Date(wallSeconds * 1000).getSeconds()).padStart(2, "0")}`
