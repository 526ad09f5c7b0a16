import type { ServiceName } from "../../cluster/name.ts"
import { allocationSentence } from "../../wording/allocation.ts"
import { silentSentence } from "../../wording/election.ts"
import { strangerClause } from "../../wording/stranger.ts"
import { problemView } from "../explain/problem-view.ts"
import { addressTexts } from "../explain/service-explanation.ts"
import { isTrouble, type Situation, situationOf } from "../explain/situation.ts"
import { numberAt, textAt } from "../../kubernetes/json.ts"
import type { SpeakerView } from "../survey/speaker-view.ts"
import type { Survey } from "../survey/survey.ts"
import { clauseOf } from "../told.ts"

/** Something that somebody has to look at. `broken` is bad news (exit 1), `risk` is not yet. */
export type Trouble = {
  readonly severity: "broken" | "risk"
  readonly about: { readonly kind: string; readonly name: string }
  readonly code: string
  readonly says: string
  /** The next command to type. */
  readonly next: string
}

/** Every trouble, the broken first. */
export const troublesOf = (survey: Survey): readonly Trouble[] =>
  [
    ...[...survey.cluster.services.keys()].flatMap((name) => serviceTrouble(survey, name)),
    ...releaseTroubles(survey),
    ...nodeTroubles(survey),
    ...problemTroubles(survey),
  ].toSorted((a, b) => rank(a) - rank(b))

/** All who wait for one release have the same words, which end in the command that confirms it. */
const releaseTroubles = ({ releaseWaits }: Survey): readonly Trouble[] =>
  [...Map.groupBy(releaseWaits, ([, words]) => words)].map(([words, waiting]) => {
    const [says = "", confirm] = words.split("; if it is meant: ")
    const [name] = waiting[0]!
    return {
      severity: "broken",
      about: { kind: "Service", name: waiting.length === 1 ? name : `${waiting.length} Services` },
      code: "release-waits",
      says: `(ReleaseWaits): ${says}; undo what removed them, or if it is meant`,
      next: confirm ?? `kubectl describe service -n ${name.replace("/", " ")}`,
    }
  })

const rank = ({ severity }: Trouble): number => (severity === "broken" ? 0 : 1)

const serviceTrouble = (survey: Survey, name: ServiceName): readonly Trouble[] => {
  const situation = situationOf(survey, name)
  if (!isTrouble(situation) || situation.is === "release-waits") return []
  return [
    {
      severity: "broken",
      about: { kind: "Service", name },
      code: situation.is,
      says: troubleText(survey, name, situation),
      next: `porchlight explain ${shortest(survey, name)}${survey.again}`,
    },
  ]
}

const troubleText = (survey: Survey, name: ServiceName, situation: Situation): string => {
  const address = addressTexts(survey, name).join(" ")
  switch (situation.is) {
    case "pending":
      return `no address: ${clauseOf(allocationSentence(situation.because[0]))}`
    case "silent":
      return `${address}   nobody announces it: ${clauseOf(silentSentence(situation.because[0]))}`
    case "unheld":
      return `${address}   no speaker says that it announces it`
    case "doubted": {
      const [{ node }] = situation.holds
      return `${address}   only ${node} says that it announces it, and no other speaker hears ${node}`
    }
    case "contested": {
      const [{ mac, class: is, node, seenBy }] = situation.strangers
      return `${address}   ${strangerClause(mac, is, node)} too, as ${seenBy} saw`
    }
    case "unwritten":
      return `${address} would be given, but no controller has written it`
    case "release-waits":
    case "announced":
    case "starting":
    case "unreported":
    case "unknown":
    case "no-load-balancer":
    case "other-class":
      return address
  }
}

/** `radarr` where nothing else has that name, as a person would type it. */
const shortest = (survey: Survey, name: ServiceName): string => {
  const short = shortName(name)
  return usesOf(survey).get(short) === 1 ? short : name
}

const shortName = (name: string): string => name.slice(name.indexOf("/") + 1)

/** How many Services, nodes and pools have each short name; counted once a survey. */
const usesOf = (survey: Survey): ReadonlyMap<string, number> => {
  const known = uses.get(survey)
  if (known !== undefined) return known
  const { services, nodes, configuration } = survey.cluster
  const counts = new Map<string, number>()
  for (const name of [...[...services.keys()].map(shortName), ...nodes.keys(), ...configuration.pools.keys()])
    counts.set(name, (counts.get(name) ?? 0) + 1)
  uses.set(survey, counts)
  return counts
}

const uses = new WeakMap<Survey, ReadonlyMap<string, number>>()

