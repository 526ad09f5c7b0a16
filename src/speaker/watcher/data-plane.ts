import type { ServiceName } from "../../cluster/name.ts"
import { after, type At, earliest, type Instant } from "../../time/instant.ts"
import { hasQueued, judgeReadiness, type LocalEvidence, type ProxyEvidence } from "./readiness.ts"

/** How often the proxy is asked while something waits for it, while nothing is served by it, and where there is none. */
const askWaitingMs = 50
/**
 * While addresses are served: one that stands still leaves its holder a second for the answer and two of grace, and
 * has moved its addresses within five. Shorter than that grace, so that where all stand still all know before one gives.
 */
const askServingMs = 1500
/** A proxy takes longer for many Services, and each answer is weighed for all of them. */
const askWaitingMsPerService = 0.25
const askIdleMs = 10_000
const askAbsentMs = 30_000
/** A proxy that stays behind is asked at leisure: it is reported by then. */
const hurryMs = 10_000

const portsARoundMax = 64
/** Longer than kube-proxy's syncs take. Then work that waits means that it hangs. */
const hangsAfterMs = 5000

export type DataPlaneQuestion =
  | { readonly kind: "probe-proxy" }
  | { readonly kind: "probe-local"; readonly port: number }

/** What is known of the service proxy on this node, and when it must be asked again. */
export class DataPlane {
  readonly #changedAt = new Map<ServiceName, number>()
  readonly #ports = new Map<ServiceName, number>()
  readonly #local = new Map<number, LocalEvidence>()
  #proxy: ProxyEvidence | undefined
  #askAt: Instant = 0 as Instant
  #asking = false
  /** Work waits since then, and no sync came. */
  #queuedSince: Instant | undefined
  #waitingSince: Instant | undefined
  #isServing = false
  #asked = 0

  /** The Service, or who serves it, changed now: its rules must be written anew. */
  changed(service: ServiceName, at: At): void {
    this.#changedAt.set(service, at.wallSeconds)
    if (this.#proxy?.is === "absent") return
    this.#waitingSince = at.now
    this.#askAt = at.now
  }

  /** @param port its healthCheckNodePort where its policy is Local, else undefined */
  port(service: ServiceName, port: number | undefined): void {
    if (port === undefined) this.#ports.delete(service)
    else this.#ports.set(service, port)
  }

  forget(service: ServiceName): void {
    this.#changedAt.delete(service)
    this.#ports.delete(service)
  }

  /** Whether any address may be answered for: then the proxy must not stand still for long. */
  serves(isServing: boolean, at: At): void {
    if (isServing && !this.#isServing && this.#proxy?.is !== "absent")
      this.#askAt = earliest(this.#askAt, after(at.now, askServingMs))!
    this.#isServing = isServing
  }

  proxySaid(evidence: ProxyEvidence, at: At): void {
    this.#asking = false
    const isSameSync = syncedAt(evidence) === syncedAt(this.#proxy)
    this.#queuedSince = hasQueued(evidence) ? ((isSameSync ? this.#queuedSince : undefined) ?? at.now) : undefined
    this.#proxy = evidence
    this.#askAt = after(at.now, evidence.is === "absent" ? askAbsentMs : this.#pauseMs(evidence, at))
  }

  localSaid(port: number, evidence: LocalEvidence): void {
    this.#local.set(port, evidence)
  }

  /** The questions that are due; the answers come as `proxySaid` and `localSaid`. */
  questions(now: Instant): readonly DataPlaneQuestion[] {
    if (this.#asking || now < this.#askAt) return []
    this.#asking = true
    return [{ kind: "probe-proxy" }, ...this.#portsToAsk().map((port) => ({ kind: "probe-local", port }) as const)]
  }

  wakeAt(): Instant | undefined {
    return this.#asking ? undefined : this.#askAt
  }

  isReady(service: ServiceName, at: At): boolean {
    if (this.#proxy === undefined) return false
    const port = this.#ports.get(service)
    const local = port === undefined ? undefined : this.#local.get(port)
    return judgeReadiness(this.#proxy, local, this.#changedAt.get(service) ?? 0, at.wallSeconds, this.#hangs(at)).ready
  }

  /** Whether the proxy works at all, Services aside. */
  get works(): boolean {
    return this.#proxy?.is === "absent" || this.#proxy?.is === "synced"
  }

  #hangs({ now }: At): boolean {
    return this.#queuedSince !== undefined && now >= after(this.#queuedSince, hangsAfterMs)
  }

  #pauseMs(evidence: ProxyEvidence, at: At): number {
    const isBehind = this.#isBehind(evidence, at)
    const hurried = this.#waitingSince !== undefined && at.now < after(this.#waitingSince, hurryMs)
    if (hurried && isBehind) return Math.max(askWaitingMs, this.#changedAt.size * askWaitingMsPerService)
    this.#waitingSince = undefined
    return this.#isServing ? askServingMs : askIdleMs
  }

  /** In a hurry only those that changed, else all in turn. */
  #portsToAsk(): readonly number[] {
    const hurried = this.#waitingSince !== undefined
    const ports = hurried
      ? [...this.#changedAt.keys()].flatMap((service) => this.#ports.get(service) ?? [])
      : [...this.#ports.values()]
    const from = ports.length === 0 ? 0 : this.#asked % ports.length
    const asked = [...ports.slice(from), ...ports.slice(0, from)].slice(0, portsARoundMax)
    this.#asked = from + asked.length
    return asked
  }

  /**
   * Whether some Service's change has not been shown yet. One that has is forgotten at once: a clock that is set back
   * later would make it look newer than every sync to come.
   */
  #isBehind(evidence: ProxyEvidence, at: At): boolean {
    for (const [service, changedAt] of this.#changedAt)
      if (judgeReadiness(evidence, undefined, changedAt, at.wallSeconds, this.#hangs(at)).ready)
        this.#changedAt.delete(service)
    return this.#changedAt.size > 0
  }
}

const syncedAt = (evidence: ProxyEvidence | undefined): number | undefined =>
  evidence?.is === "synced" ? evidence.syncedAt : undefined
