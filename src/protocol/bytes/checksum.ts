/** The sum of 16-bit words of RFC 1071, an odd last byte padded with zero; `sum` carries on an earlier one. */
export const wordSum = (bytes: Uint8Array, at: number, end: number, sum = 0): number => {
  let total = sum
  let i = at
  for (; i + 1 < end; i += 2) total += (bytes[i]! << 8) | bytes[i + 1]!
  return i < end ? total + (bytes[i]! << 8) : total
}

/** The Internet checksum of a sum: 0 where the checksum itself was summed too and fits. */
export const checksumOfSum = (sum: number): number => {
  let folded = sum
  while (folded > 0xffff) folded = (folded & 0xffff) + Math.floor(folded / 0x10000)
  return ~folded & 0xffff
}
