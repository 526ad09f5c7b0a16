/** What the world refused, as a value: an errno or Node code, and a sentence that says what to do. */
export type Failure = { readonly kind: "failed"; readonly code: string; readonly message: string }

export const failure = (code: string, message: string): Failure => ({ kind: "failed", code, message })

/** The code of an error that Node threw or emitted; `unknown` where it has none. */
export const codeOfError = (error: unknown): string =>
  error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : "unknown"

/** What a machine says in a word, in a sentence with what to do. */
const machineSentences: Readonly<Record<string, (where: string) => string>> = {
  ENOSPC: (where) => `There is no space left${where}: free some, or use a place on another disk`,
  EDQUOT: (where) => `This user's share of the disk is used up${where}: free some, or use a place on another disk`,
  EROFS: (where) => `The file system is read-only${where}: use a place that can be written`,
  EACCES: (where) => `This user has not the right to do that${where}: give it, or use a place of its own`,
  EPERM: (where) => `This user has not the right to do that${where}: give it, or use a place of its own`,
  ENOTDIR: (where) => `A part of the path is no folder${where}: remove that file, or use another place`,
  ENAMETOOLONG: (where) => `The path is too long${where}: use a shorter one`,
  EMFILE: () => "This process may have no more files open: raise the limit (ulimit -n 1024, in a new shell)",
  ENFILE: () => "This machine has no more files to open: end something, or raise fs.file-max",
  EIO: (where) => `The device failed${where}: see dmesg`,
}

/** What the machine refuses in a sentence without full stop; undefined for anything else, such as a fault of our own. */
export const machineSentence = (error: unknown): string | undefined => {
  const code = codeOfError(error)
  if (!Object.hasOwn(machineSentences, code)) return undefined
  const path = error instanceof Error && "path" in error && typeof error.path === "string" ? ` at ${error.path}` : ""
  return `${machineSentences[code]!(path)} (${code})`
}

export const sentenceOfError = (error: unknown): string => (error instanceof Error ? error.message : String(error))
