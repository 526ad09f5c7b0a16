import type { Address } from "../../net/address.ts"
import type { Candidate, Group } from "../../ownership/group.ts"
import type { SegmentInput } from "../../ownership/input.ts"
import type { Hold, Intent } from "../intent.ts"
import type { MemberDirectory } from "./member-directory.ts"

/** The part of the watcher's view that concerns one segment. */
export class SegmentView {
  readonly #self: string
  readonly #directory: MemberDirectory
  readonly #told = new Map<Address, Hold>()
  readonly #addresses = new Map<Address, Address>()

  constructor(self: string, directory: MemberDirectory) {
    this.#self = self
    this.#directory = directory
  }

  /** A page of intents as the segment reads it. `link`: the name of the interface the segment has on this node. */
  page(intents: readonly Intent[], link: string, complete: boolean): SegmentInput {
    const groups: Group[] = []
    const gone: Address[] = []
    for (const intent of intents) {
      const key = intent.kind === "hold" ? intent.hold.key : intent.key
      const before = this.#told.get(key)
      if (intent.kind === "let-go") {
        if (before !== undefined) gone.push(key)
        this.#forget(key)
        continue
      }
      if (before === undefined && !mayUse(intent.hold, link)) continue
      this.#remember(intent.hold)
      groups.push(this.#groupOf(intent.hold, link))
    }
    return { kind: "view", groups, gone, complete }
  }

  /** Everything told so far once more: members have come within reach or gone out of it, and stand elsewhere in the order. */
  again(link: string, complete: boolean): SegmentInput {
    return {
      kind: "view",
      groups: [...this.#told.values()].map((hold) => this.#groupOf(hold, link)),
      gone: [],
      complete,
    }
  }

  /** The group an address belongs to; undefined: not ours to speak of. */
  keyOf(address: Address): Address | undefined {
    return this.#addresses.get(address)
  }

  #remember(hold: Hold): void {
    this.#forget(hold.key)
    this.#told.set(hold.key, hold)
    for (const address of hold.addresses) this.#addresses.set(address, hold.key)
  }

  #forget(key: Address): void {
    const before = this.#told.get(key)
    this.#told.delete(key)
    for (const address of before?.addresses ?? [])
      if (this.#addresses.get(address) === key) this.#addresses.delete(address)
  }

  #groupOf(hold: Hold, link: string): Group {
    const { key, addresses, grant, ready } = hold
    return { key, addresses, grant, ready, order: this.#orderOf(hold, link) }
  }

  /**
   * Who has no address on this segment cannot be heard there, so it comes last. This node leaves the order, not the view,
   * where an advertisement takes the link away: leaving the view would say that the grant is over.
   */
  #orderOf(hold: Hold, link: string): readonly Candidate[] {
    const near: Candidate[] = []
    const far: Candidate[] = []
    for (const { node, score } of hold.order) {
      if (node === this.#self && !mayUse(hold, link)) continue
      const id = this.#directory.idOf(node)
      const inReach = node === this.#self || this.#directory.addressOf(id) !== undefined
      ;(inReach ? near : far).push({ node: id, score })
    }
    return far.length === 0 ? near : [...near, ...far]
  }
}

const mayUse = (hold: Hold, link: string): boolean => hold.links === undefined || hold.links.includes(link)
