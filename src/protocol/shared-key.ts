import { type Hmac, keyedHmac, sha256 } from "../net/sha256.ts"

/**
 * The secret that the speakers of a cluster share. Beats and tokens are signed with the same key: no signed content of
 * one can be read as the other, because that of a token is shorter than 40 bytes and that of a beat is longer than 79.
 */
export type SharedKey = {
  /** The first byte of the key's SHA-256. It tells a receiver which key to try, and a reader of a capture which was used. */
  readonly id: number
  readonly sign: Hmac
}

/** While keys are rotated both are accepted. What is sent is signed with `current`. */
export type SharedKeys = { readonly current: SharedKey; readonly next: SharedKey | undefined }

export const sharedKey = (secret: Uint8Array): SharedKey => ({ id: sha256(secret)[0]!, sign: keyedHmac(secret) })
