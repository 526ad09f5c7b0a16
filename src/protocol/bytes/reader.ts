import { type Ipv4, ipv4FromBytes, type Ipv6, ipv6FromBytes } from "../../net/address.ts"
import { type Mac, macFromBytes } from "../../net/mac.ts"

/**
 * Reads big-endian fields one after the other. It never reads a part of a field: what does not fit whole yields 0, marks
 * the reader `overrun`, and every later read yields 0 too. A decoder reads a group of fields, then asks once.
 */
export class ByteReader {
  readonly #bytes: Uint8Array
  readonly #end: number
  #at: number
  #overrun = false

  constructor(bytes: Uint8Array, at = 0, end: number = bytes.length) {
    this.#bytes = bytes
    this.#at = at
    this.#end = Math.min(end, bytes.length)
  }

  /** Where the next field begins; after an overrun, where the field that did not fit begins. */
  get offset(): number {
    return this.#at
  }

  get overrun(): boolean {
    return this.#overrun
  }

  /** How many bytes may still be read; 0 after an overrun. */
  get left(): number {
    return this.#overrun ? 0 : this.#end - this.#at
  }

  uint8(): number {
    const at = this.#take(1)
    return at < 0 ? 0 : this.#bytes[at]!
  }

  uint16(): number {
    const at = this.#take(2)
    return at < 0 ? 0 : readUint16(this.#bytes, at)
  }

  uint32(): number {
    const at = this.#take(4)
    return at < 0 ? 0 : readUint32(this.#bytes, at)
  }

  /** Eight bytes as a number; above 2^53 it is not exact, so a decoder refuses what is not a safe integer. */
  uint64(): number {
    const at = this.#take(8)
    return at < 0 ? 0 : readUint32(this.#bytes, at) * 2 ** 32 + readUint32(this.#bytes, at + 4)
  }

  mac(): Mac {
    const at = this.#take(6)
    return at < 0 ? (0 as Mac) : macFromBytes(this.#bytes, at)
  }

  ipv4(): Ipv4 {
    const at = this.#take(4)
    return at < 0 ? (0 as Ipv4) : ipv4FromBytes(this.#bytes, at)
  }

  ipv6(): Ipv6 {
    const at = this.#take(16)
    return at < 0 ? (0n as Ipv6) : ipv6FromBytes(this.#bytes, at)
  }

  /** A copy: the receive buffer is used again for the next packet. Empty where `length` bytes are not there. */
  bytes(length: number): Uint8Array {
    const at = this.#take(length)
    return at < 0 ? new Uint8Array(0) : this.#bytes.slice(at, at + length)
  }

  skip(length: number): void {
    this.#take(length)
  }

  #take(length: number): number {
    if (this.#overrun || length > this.#end - this.#at) {
      this.#overrun = true
      return -1
    }
    const at = this.#at
    this.#at = at + length
    return at
  }
}

/** The caller has checked that two bytes are there. */
export const readUint16 = (bytes: Uint8Array, at: number): number => (bytes[at]! << 8) | bytes[at + 1]!

/** The caller has checked that four bytes are there. */
export const readUint32 = (bytes: Uint8Array, at: number): number =>
  ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
