import { type ActiveFault, everybody, type Fault, isSameFault, parseFault, placeFault, printActive } from "./fault.ts"

/** What a person says is to be broken or mended, the same words on every wire. `machine` undefined: for everybody. */
export type FaultOrder = { readonly machine: string | undefined; readonly fault: Fault }

/** A string is what is wrong with the words. */
export const readOrder = (machine: string | undefined, text: string): FaultOrder | string => {
  const placed = placeFault(machine, text)
  if (typeof placed === "string") return placed
  const fault = parseFault(placed.text)
  return typeof fault === "string" ? fault : { machine: placed.machine, fault }
}

/** Those meant by `mend MACHINE FAULT`: without a fault all of that machine, without a machine what is everybody's, without both all there are. */
export const meantBy = (
  machine: string | undefined,
  text: string | undefined,
  active: readonly ActiveFault[],
): readonly ActiveFault[] | string => {
  if (text === undefined) return active.filter((one) => machine === undefined || one.machine === machine)
  const order = readOrder(machine, text)
  if (typeof order === "string") return order
  const of = order.machine ?? everybody
  return active.filter((one) => one.machine === of && isSameFault(one.fault, order.fault))
}

export type DamageOutcome =
  | { readonly kind: "done"; readonly says: string }
  | { readonly kind: "refused"; readonly says: string }

export const mended = (ones: readonly ActiveFault[]): DamageOutcome =>
  ones.length === 0
    ? { kind: "refused", says: "nothing of that is broken" }
    : { kind: "done", says: `mended ${ones.map(printActive).join(", ")}` }