const nodeTroubles = (survey: Survey): readonly Trouble[] => {
  const { cluster, speakers, again } = survey
  const risk = (name: string, code: string, says: string): Trouble => ({
    severity: "risk",
    about: { kind: "Node", name },
    code,
    says,
    next: `porchlight explain node/${name}${again}`,
  })
  const silent = speakers.size === 0 ? [] : [...cluster.nodes.keys()].filter((name) => !speakers.has(name))
  return [
    ...unheardTroubles(survey),
    ...silent.map((name) => ({
      ...risk(name, "no-speaker-report", "no speaker reports from there"),
      next: "kubectl get pods -A -o wide | grep speaker",
    })),
    ...[...speakers.values()]
      .filter(
        ({ node, dataPlaneReady }) => cluster.nodes.has(node) && !survey.hearing.unheard.has(node) && !dataPlaneReady,
      )
      .map(({ node }) => risk(node, "data-plane-not-ready", "its service proxy is not ready, so others go first")),
    ...findingTroubles(survey, risk),
  ]
}

type Risk = (name: string, code: string, says: string) => Trouble

/** Codes told in one line for all nodes, or for all addresses of a node. */
const mergedCodes: ReadonlySet<string> = new Set(["stalled", "no-witness", "foreign-answer"])

/** What speakers that are there find; `foreign-answer` is told with the Service it is about. */
const findingTroubles = ({ speakers, hearing }: Survey, risk: Risk): readonly Trouble[] => {
  const present = [...speakers.values()].filter(({ node }) => !hearing.unheard.has(node))
  return [
    ...stallTroubles(present, risk),
    ...present.flatMap(({ node, findings }) => [
      ...witnessTroubles(findings, (says) => risk(node, "no-witness", says)),
      ...findings.filter(({ code }) => !mergedCodes.has(code)).map(({ code, message }) => risk(node, code, message)),
    ]),
  ]
}

/** A node that holds nothing makes nobody wait. */
const stallTroubles = (present: readonly SpeakerView[], risk: Risk): readonly Trouble[] => {
  const stalled = present.flatMap(({ node, holds, findings }) => {
    const gaps = findings.flatMap(({ code, facts }) => (code === "stalled" ? [numberAt(facts, "gapMs") ?? 0] : []))
    return gaps.length === 0 || holds.length === 0 ? [] : [{ node, gapMs: Math.max(...gaps) }]
  })
  const [first, ...more] = stalled.toSorted((a, b) => b.gapMs - a.gapMs)
  if (first === undefined) return []
  const others = more.length === 0 ? "" : ` (also ${more.map(({ node }) => node).join(" ")})`
  const says = `speaker was not run for ${first.gapMs} ms${others}: its addresses were silent meanwhile. Give it CPU; a CPU limit stops it for up to 90 ms in each 100`
  return [risk(first.node, "stalled", says)]
}

const witnessTroubles = (findings: SpeakerView["findings"], risk: (says: string) => Trouble): readonly Trouble[] => {
  const [first, ...more] = findings.filter(({ code }) => code === "no-witness")
  if (first === undefined) return []
  if (more.length === 0) return [risk(first.message.replace(/^this node /, ""))]
  const addresses = [first, ...more].flatMap(({ facts }) => textAt(facts, "address") ?? [])
  const shown = addresses.slice(0, addressesNamedMax).join(", ")
  const rest = addresses.length > addressesNamedMax ? ` and ${addresses.length - addressesNamedMax} more` : ""
  return [
    risk(
      `hears nobody answer for ${shown}${rest}, and cannot tell that it is connected itself: it hears no other speaker, gateway or client`,
    ),
  ]
}

const addressesNamedMax = 4

/** Speaker objects outlive their nodes: what the others no longer hear is bad news. */
const unheardTroubles = ({ cluster, hearing, speakers }: Survey): readonly Trouble[] => {
  const unheard = [...hearing.unheard].filter((name) => cluster.nodes.has(name))
  const broken = (name: string, code: string, says: string, next: string): Trouble => ({
    severity: "broken",
    about: { kind: "Node", name },
    code,
    says,
    next,
  })
  const pods = "kubectl get pods -A -o wide | grep speaker"
  const splits = hearing.split.map((group) => group.join(" "))
  return [
    ...(unheard.length > 1 && unheard.length === speakers.size
      ? [
          broken(
            unheard.join(" "),
            "nobody-hears-anybody",
            "do not hear each other: the reports are old, all nodes are down, or something filters UDP port 7947 and ARP between them; who announces is not sure",
            pods,
          ),
        ]
      : unheard.map((name) =>
          broken(
            name,
            "unheard",
            "is not heard by any other speaker: the node is down, cut off, or its speaker does not run",
            `kubectl get node ${name}; kubectl get pods -A -o wide --field-selector spec.nodeName=${name} | grep speaker`,
          ),
        )),
    ...(splits.length > 0
      ? [
          broken(
            splits.join(" | "),
            "split",
            "do not hear each other, so both sides may announce the same addresses: look at the switch between them",
            pods,
          ),
        ]
      : []),
  ]
}

const problemTroubles = ({ cluster }: Survey): readonly Trouble[] =>
  cluster.problems
    .filter(({ effect }) => effect !== "noted")
    .map((problem): Trouble => {
      const { says, next } = problemView(problem)
      return { severity: "broken", about: problem.object, code: problem.effect, says, next }
    })
