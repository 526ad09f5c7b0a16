import { type Address, parseAddress } from "../../net/address.ts"
import type { Answer, Target } from "../actors/ask.ts"
import { type AskerReport, type Attempt, reportOf } from "../actors/asker-report.ts"
import type { SimulatedMachine } from "./machine.ts"
import type { Visit, VisitOutcome } from "./wire.ts"
import type { Cancel, World } from "./world.ts"

/** Programs that open connections from machines of the lab. */
export type Visitors = {
  readonly visit: (
    machine: SimulatedMachine,
    target: Target,
    patienceMs: number,
    then: (answer: Answer) => void,
  ) => void
  readonly hearAnswer: (visit: Visit, outcome: VisitOutcome) => void
  readonly startAsker: (machine: SimulatedMachine, target: Target, perSecond: number) => SimulatedAsker
}

export type SimulatedAsker = {
  readonly report: () => AskerReport
  /** Stops asking; the report is whole when `patienceMs` have passed since. */
  readonly stop: () => void
}

/** RFC 6298: a SYN without an answer is sent again after a second. */
const retransmitMs = 1000
/** Under that second, so that a second try never passes for a first. */
export const askerPatienceMs = 300

type Pending = { readonly began: number; readonly end: (answer: Answer) => void; readonly cancels: readonly Cancel[] }

export const createVisitors = (world: World): Visitors => {
  const pending = new Map<number, Pending>()
  let last = 0

  const visit: Visitors["visit"] = (machine, target, patienceMs, then) => {
    const to = parseAddress(target.address)
    const from = to === undefined ? undefined : ownAddress(machine, to)
    if (to === undefined || from === undefined) return then({ kind: "unreachable", tookMs: 0 })
    const one: Visit = { id: ++last, from, to, protocol: target.protocol, port: target.port }
    const send = (): void => machine.sendTowards(to, { kind: "visit", visit: one })
    const end = (answer: Answer): void => {
      for (const cancel of pending.get(one.id)?.cancels ?? []) cancel()
      pending.delete(one.id)
      then(answer)
    }
    const timeout = world.later(patienceMs, () => end({ kind: "timeout", tookMs: patienceMs }))
    const again = target.protocol === "TCP" && patienceMs > retransmitMs ? [world.later(retransmitMs, send)] : []
    pending.set(one.id, { began: world.now(), end, cancels: [timeout, ...again] })
    send()
  }
  return {
    visit,
    hearAnswer: ({ id }, outcome) => {
      const asked = pending.get(id)
      asked?.end({ ...outcome, tookMs: world.now() - asked.began })
    },
    startAsker: (machine, target, perSecond) => {
      const began = world.now()
      const attempts: Attempt[] = []
      let asking = true
      const knock = (): void => {
        if (!asking) return
        const sentMs = world.now() - began
        visit(machine, target, askerPatienceMs, ({ kind, tookMs }) =>
          attempts.push({ sentMs, answered: kind === "answered", tookMs }),
        )
        world.later(1000 / perSecond, knock)
      }
      knock()
      return {
        report: () => reportOf(attempts, world.now() - began),
        stop: () => (asking = false),
      }
    },
  }
}

const ownAddress = ({ links }: SimulatedMachine, to: Address): Address | undefined =>
  links.flatMap(({ prefixes }) => prefixes.map(({ address }) => address)).find((own) => typeof own === typeof to)
