import type { Interface } from "../../net/interface.ts"
import { printPrefix } from "../../net/prefix.ts"
import { judgeInterface, type Link, segmentPrefix, type UnusableReason } from "./link.ts"

/** What becomes of an interface. `not-advertised`: no pool may be announced on it from this node. */
export type LinkUse = "speaks" | UnusableReason | "no-address" | "same-network" | "not-advertised"

export type JudgedLink = { readonly device: Interface; readonly use: LinkUse }

/** Which interface speaks in which segment. Two in one network would answer each other: the first of them speaks. */
export type LinkAssignment = {
  readonly speaking: ReadonlyMap<string, Link>
  readonly judged: readonly JudgedLink[]
}

/** @param advertised interfaces on which some pool may be announced; undefined: all */
export const assignLinks = (
  interfaces: readonly Interface[],
  advertised: readonly string[] | undefined,
): LinkAssignment => {
  const speaking = new Map<string, Link>()
  const use = (device: Interface): LinkUse => {
    const verdict = judgeInterface(device)
    if (verdict.use === "no") return verdict.because
    if (advertised !== undefined && !advertised.includes(device.name)) return "not-advertised"
    const prefix = segmentPrefix(verdict.link)
    if (prefix === undefined) return "no-address"
    const segment = printPrefix(prefix)
    if (speaking.has(segment)) return "same-network"
    speaking.set(segment, verdict.link)
    return "speaks"
  }
  const inOrder = [...interfaces].sort((a, b) => a.index - b.index)
  return { judged: inOrder.map((device) => ({ device, use: use(device) })), speaking }
}
