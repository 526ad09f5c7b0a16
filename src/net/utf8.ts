/** The UTF-8 bytes of a text. Half of a surrogate pair becomes U+FFFD, as the WHATWG Encoding Standard does, so equal bytes mean equal hashes everywhere. */
export const utf8Bytes = (text: string): Uint8Array => {
  const bytes = new Uint8Array(text.length * 3)
  let at = 0
  for (const character of text.isWellFormed() ? text : text.toWellFormed()) {
    const point = character.codePointAt(0)!
    if (point < 0x80) {
      bytes[at++] = point
      continue
    }
    if (point < 0x800) bytes[at++] = 0xc0 | (point >> 6)
    else {
      if (point < 0x10000) bytes[at++] = 0xe0 | (point >> 12)
      else {
        bytes[at++] = 0xf0 | (point >> 18)
        bytes[at++] = 0x80 | ((point >> 12) & 63)
      }
      bytes[at++] = 0x80 | ((point >> 6) & 63)
    }
    bytes[at++] = 0x80 | (point & 63)
  }
  return bytes.slice(0, at)
}
