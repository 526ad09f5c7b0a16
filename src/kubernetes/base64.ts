const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"

/** RFC 4648, section 4, with padding: as JSON carries bytes. */
export const base64OfBytes = (bytes: Uint8Array): string => {
  let text = ""
  for (let at = 0; at < bytes.length; at += 3) {
    const left = bytes.length - at
    const word = ((bytes[at] ?? 0) << 16) | ((bytes[at + 1] ?? 0) << 8) | (bytes[at + 2] ?? 0)
    text += `${letter(word >> 18)}${letter(word >> 12)}`
    text += `${left > 1 ? letter(word >> 6) : "="}${left > 2 ? letter(word) : "="}`
  }
  return text
}

const letter = (word: number): string => ALPHABET[word & 63] ?? ""

export const base64OfText = (text: string): string => base64OfBytes(utf8Of(text))

/** RFC 3629. Half a surrogate pair becomes U+FFFD. */
export const utf8Of = (text: string): Uint8Array => {
  const bytes: number[] = []
  for (const character of text) {
    const found = character.codePointAt(0) ?? 0
    const point = found >= 0xd800 && found <= 0xdfff ? 0xfffd : found
    if (point < 0x80) bytes.push(point)
    else if (point < 0x800) bytes.push(0xc0 | (point >> 6), tail(point))
    else if (point < 0x10000) bytes.push(0xe0 | (point >> 12), tail(point >> 6), tail(point))
    else bytes.push(0xf0 | (point >> 18), tail(point >> 12), tail(point >> 6), tail(point))
  }
  return Uint8Array.from(bytes)
}

const tail = (bits: number): number => 0x80 | (bits & 63)

/** Bytes read as UTF-8; what is no UTF-8 becomes U+FFFD. */
export const textOfUtf8 = (bytes: Uint8Array): string => {
  const points: number[] = []
  for (let at = 0; at < bytes.length;) {
    const { point, length } = pointAt(bytes, at)
    points.push(point)
    at += length
  }
  return points.map((point) => String.fromCodePoint(point)).join("")
}

const REPLACEMENT = { point: 0xfffd, length: 1 }

const pointAt = (bytes: Uint8Array, at: number): { readonly point: number; readonly length: number } => {
  const first = bytes[at] ?? 0
  if (first < 0x80) return { point: first, length: 1 }
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2
  if (first < 0xc2 || first > 0xf4) return REPLACEMENT
  let point = first & (0x7f >> length)
  for (let index = 1; index < length; index += 1) {
    const next = bytes[at + index]
    if (next === undefined || (next & 0xc0) !== 0x80) return REPLACEMENT
    point = (point << 6) | (next & 63)
  }
  const shortest = [0, 0, 0x80, 0x800, 0x10000][length] ?? 0
  return point < shortest || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff) ? REPLACEMENT : { point, length }
}
