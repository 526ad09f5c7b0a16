import { resourceOf } from "../../cluster/kind-resource.ts"
import { moveToAnnotation } from "../../cluster/read/annotation.ts"
import { isObject, listAt } from "../../kubernetes/json.ts"
import { listCall, mergePatchCall } from "../../kubernetes/request.ts"
import { printAddress } from "../../net/address.ts"
import type { ApiSession } from "../survey/api-session.ts"
import { type Hold, readSpeakerView } from "../survey/speaker-view.ts"
import type { PlannedMove } from "./plan.ts"

export type Performed = {
  readonly moved: readonly PlannedMove[]
  readonly failed: readonly { readonly move: PlannedMove; readonly says: string }[]
  readonly tookMs: number
}

/** Time and waiting, as the process has them. */
export type Passing = { readonly nowMs: () => number; readonly pause: (ms: number) => Promise<void> }

/** Speakers write what changed at once, and after twenty such writes every ten seconds. */
const reportPatienceMs = 25_000
const lookMs = 300

/** Asks for each move and follows the speakers' reports until the new node says that it holds the address. */
export const performMoves = async (
  session: ApiSession,
  moves: readonly PlannedMove[],
  passing: Passing,
  onMoved: (move: PlannedMove) => void,
): Promise<Performed> => {
  const beganMs = passing.nowMs()
  const failed: { move: PlannedMove; says: string }[] = []
  const waiting = new Set<PlannedMove>()
  for (const move of moves) {
    const refusal = await askFor(session, move)
    if (refusal === undefined) waiting.add(move)
    else failed.push({ move, says: refusal })
  }
  const moved: PlannedMove[] = []
  for (let until = passing.nowMs() + reportPatienceMs; waiting.size > 0 && passing.nowMs() < until;) {
    const holders = await holdersOf(session)
    for (const move of waiting) {
      if (holders.get(move.address) !== move.to) continue
      waiting.delete(move)
      moved.push(move)
      onMoved(move)
      until = passing.nowMs() + reportPatienceMs
    }
    if (waiting.size > 0) await passing.pause(lookMs)
  }
  for (const move of waiting) failed.push({ move, says: lateText(move) })
  return { moved, failed, tookMs: passing.nowMs() - beganMs }
}

const lateText = ({ from, to, address }: PlannedMove): string =>
  `${from} was asked to hand it over, and ${to} has not said within ${reportPatienceMs / 1000} s that it holds it: porchlight explain ${address}`

/** What `kubectl annotate --overwrite` sends. */
const askFor = async (session: ApiSession, { ask }: PlannedMove): Promise<string | undefined> => {
  const [namespace = "", name = ""] = ask.service.split("/")
  const place = { resource: resourceOf.Service, namespace, name }
  const patch = { metadata: { annotations: { [moveToAnnotation]: ask.value } } }
  const answer = await session.ask(mergePatchCall(place, patch))
  return answer.kind === "answer"
    ? undefined
    : `Service ${ask.service} could not be annotated: ${"message" in answer.failure ? answer.failure.message : answer.failure.reason}`
}

/** Who holds each address, by the best claim that any speaker reports. */
const holdersOf = async (session: ApiSession): Promise<ReadonlyMap<string, string>> => {
  const answer = await session.ask(listCall(resourceOf.Speaker, {}))
  const best = new Map<string, Hold>()
  for (const object of answer.kind === "answer" ? listAt(answer.body, "items") : [])
    for (const hold of (isObject(object) ? readSpeakerView(object)?.holds : undefined) ?? []) {
      const other = best.get(printAddress(hold.address))
      if (other === undefined || isBetter(hold, other)) best.set(printAddress(hold.address), hold)
    }
  return new Map([...best].map(([address, { node }]) => [address, node]))
}

const isBetter = (a: Hold, b: Hold): boolean => a.grant > b.grant || (a.grant === b.grant && a.epoch > b.epoch)
