import { parseTimestamp } from "../../kubernetes/timestamp.ts"
import { printAge, printMoment } from "../age.ts"
import { table } from "../table.ts"
import type { MoveView, NodeExplanation } from "./node-explanation.ts"
import { section } from "./section.ts"
import type { LineOptions } from "./service-lines.ts"

/** Addresses named in one line without `-o wide`. */
const shownMax = 8

/** The whole explanation for people. */
export const nodeLines = (node: NodeExplanation, { style, wide }: LineOptions): readonly string[] => {
  const some = (list: readonly string[]): string =>
    wide || list.length <= shownMax
      ? list.join(" ")
      : `${list.slice(0, shownMax).join(" ")} and ${list.length - shownMax} more`
  return [
    `${style.bold(node.about.name)}   ${node.addresses.join(" ")}   ${speakerText(node)}`,
    ...(node.speaker?.unheard
      ? [
          `${style.bad} no other speaker hears it: the node is down, cut off, or its speaker does not run     kubectl get pods -A -o wide --field-selector spec.nodeName=${node.about.name} | grep speaker`,
        ]
      : []),
    "",
    ...section("Holds", holdLines(node)),
    ...section(
      "First for",
      placeLines(node, 1).map((list) => some(list)),
    ),
    ...section(
      "Next for",
      placeLines(node, 2).map((list) => some(list)),
    ),
    ...section(
      "May not",
      node.barred.map(({ addresses, reasons }) => `${some(addresses)}   ${reasons.map(({ says }) => says).join("; ")}`),
    ),
    ...section(
      "Links",
      (node.speaker?.links ?? []).map(
        ({ name, up, use }) => `${name} ${up ? "up" : "down"}${use === undefined ? "" : `   ${use}`}`,
      ),
    ),
    ...section(
      "Findings",
      (node.speaker?.findings ?? []).map(({ says }) => `${style.warn} ${says}`),
    ),
    ...section("Moves", node.moves.map(moveLine)),
    ...section(
      "Problems",
      node.problems.map(({ says, next }) => `${style.bad} ${says}     ${next}`),
    ),
  ]
}

const speakerText = ({ speaker, kubernetesCallsItReady, holds }: NodeExplanation): string => {
  const node = kubernetesCallsItReady ? "" : ", Kubernetes calls the node not ready"
  if (speaker === undefined) return `no report of a speaker${node}`
  if (speaker.unheard) return `speaker unheard; what follows is what it said last${node}, holds ${holds.length}`
  const ready = speaker.dataPlaneReady ? "ready" : "waits for the service proxy"
  const state = speaker.state === undefined || speaker.state === "active" ? ready : `is ${speaker.state}`
  const heard = speaker.heardBy === undefined ? "" : `, heard by ${speaker.heardBy.join(" ") || "nobody"}`
  return `speaker ${state}${heard}${node}, holds ${holds.length}`
}

const holdLines = ({ holds }: NodeExplanation): readonly string[] => {
  const rows = holds.map((hold) => {
    const since = hold.since === undefined ? undefined : parseTimestamp(hold.since)
    return [
      hold.address,
      hold.services.join(" "),
      since === undefined ? "" : `since ${printMoment(since)}`,
      hold.gatewaySawItSecondsAgo === undefined ? "" : `router saw it ${printAge(hold.gatewaySawItSecondsAgo)} ago`,
    ]
  })
  return table(rows)
}

const placeLines = ({ places }: NodeExplanation, wanted: number): readonly (readonly string[])[] => {
  const found = places.filter(({ place }) => place === wanted).map(({ address }) => address)
  return found.length === 0 ? [] : [found]
}

/** `Nov 14 09:12   10.69.1.156   w1 took it over from w3, which had fallen silent`. */
export const moveLine = ({ at, address, says }: MoveView): string => {
  const moment = parseTimestamp(at)
  return [moment === undefined ? at : printMoment(moment), address, says].join("   ")
}
