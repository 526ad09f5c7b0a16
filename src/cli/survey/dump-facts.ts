import type { KindName } from "../../cluster/cluster.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import { listed } from "../../wording/list.ts"
import { CommandFailure } from "../failure.ts"
import { readObjectFiles } from "./object-files.ts"
import { type Facts, kindOf, type Withheld } from "./survey.ts"

/** Kinds that every cluster with a load balancer has: a dump without one was made without it. */
const inEveryCluster: readonly KindName[] = ["Node", "EndpointSlice", "IPAddressPool"]

/** Complete; a cluster without Porchlight has no objects of its group, and kubectl refuses the whole line. */
const dumpHints: readonly string[] = [
  "A dump is made by: kubectl get services,nodes,endpointslices,namespaces,ipaddresspools,l2advertisements,speakers.porchlight.dev,addressledgers.porchlight.dev,networks.porchlight.dev -A -o yaml",
  "Where Porchlight is not installed yet, leave out the three of porchlight.dev.",
]

/** The facts in files: `--from FILE|FOLDER|-`. */
export const readDump = (path: string): Facts => {
  const { objects, writtenAt } = readObjectFiles(path)
  const kinds = new Set(objects.map(kindOf))
  if (!objects.some((object) => kindOf(object) !== undefined)) throw nothingKnown(path, objects)
  const name = path === "-" ? "standard input" : path.replace(/\/+$/, "")
  return {
    name,
    source: "dump",
    objects,
    withheld: kinds.has("Service") ? missingIn(kinds, name) : [],
    readAt: writtenAt,
    again: path === "-" ? "" : ` --from ${shellWord(path)}`,
  }
}

const missingIn = (kinds: ReadonlySet<KindName | undefined>, name: string): readonly Withheld[] =>
  inEveryCluster
    .filter((kind) => !kinds.has(kind))
    .map((kind) => ({ kind, why: "not-in-dump" as const, says: `${name} holds none` }))

const nothingKnown = (path: string, objects: readonly JsonObject[]): CommandFailure => {
  const kinds = [...new Set(objects.map((object) => textAt(object, "kind") ?? "without kind"))].slice(0, 8)
  const what = objects.length === 0 ? "no object" : `only objects that nothing is answered from (${listed(kinds)})`
  return new CommandFailure(3, `${path === "-" ? "Standard input" : path} holds ${what}.`, dumpHints)
}

/** Network objects of `--network FILE`. */
export const readNetworkFile = (path: string): readonly JsonObject[] => {
  const networks = readObjectFiles(path).objects.filter((object) => kindOf(object) === "Network")
  if (networks.length > 0) return networks
  throw new CommandFailure(3, `${path} holds no object of kind Network (porchlight.dev/v1alpha1).`)
}

export const shellWord = (text: string): string =>
  /^[\w./:@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
