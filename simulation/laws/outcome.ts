import type { Role } from "../act.ts"
import { holderOf } from "../history.ts"
import { memoryKey } from "../host.ts"
import { macOf, portOf } from "../packet.ts"
import type { World } from "../world.ts"
import type { Law } from "./law.ts"

/** L8: at the end the holder of each group is one of those to whom its newest grant gave it. */
export const newestGrantWins: Law = {
  name: "L8 newer grant wins",
  broken: (world) => {
    for (const { group, node } of finalHolders(world)) {
      const { order, isDeleted } = world.groups[group]!
      if (!isDeleted && order.length > 0 && !order.includes(node))
        return `group ${group} is held by node ${node}, which is not in its order ${order.join(" ")}`
    }
    return undefined
  },
}

/** L8: by then somebody else than the blind node has claimed the group's second grant, if it was given to anybody else. */
export const secondGrantClaimed = (blind: Role, by: number): Law => ({
  name: "L8 a newer grant is claimed behind its holder's back",
  broken: (world) => {
    const holder = typeof blind === "number" ? blind : world.cast.get(blind)
    if (world.groups[0]!.order.every((node) => node === holder)) return undefined
    const claim = world.history.claims.find(({ grant, node, at }) => grant === 2 && node !== holder && at <= by)
    return claim === undefined ? `nobody claimed the second grant by ${by.toFixed(0)}` : undefined
  },
})

/** L11: what the client remembers is the holder's MAC. */
export const clientKnowsHolder: Law = {
  name: "L11 the client's memory points to the holder",
  broken: (world) => {
    for (const { segment, group, node } of finalHolders(world)) {
      if (world.groups[group]!.isDeleted) continue
      const remembered = world.clientMemory.get(memoryKey(segment, world.groups[group]!.addresses[0]))
      if (remembered !== macOf(node))
        return `the client remembers ${remembered === undefined ? "nobody" : `node ${portOf(remembered)}`} for group ${group}, and node ${node} holds it`
    }
    return undefined
  },
}

const finalHolders = (world: World) =>
  world.groups.flatMap((_, group) =>
    Array.from({ length: world.scenario.segments }, (_, segment) => holderOf(world.history, { segment, group })).filter(
      (claim) => claim !== undefined,
    ),
  )

/** Adoption: at the end this node holds the group. */
export const heldBy = (group: number, node: number): Law => ({
  name: "adopted by its holder",
  broken: (world) => {
    const holder = holderOf(world.history, { segment: 0, group })?.node
    return holder === node ? undefined : `group ${group} is held by node ${holder ?? "nobody"}, not by ${node}`
  },
})

/** Somebody has said so by then. */
export const knownFinding = (code: string, by: number): Law => ({
  name: `finding ${code}`,
  broken: (world) =>
    world.history.findings.some((finding) => finding.code === code && finding.on && finding.at <= by)
      ? undefined
      : `nobody found ${code} by ${by}`,
})

/** After a group's holder saw it deleted, nobody claims it any more. */
export const staysDeleted: Law = {
  name: "a deleted address stays away",
  broken: (world) => {
    for (const { group, at } of world.history.losses.filter(({ because }) => because.code === "deleted")) {
      const claim = world.history.claims.find((later) => later.group === group && later.at > at + 2)
      if (claim !== undefined)
        return `node ${claim.node} claimed group ${group} at ${claim.at.toFixed(1)} after its deletion`
    }
    return undefined
  },
}
