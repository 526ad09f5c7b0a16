import { addressIndex } from "./address-index.ts"
import type { Address } from "../net/address.ts"
import type { Instant } from "../time/instant.ts"
import type { Entry } from "./entry.ts"
import { announceSoon } from "./announce.ts"
import { noteOut } from "./flapping.ts"
import type { Group } from "./group.ts"
import { isInOrder } from "./standing.ts"
import { entryOf, type SegmentState, tell } from "./state.ts"
import { timing } from "./timing.ts"

/** What should be: groups new or changed, and keys that are gone, which is acted on once the view is whole. */
export const applyView = (
  state: SegmentState,
  page: { readonly groups: readonly Group[]; readonly gone: readonly Address[]; readonly complete: boolean },
  now: Instant,
): void => {
  for (const key of page.gone) state.goneKeys.add(addressIndex(key))
  for (const group of page.groups) applyGroup(state, group, now)
  if (!page.complete) return
  for (const index of state.goneKeys) dropGroup(state, state.entries.get(index))
  state.goneKeys.clear()
  state.viewComplete = true
  forgetOldest(state)
}

/**
 * A grant that falls while its group stays in the view is a ledger that was lost or restored, never a new giving: under
 * the lower one nobody who remembers the higher would ever claim the address.
 */
const applyGroup = (state: SegmentState, told: Group, now: Instant): void => {
  const entry = entryOf(state, told.key)
  const before = entry.group?.grant ?? 0
  const known = entry.group?.addresses ?? told.addresses
  const group = told.grant < before ? { ...told, grant: before } : told
  state.goneKeys.delete(addressIndex(group.key))
  if (entry.group === undefined) appear(state, entry, group)
  else unmap(state, entry)
  const wasIn = isInOrder(state, entry)
  entry.group = group
  if (wasIn && !isInOrder(state, entry)) noteOut(entry, now)
  for (const address of group.addresses) state.groupOf.set(addressIndex(address), entry)
  if (entry.state.is === "holding") {
    tell(state, { kind: "answering", key: entry.key, addresses: group.addresses, grant: entry.state.grant })
    if (group.addresses.some((address) => !known.includes(address)))
      entry.state = announceSoon(entry.state, now, timing.announceMs)
  }
  state.dirty.add(entry)
}

/** This node saw the group leave and return, so no declaration that its grant is over can be newer. */
const appear = (state: SegmentState, entry: Entry, group: Group): void => {
  if (entry.wasGone) entry.revoked = undefined
  entry.wasGone = false
  for (const address of group.addresses) {
    const other = state.groupOf.get(addressIndex(address))?.state
    if (other?.is === "holding") entry.estate = { grant: group.grant, epoch: other.epoch, because: "renamed" }
  }
}

const dropGroup = (state: SegmentState, entry: Entry | undefined): void => {
  if (entry?.group === undefined) return
  unmap(state, entry)
  entry.group = undefined
  entry.giveTo = undefined
  entry.wasGone = true
  state.dirty.add(entry)
}

const unmap = (state: SegmentState, entry: Entry): void => {
  for (const address of entry.group!.addresses) {
    const index = addressIndex(address)
    if (state.groupOf.get(index) === entry) state.groupOf.delete(index)
  }
}

/** Addresses outside the view keep their last claim in mind, so far as that stays bounded. */
const forgetOldest = (state: SegmentState): void => {
  let outside = state.entries.size - timing.rememberedMax
  if (outside <= 0) return
  for (const [index, entry] of state.entries) {
    if (outside <= 0) return
    if (entry.group !== undefined || entry.claims.size > 0 || entry.estates.size > 0) continue
    if (entry.inherited !== undefined || entry.estate !== undefined) continue
    state.entries.delete(index)
    outside--
  }
}
