import { crashAndReturn, death, impostor } from "./death.ts"
import { anything, singleFaults } from "./faults.ts"
import { deletion, readiness, regrant, unready } from "./grants.ts"
import { brokenPromise, leaving, plannedMove, restart } from "./hand-over.ts"
import { beatsBlocked, deaf, flapping, isolation, switchRestart, twoNodes, twoSegments } from "./links.ts"
import type { Profile } from "./profile.ts"
import { amnesia, stalls, survivor, unseenPause, wake } from "./sleep.ts"
import { adoption, calm, coldStart, oppositeViews, stranger } from "./start.ts"

/** Every family of stories. */
export const profiles: readonly Profile[] = [
  anything,
  calm,
  coldStart,
  oppositeViews,
  adoption,
  stranger,
  death,
  crashAndReturn,
  wake,
  unseenPause,
  stalls,
  amnesia,
  survivor,
  singleFaults,
  deaf,
  isolation,
  twoNodes,
  beatsBlocked,
  switchRestart,
  flapping,
  twoSegments,
  plannedMove,
  leaving,
  restart,
  brokenPromise,
  regrant,
  deletion,
  unready,
  readiness,
  impostor,
]
