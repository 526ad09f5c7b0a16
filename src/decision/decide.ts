import type { Cluster, Touched } from "../cluster/cluster.ts"
import type { ServiceName } from "../cluster/name.ts"
import { type Allocations, type Allocator, createAllocator } from "./allocate/allocator.ts"
import { createElector, type Elections, type Elector } from "./elect/elector.ts"
import { createRanking, type Ranking } from "./elect/ranking.ts"

/** All that follows from one snapshot. Maps are live: a decider's are good until it decides again. */
export type Decisions = { readonly allocations: Allocations; readonly elections: Elections }

export type Decided = Decisions & {
  readonly changed: { readonly services: ReadonlySet<ServiceName>; readonly groups: ReadonlySet<string> }
}

/** The same as `decide`, with indexes kept from look to look, so that its work follows what was touched. */
export type Decider = {
  readonly decide: (cluster: Cluster, touched: Touched, wallSeconds: number) => Decided
  readonly allocator: Allocator
  readonly elector: Elector
}

export const createDecider = (ranking: Ranking = createRanking()): Decider => {
  const allocator = createAllocator()
  const elector = createElector(ranking)
  return {
    allocator,
    elector,
    decide: (cluster, touched, wallSeconds) => {
      const allocated = allocator.decide(cluster, touched, wallSeconds)
      const elected = elector.decide(cluster, touched)
      return { ...allocated, ...elected, changed: { services: allocated.changed, groups: elected.changed } }
    },
  }
}

export const decide = (cluster: Cluster, wallSeconds: number, ranking?: Ranking): Decisions => {
  const { allocations, elections } = createDecider(ranking).decide(cluster, { kind: "everything" }, wallSeconds)
  return { allocations, elections }
}
