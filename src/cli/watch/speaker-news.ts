import type { NodeName } from "../../cluster/name.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { isObject, textAt } from "../../kubernetes/json.ts"
import { printTimestamp } from "../../kubernetes/timestamp.ts"
import { type Address, printAddress } from "../../net/address.ts"
import type { At, Instant } from "../../time/instant.ts"
import { moveSentence } from "../../wording/move.ts"
import { hearingOf } from "../survey/hearing.ts"
import type { Move, SpeakerFinding, SpeakerView } from "../survey/speaker-view.ts"
import { hasForgotten, JournalNews } from "./journal-news.ts"
import type { Occurrence } from "./occurrence.ts"

type Trouble = { readonly since: Instant; readonly about: string; readonly message: string; readonly facts: JsonObject }

/** Which Services have an address. */
export type ServicesOf = (address: Address) => readonly string[]

/** What Speaker objects tell as they change: moves, findings that come and go, nodes that nobody hears. */
export class SpeakerNews {
  readonly #servicesOf: ServicesOf
  readonly #views = new Map<NodeName, SpeakerView>()
  readonly #journals = new JournalNews()
  #troubles: ReadonlyMap<string, Trouble> = new Map()
  #unheard: ReadonlyMap<NodeName, Instant> = new Map()
  #isHistory = true

  constructor(servicesOf: ServicesOf) {
    this.#servicesOf = servicesOf
  }

  /** All objects that were there have been taken: what comes from now on is news. */
  begin(at: At): void {
    this.look(at)
    this.#isHistory = false
  }

  take(view: SpeakerView, at: At): readonly Occurrence[] {
    const before = this.#views.get(view.node)
    this.#views.set(view.node, view)
    const moves = this.#journals.take(view, this.#isHistory, at.now)
    return [...this.#moved(moves), ...this.#forgotten(before, view, at), ...this.look(at)]
  }

  gone(node: NodeName, at: At): readonly Occurrence[] {
    this.#views.delete(node)
    this.#journals.forget(node)
    return this.look(at)
  }

  /** What time alone brings: a speaker that took over counts more than a report which grows old. */
  look(at: At): readonly Occurrence[] {
    return [...this.#moved(this.#journals.due(at.now)), ...this.#heard(at), ...this.#found(at)]
  }

  #moved(moves: readonly Move[]): readonly Occurrence[] {
    return moves.map((move) => {
      const planned = move.reason === "offered" || move.reason === "handed-over"
      return {
        at: printTimestamp(move.at),
        code: "moved",
        severity: move.reason === "holder-silent" || move.reason === "promise-broken" ? "risk" : "note",
        about: printAddress(move.address),
        services: this.#servicesOf(move.address),
        says: moveSentence(move),
        lastedMs: planned ? 0 : move.silentMs,
        facts: {
          ...(move.from !== undefined && { from: move.from }),
          ...(move.to !== undefined && { to: move.to }),
          reason: move.reason,
          ...(move.offeredBecause !== undefined && { offeredBecause: move.offeredBecause }),
        },
      }
    })
  }

  /** A node's death can move a thousand addresses in one report. */
  #forgotten(before: SpeakerView | undefined, now: SpeakerView, at: At): readonly Occurrence[] {
    if (this.#isHistory || before === undefined || !hasForgotten(before, now)) return []
    const says = `more addresses moved at once than its journal keeps (${now.moves.length}): it held ${before.holds.length} and holds ${now.holds.length} now`
    return [aboutNode(now.node, at, { code: "moved", severity: "note", says })]
  }

  #heard(at: At): readonly Occurrence[] {
    const { unheard } = hearingOf(this.#views.values(), at.wallSeconds)
    const before = this.#unheard
    this.#unheard = new Map([...unheard].map((node) => [node, before.get(node) ?? at.now]))
    if (this.#isHistory) return []
    const lost = [...unheard].filter((node) => !before.has(node))
    const back = [...before].filter(([node]) => !unheard.has(node) && this.#views.has(node))
    return [
      ...lost.map((node) =>
        aboutNode(node, at, {
          code: "unheard",
          severity: "broken",
          says: "no other speaker hears it: the node is down, cut off, or its speaker does not run",
        }),
      ),
      ...back.map(([node, since]) =>
        aboutNode(node, at, { code: "heard", severity: "good", says: "is heard again", lastedMs: at.now - since }),
      ),
    ]
  }

  /** A stranger is told of once, however many nodes see it. */
  #found(at: At): readonly Occurrence[] {
    const before = this.#troubles
    const now = new Map<string, Trouble>()
    for (const { node, findings } of this.#views.values())
      for (const finding of findings) {
        const id = idOf(finding, node)
        const facts = isObject(finding.facts) ? finding.facts : {}
        const about = textAt(facts, "address") ?? node
        now.set(id, {
          since: before.get(id)?.since ?? at.now,
          about,
          message: about === node ? finding.message : finding.message.replace(/\bthis (node|speaker)\b/, node),
          facts: { code: finding.code, node, ...facts },
        })
      }
    this.#troubles = now
    if (this.#isHistory) return []
    return [
      ...[...now].filter(([id]) => !before.has(id)).map(([, trouble]) => this.#tell(trouble, at)),
      ...[...before]
        .filter(([id]) => !now.has(id))
        .map(([, trouble]) => this.#tell(trouble, at, at.now - trouble.since)),
    ]
  }

  #tell({ about, message, facts }: Trouble, at: At, lastedMs?: number): Occurrence {
    const address = [...this.#views.values()]
      .flatMap(({ holds }) => holds)
      .find((hold) => printAddress(hold.address) === about)
    return {
      at: printTimestamp(at.wallSeconds),
      code: lastedMs === undefined ? "found" : "over",
      severity: lastedMs === undefined ? "risk" : "good",
      about,
      services: address === undefined ? [] : this.#servicesOf(address.address),
      says: lastedMs === undefined ? message : `over: ${message.split(/[;:.] /)[0]}`,
      lastedMs,
      facts,
    }
  }
}

const aboutNode = (
  node: NodeName,
  at: At,
  more: Pick<Occurrence, "code" | "severity" | "says" | "lastedMs">,
): Occurrence => ({ at: printTimestamp(at.wallSeconds), about: node, services: [], facts: { node }, ...more })

/** The message may hold a figure that grows; what it is about stays. */
const idOf = ({ code, facts }: SpeakerFinding, node: NodeName): string => {
  const [address, mac, other, link] = ["address", "mac", "node", "link"].map((name) => textAt(facts, name) ?? "")
  return code === "foreign-answer" ? `${code} ${address} ${mac}` : `${code} ${node} ${link} ${address} ${other}`
}
