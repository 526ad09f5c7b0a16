import { framesAgain, framesBreak, framesMove } from "./frames.ts"
import { blindHolder, dayWithoutApi } from "./api.ts"
import { clockApart, clockJump, suspend } from "./clocks.ts"
import { crashAndReturn, death, impostor } from "./death.ts"
import { anything, singleFaults } from "./faults.ts"
import { deletion, orderFlaps, readiness, regrant, unready } from "./grants.ts"
import { brokenPromise, leaving, plannedMove, restart } from "./hand-over.ts"
import { beatsBlocked, deaf, flapping, isolation, switchRestart, twoNodes, twoSegments } from "./links.ts"
import { darkMinute, lossyHour, lossyPort, oneWay } from "./loss.ts"
import { partition } from "./partition.ts"
import type { Profile } from "./profile.ts"
import { allRestart, rolling } from "./restarts.ts"
import { amnesia, stalls, survivor, unseenPause, wake } from "./sleep.ts"
import { adoption, calm, coldStart, oppositeViews, stranger } from "./start.ts"

/** Stories told in values. */
const inValues: readonly Profile[] = [
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
  orderFlaps,
  impostor,
  partition,
  oneWay,
  lossyPort,
  lossyHour,
  darkMinute,
  clockJump,
  clockApart,
  suspend,
  blindHolder,
  dayWithoutApi,
  allRestart,
  rolling,
]

/** Hosts among frames do not play the stranger, nor another program on a node; and some stories take too long. */
const alsoInFrames = inValues.filter((one) => one !== stranger && one !== adoption && one.weight <= 3)

/** Every family of stories. */
export const profiles: readonly Profile[] = [...inValues, framesMove, framesBreak, framesAgain(alsoInFrames)]
