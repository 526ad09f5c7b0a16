import type { Mac } from "../../net/mac.ts"
import type { Beat, Boot, NodeId } from "../../ownership/beat.ts"
import { after, type Instant } from "../../time/instant.ts"

/** Longer than any way of a delayed datagram: a process that has ended is not heard for so long after its successor. */
const overlapMs = 2000
/** A process not heard for so long has ended. */
const endedMs = 2000
/** Processes of one node remembered at once. */
const processesMax = 4

type Process = { readonly boot: Boot; mac: Mac; readonly firstAt: Instant; lastAt: Instant }

/** A node id under which several processes beat at the same time, and where from. */
export type Namesake = { readonly node: NodeId; readonly macs: readonly Mac[] }

/**
 * Two machines that take themselves for the same node: both beat with our key, each with its own boot. Ownership keeps
 * to the one it knew first for as long as that is heard, so nothing moves; but half of what the other says is lost.
 */
export class Namesakes {
  readonly #processes = new Map<NodeId, Process[]>()

  hear({ from, boot, mac }: Pick<Beat, "from" | "boot" | "mac">, now: Instant): void {
    const known = this.#processes.get(from)
    const same = known?.find((one) => one.boot === boot)
    if (same !== undefined) {
      same.lastAt = now
      same.mac = mac
      return
    }
    const living = (known ?? []).filter((one) => !hasEnded(one, now))
    this.#processes.set(from, [...living, { boot, mac, firstAt: now, lastAt: now }].slice(-processesMax))
  }

  list(now: Instant): readonly Namesake[] {
    return [...this.#processes].flatMap(([node, processes]) => {
      const living = processes.filter((one) => !hasEnded(one, now))
      const [first, second] = living
      const isTwice = first !== undefined && second !== undefined && first.lastAt >= after(second.firstAt, overlapMs)
      return isTwice ? [{ node, macs: [...new Set(living.map(({ mac }) => mac))] }] : []
    })
  }
}

const hasEnded = ({ lastAt }: Process, now: Instant): boolean => now >= after(lastAt, endedMs)
