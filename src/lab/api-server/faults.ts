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

/** The same as words of a person (`lab break api=429`). */
export type ApiMisdeed = (typeof apiMisdeeds)[number]

export const apiMisdeeds = ["mute", "410", "429", "500", "502", "503", "504", "cut", "slow"] as const

export const isApiMisdeed = (text: string): text is ApiMisdeed => apiMisdeeds.some((one) => one === text)

export const faultOfMisdeed = (how: ApiMisdeed): ApiFault => {
  switch (how) {
    case "mute":
      return { kind: "mute" }
    case "410":
      return { kind: "expired", how: "in-frame" }
    case "429":
      return { kind: "too-many", retryAfter: "1" }
    case "cut":
      return { kind: "reset" }
    case "slow":
      return { kind: "slow", delayMs: slowMs }
    case "500":
    case "502":
    case "503":
    case "504":
      return { kind: "server-error", status: statuses[how] }
  }
}

const statuses = { "500": 500, "502": 502, "503": 503, "504": 504 } as const

/** Beyond what a healthy server ever takes, within what its clients wait. */
export const slowMs = 5000

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
