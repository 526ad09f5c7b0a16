import type { Needs } from "../../lab/needs.ts"
import { CommandFailure } from "../failure.ts"

/** Why this machine carries no lab, and every way to change that. */
export const refusal = (needs: Exclude<Needs, { readonly kind: "ready" }>, scenario: string): CommandFailure => {
  if (needs.kind === "tools-missing")
    return new CommandFailure(4, `The lab needs ${needs.tools.join(", ")}, which this machine lacks.`, [
      `install  ${needs.install}`,
    ])
  if (needs.kind === "files-limited") return new CommandFailure(4, `${needs.says}.`, needs.ways)
  if (needs.kind === "tool-failed")
    return new CommandFailure(4, `${needs.says}.`, [
      ...needs.ways,
      `porchlight lab up ${scenario} --wire=simulated       the same programs on a simulated wire`,
    ])
  return new CommandFailure(4, "The lab needs network namespaces, and this user may not make them.", [
    `tried    ${needs.tried}       ${needs.error}`,
    ...(needs.because === undefined ? [] : [`because  ${needs.because}`]),
    ...needs.ways.map((way) => `either   ${way === "run it as root" ? `sudo porchlight lab up ${scenario}` : way}`),
    `or       porchlight lab up ${scenario} --wire=simulated       the same programs on a simulated wire`,
  ])
}
