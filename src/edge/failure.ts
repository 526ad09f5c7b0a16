/** What the world refused, as a value: an errno or Node code, and a sentence that says what to do. */
export type Failure = { readonly kind: "failed"; readonly code: string; readonly message: string }

export const failure = (code: string, message: string): Failure => ({ kind: "failed", code, message })

/** The code of an error that Node threw or emitted; `unknown` where it has none. */
export const codeOfError = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown"

export const sentenceOfError = (error: unknown): string => (error instanceof Error ? error.message : String(error))
