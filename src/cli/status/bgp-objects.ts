import { listCall } from "../../kubernetes/request.ts"
import type { Resource } from "../../kubernetes/resource.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { isObject, listAt, textAt } from "../../kubernetes/json.ts"
import { openSession } from "../survey/api-session.ts"
import { type AskOptions, findCluster } from "../survey/load.ts"
import type { Facts } from "../survey/survey.ts"
import type { Trouble } from "./trouble.ts"

const resources: readonly Resource[] = [
  { group: "metallb.io", version: "v1beta2", plural: "bgppeers", kind: "BGPPeer" },
  { group: "metallb.io", version: "v1beta1", plural: "bgpadvertisements", kind: "BGPAdvertisement" },
]

/** They decide nothing, so they are not waited for as long as objects that do. */
const patienceMs = 3000
/** Names told of each kind; one is enough to find the others. */
const namedMax = 3

/** MetalLB's BGP objects there are, by kind; none where they may not be listed. */
export type BgpObjects = ReadonlyMap<string, readonly string[]>

/** Those among the facts, or, of a cluster, as its API server lists them. */
export const findBgpObjects = async (facts: Facts, options: AskOptions): Promise<BgpObjects> => {
  const connection = await findCluster(options)
  if (connection === undefined) return bgpObjectsIn(facts.objects)
  const session = openSession(connection.target, patienceMs)
  try {
    const lists = resources.map(async (resource) => {
      const answer = await session.ask(listCall(resource, { limit: "100" }, options.metallbNamespace))
      const items = answer.kind === "failure" ? [] : listAt(answer.body, "items").filter(isObject)
      return items.map((item) => ({ ...item, kind: resource.kind }))
    })
    return bgpObjectsIn((await Promise.all(lists)).flat())
  } finally {
    session.close()
  }
}

export const bgpObjectsIn = (objects: readonly JsonObject[]): BgpObjects =>
  new Map(
    resources.flatMap(({ kind }) => {
      const names = objects
        .filter((object) => textAt(object, "kind") === kind)
        .map((object) => textAt(object, "metadata", "name") ?? "")
      return names.length === 0 ? [] : [[kind, names] as const]
    }),
  )

/** Who comes from MetalLB with BGP learns here that nobody speaks it. */
export const bgpTroubles = (found: BgpObjects): readonly Trouble[] =>
  [...found].map(([kind, names]) => {
    const more = names.length > namedMax ? ` and ${names.length - namedMax} more` : ""
    return {
      severity: "risk",
      about: { kind, name: `${kind} ${names.slice(0, namedMax).join(", ")}${more}` },
      code: "bgp-not-spoken",
      says: `${names.length === 1 ? "does" : "do"} nothing here: this version announces on the LAN (ARP, NDP) and speaks no BGP`,
      next: "kubectl get bgppeers,bgpadvertisements -A",
    }
  })
