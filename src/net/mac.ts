import type { Brand } from "./address.ts"

/** A 48-bit hardware address as its number. */
export type Mac = Brand<number, "Mac">

export const broadcastMac: Mac = 0xffffffffffff as Mac
export const zeroMac: Mac = 0 as Mac

/** Six hexadecimal octets joined by colons or dashes. */
export const parseMac = (text: string): Mac | undefined =>
  /^([0-9a-f]{2}[:-]){5}[0-9a-f]{2}$/i.test(text)
    ? (Number.parseInt(text.replaceAll(/[:-]/g, ""), 16) as Mac)
    : undefined

export const printMac = (mac: Mac): string =>
  mac
    .toString(16)
    .padStart(12, "0")
    .replaceAll(/(..)(?=.)/g, "$1:")

/** The group bit of IEEE 802: broadcast and multicast are no station's own address. */
export const isGroupMac = (mac: Mac): boolean => Math.floor(mac / 2 ** 40) % 2 === 1

export const macFromBytes = (bytes: Uint8Array, at = 0): Mac => {
  let value = 0
  for (let i = 0; i < 6; i++) value = value * 256 + bytes[at + i]!
  return value as Mac
}

export const writeMac = (bytes: Uint8Array, at: number, mac: Mac): void => {
  for (let i = 5, rest: number = mac; i >= 0; i--, rest = Math.floor(rest / 256)) bytes[at + i] = rest % 256
}
