import { type Address, addressBytes } from "../../net/address.ts"
import { type Mac, writeMac } from "../../net/mac.ts"

/**
 * Fills a buffer whose length the encoder knew first, field by field, big-endian. Writing past the end or finishing
 * early is a fault of the encoder, not of the world: both throw. So does a number that its field cannot hold.
 */
export class ByteWriter {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get offset(): number {
    return this.#at
  }

  uint8(value: number): void {
    this.#bytes[this.#take(1, value, 0xff)] = value
  }

  uint16(value: number): void {
    writeUint16(this.#bytes, this.#take(2, value, 0xffff), value)
  }

  uint32(value: number): void {
    writeUint32(this.#bytes, this.#take(4, value, 0xffffffff), value)
  }

  /** A whole number below 2^53 in eight bytes. */
  uint64(value: number): void {
    const at = this.#take(8, value, Number.MAX_SAFE_INTEGER)
    writeUint32(this.#bytes, at, Math.floor(value / 2 ** 32))
    writeUint32(this.#bytes, at + 4, value)
  }

  mac(mac: Mac): void {
    writeMac(this.#bytes, this.#take(6, mac, 0xffffffffffff), mac)
  }

  /** 4 or 16 bytes. */
  address(address: Address): void {
    this.bytes(addressBytes(address))
  }

  bytes(bytes: Uint8Array): void {
    this.#bytes.set(bytes, this.#take(bytes.length, 0, 0))
  }

  zeros(length: number): void {
    const at = this.#take(length, 0, 0)
    this.#bytes.fill(0, at, at + length)
  }

  /** The buffer, now known to be full. */
  finish(): Uint8Array {
    if (this.#at !== this.#bytes.length)
      throw new RangeError(`an encoder announced ${this.#bytes.length} bytes and wrote ${this.#at}`)
    return this.#bytes
  }

  #take(length: number, value: number, most: number): number {
    const at = this.#at
    if (length > this.#bytes.length - at)
      throw new RangeError(`an encoder announced ${this.#bytes.length} bytes and writes ${length} at ${at}`)
    if (!(value >= 0 && value <= most && Number.isInteger(value)))
      throw new RangeError(`${value} does not fit into the ${length} bytes at ${at}`)
    this.#at = at + length
    return at
  }
}

/** The caller has checked that two bytes are there. */
export const writeUint16 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 8
  bytes[at + 1] = value
}

/** The low 32 bits. The caller has checked that four bytes are there. */
export const writeUint32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}
