/** How this program was started, so that every command we print can be typed as it stands. */
export type Start = {
  /** `npm_command`, `npm_lifecycle_event` and the name that the start script was called by. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** `npx porchlight` from a checkout by npm, `kubectl porchlight` as a plugin, else the name it was typed by. */
export const commandPrefix = ({ env }: Start = { env: process.env }): string => {
  if (env["npm_command"] !== undefined) return "npx porchlight"
  const typed = env["PORCHLIGHT_STARTED_AS"] ?? "porchlight"
  const name = typed.slice(typed.lastIndexOf("/") + 1)
  if (name.startsWith("kubectl-")) return "kubectl porchlight"
  const directories = (env["PATH"] ?? "").split(":")
  return directories.some((directory) => `${directory}/${name}` === typed) ? name : typed
}

/** Sentences name this program `porchlight`; printed, each command in them can be typed as it stands. */
export const asTyped = (text: string, prefix: string): string =>
  text.replace(/\bporchlight (?=[a-z])/g, () => `${prefix} `)
