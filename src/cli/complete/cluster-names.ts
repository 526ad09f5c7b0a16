import { statSync } from "node:fs"
import { join } from "node:path"
import type { KindName } from "../../cluster/cluster.ts"
import { findConnection, readKubeconfig } from "../../edge/kubeconfig.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import { pickLab } from "../lab/lab-choice.ts"
import { readLive } from "../survey/live-facts.ts"
import { readObjectFiles } from "../survey/object-files.ts"
import { kindOf } from "../survey/survey.ts"
import { cachedNames, keepNames, type Names } from "./name-cache.ts"

const namedKinds: readonly KindName[] = ["Service", "Node", "IPAddressPool"]
/** A larger dump is not read while a shell waits. */
const dumpBytesMax = 2 * 1024 * 1024

/** Names of the place that the command line's options ask, from the cache where it is fresh. */
export const clusterNames = async (options: ReadonlyMap<string, string>, timeoutMs: number): Promise<Names> => {
  const source = JSON.stringify([
    ...["from", "context", "kubeconfig", "metallb-namespace"].map((name) => options.get(name) ?? ""),
    process.env["KUBECONFIG"] ?? "",
    process.cwd(),
  ])
  const known = cachedNames(source, Date.now())
  if (known !== undefined) return known
  const names = namesOf(await readObjects(options, timeoutMs))
  keepNames(source, names, Date.now())
  return names
}

const readObjects = async (options: ReadonlyMap<string, string>, timeoutMs: number): Promise<readonly JsonObject[]> => {
  const from = options.get("from")
  if (from !== undefined && !from.startsWith("lab:"))
    return statSync(from).isDirectory() || statSync(from).size <= dumpBytesMax ? readObjectFiles(from).objects : []
  const connection =
    from === undefined
      ? findConnection({ context: options.get("context"), path: options.get("kubeconfig") })
      : readKubeconfig([join(pickLab(from.slice("lab:".length) || undefined).directory, "kubeconfig")])
  if (connection.kind === "failed") return []
  const namespace = options.get("metallb-namespace") ?? "metallb-system"
  const found = await readLive(connection.target, namespace, timeoutMs, namedKinds)
  return found.kind === "objects" ? found.objects : []
}

const namesOf = (objects: readonly JsonObject[]): Names => {
  const of = (kind: KindName): readonly string[] =>
    objects.filter((object) => kindOf(object) === kind).map((object) => textAt(object, "metadata", "name") ?? "")
  const services = objects
    .filter((object) => kindOf(object) === "Service" && textAt(object, "spec", "type") === "LoadBalancer")
    .map((object) => `${textAt(object, "metadata", "namespace")}/${textAt(object, "metadata", "name")}`)
  return { services, nodes: of("Node"), pools: of("IPAddressPool") }
}

/** A Service by its short name where that is enough; its whole one too as soon as something is typed. */
export const typedNames = ({ services, nodes, pools }: Names, word: string): readonly string[] => {
  const short = (name: string): string => name.slice(name.indexOf("/") + 1)
  const count = Map.groupBy([...services.map(short), ...nodes, ...pools], (name) => name)
  const typed = services.map((name) => (count.get(short(name))!.length > 1 ? name : short(name)))
  return [...typed, ...nodes, ...pools, ...(word === "" ? [] : services)]
}
