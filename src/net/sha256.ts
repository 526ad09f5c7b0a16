/** SHA-256 and HMAC-SHA-256 (RFC 6234, RFC 2104) for rooms that may not import node:crypto. Not re-entrant: one call ends before the next begins. */

/** Signs a message: 32 bytes, freshly allocated. */
export type Hmac = (message: Uint8Array) => Uint8Array

/** SHA-256 of a message: 32 bytes. */
export const sha256 = (message: Uint8Array): Uint8Array => {
  running.set(initial)
  absorb(message, 0)
  return bytesOfState()
}

/**
 * HMAC-SHA-256 under one key. The two key blocks are hashed once, here: a message of up to 55 bytes then costs two
 * compressions instead of four. A key longer than 64 bytes is replaced by its hash (RFC 2104 section 2).
 */
export const keyedHmac = (key: Uint8Array): Hmac => {
  const short = key.length > blockBytes ? sha256(key) : key
  const inner = stateAfterBlock(short, 0x36)
  const outer = stateAfterBlock(short, 0x5c)
  return (message) => {
    running.set(inner)
    absorb(message, blockBytes)
    const digest = bytesOfState()
    running.set(outer)
    absorb(digest, blockBytes)
    return bytesOfState()
  }
}

/** Compares without saying by its duration where the difference is. Bytes of unequal length are unequal. */
export const equalInConstantTime = (a: Uint8Array, b: Uint8Array): boolean => {
  let difference = a.length ^ b.length
  for (let i = 0; i < a.length; i++) difference |= a[i]! ^ (b[i] ?? 0)
  return difference === 0
}

const stateAfterBlock = (key: Uint8Array, pad: number): Int32Array => {
  const block = new Uint8Array(blockBytes).fill(pad)
  for (let i = 0; i < key.length; i++) block[i] = key[i]! ^ pad
  running.set(initial)
  compress(block, 0)
  return running.slice()
}

/** Takes in the whole rest of a message and its padding; `before` counts bytes that are in the state already. */
const absorb = (message: Uint8Array, before: number): void => {
  let at = 0
  for (; at + blockBytes <= message.length; at += blockBytes) compress(message, at)
  const rest = message.length - at
  const paddedBytes = rest < 56 ? blockBytes : 2 * blockBytes
  for (let i = 0; i < rest; i++) tail[i] = message[at + i]!
  tail[rest] = 0x80
  tail.fill(0, rest + 1, paddedBytes)
  const totalBytes = before + message.length
  writeUint32(tail, paddedBytes - 8, Math.floor(totalBytes / 2 ** 29))
  writeUint32(tail, paddedBytes - 4, totalBytes << 3)
  compress(tail, 0)
  if (paddedBytes > blockBytes) compress(tail, blockBytes)
}

const bytesOfState = (): Uint8Array => {
  const bytes = new Uint8Array(32)
  for (let i = 0; i < 8; i++) writeUint32(bytes, 4 * i, running[i]!)
  return bytes
}

const writeUint32 = (bytes: Uint8Array, at: number, value: number): void => {
  bytes[at] = value >>> 24
  bytes[at + 1] = value >>> 16
  bytes[at + 2] = value >>> 8
  bytes[at + 3] = value
}

/** RFC 6234 section 6.2. Names are the RFC's; the loop is the hottest one of a speaker. */
const compress = (bytes: Uint8Array, at: number): void => {
  const w = schedule
  for (let t = 0, i = at; t < 16; t++, i += 4)
    w[t] = (bytes[i]! << 24) | (bytes[i + 1]! << 16) | (bytes[i + 2]! << 8) | bytes[i + 3]!
  for (let t = 16; t < 64; t++) {
    const x = w[t - 15]!
    const y = w[t - 2]!
    const ssig0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3)
    const ssig1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10)
    w[t] = (w[t - 16]! + ssig0 + w[t - 7]! + ssig1) | 0
  }
  let a = running[0]!
  let b = running[1]!
  let c = running[2]!
  let d = running[3]!
  let e = running[4]!
  let f = running[5]!
  let g = running[6]!
  let h = running[7]!
  for (let t = 0; t < 64; t++) {
    const bsig1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7))
    const t1 = (h + bsig1 + ((e & f) ^ (~e & g)) + constants[t]! + w[t]!) | 0
    const bsig0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10))
    const t2 = (bsig0 + ((a & b) ^ (a & c) ^ (b & c))) | 0
    h = g
    g = f
    f = e
    e = (d + t1) | 0
    d = c
    c = b
    b = a
    a = (t1 + t2) | 0
  }
  running[0]! += a
  running[1]! += b
  running[2]! += c
  running[3]! += d
  running[4]! += e
  running[5]! += f
  running[6]! += g
  running[7]! += h
}

const blockBytes = 64
const running = new Int32Array(8)
const schedule = new Int32Array(64)
const tail = new Uint8Array(2 * blockBytes)

// RFC 6234 section 6.1: square roots of the first 8 primes; section 5.1: cube roots of the first 64.
const initial = Int32Array.of(
  0x6a09e667,
  0xbb67ae85,
  0x3c6ef372,
  0xa54ff53a,
  0x510e527f,
  0x9b05688c,
  0x1f83d9ab,
  0x5be0cd19,
)
const constants = Int32Array.of(
  0x428a2f98,
  0x71374491,
  0xb5c0fbcf,
  0xe9b5dba5,
  0x3956c25b,
  0x59f111f1,
  0x923f82a4,
  0xab1c5ed5,
  0xd807aa98,
  0x12835b01,
  0x243185be,
  0x550c7dc3,
  0x72be5d74,
  0x80deb1fe,
  0x9bdc06a7,
  0xc19bf174,
  0xe49b69c1,
  0xefbe4786,
  0x0fc19dc6,
  0x240ca1cc,
  0x2de92c6f,
  0x4a7484aa,
  0x5cb0a9dc,
  0x76f988da,
  0x983e5152,
  0xa831c66d,
  0xb00327c8,
  0xbf597fc7,
  0xc6e00bf3,
  0xd5a79147,
  0x06ca6351,
  0x14292967,
  0x27b70a85,
  0x2e1b2138,
  0x4d2c6dfc,
  0x53380d13,
  0x650a7354,
  0x766a0abb,
  0x81c2c92e,
  0x92722c85,
  0xa2bfe8a1,
  0xa81a664b,
  0xc24b8b70,
  0xc76c51a3,
  0xd192e819,
  0xd6990624,
  0xf40e3585,
  0x106aa070,
  0x19a4c116,
  0x1e376c08,
  0x2748774c,
  0x34b0bcb5,
  0x391c0cb3,
  0x4ed8aa4a,
  0x5b9cca4f,
  0x682e6ff3,
  0x748f82ee,
  0x78a5636f,
  0x84c87814,
  0x8cc70208,
  0x90befffa,
  0xa4506ceb,
  0xbef9a3f7,
  0xc67178f2,
)
