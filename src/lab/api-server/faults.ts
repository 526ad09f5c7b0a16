/** What an API server can do to its clients instead of answering (tests, and `break api` in the lab). */
export type ApiFault =
  /** Takes the connection and drops it without a word. */
  | { readonly kind: "gone" }
  /** Every watch is answered 410, before it opens or (`in-frame`) as an ERROR event in a stream that opened well. */
  | { readonly kind: "expired"; readonly how: "status" | "in-frame" }
  /** 429 with this `Retry-After`, whatever it says. */
  | { readonly kind: "too-many"; readonly retryAfter: string }
  /** 5xx with the HTML page of some proxy. */
  | { readonly kind: "server-error"; readonly status: 500 | 502 | 503 | 504 }
  /** Watches open while this lasts, or opened meanwhile, never say another word. */
  | { readonly kind: "mute" }
  /** Answers are cut off in the middle and the connection is reset. */
  | { readonly kind: "reset" }
  /** Every answer comes late. */
  | { readonly kind: "slow"; readonly delayMs: number }

/** Set at run time; undefined mends. Affects what happens from then on, and `mute` also watches already open. */
export type FaultSwitch = {
  readonly current: () => ApiFault | undefined
  readonly set: (fault: ApiFault | undefined) => void
}

export const createFaultSwitch = (onChange: (fault: ApiFault | undefined) => void): FaultSwitch => {
  let fault: ApiFault | undefined
  return {
    current: () => fault,
    set: (next) => {
      fault = next
      onChange(next)
    },
  }
}

export const htmlPage = (status: number): string =>
  `<html><head><title>${status}</title></head><body><h1>${status}</h1><p>The backend is not available.</p></body></html>\n`
