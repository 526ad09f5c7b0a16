import { existsSync, readdirSync, readFileSync } from "node:fs"
import { basename, join } from "node:path"
import { parseAllDocuments } from "yaml"
import type { Json, JsonObject } from "../kubernetes/http.ts"
import { isObject, textAt, textsAt } from "../kubernetes/json.ts"
import { readLayout } from "./lab-file.ts"
import type { Layout, NodeShare } from "./topology/layout.ts"

/** A scenario folder, read. Objects are as they stand in the files. */
export type Scenario = {
  readonly name: string
  readonly objects: readonly JsonObject[]
  /** Network objects: what Kubernetes does not know. */
  readonly facts: readonly JsonObject[]
  readonly layout: Layout
  readonly story: string
}

/** What is wrong with a scenario's files, one sentence a fault with file, field, value and remedy. */
export type UnreadableScenario = { readonly kind: "unreadable"; readonly says: readonly string[] }

export const isUnreadable = (scenario: Scenario | UnreadableScenario): scenario is UnreadableScenario =>
  "kind" in scenario

/** The names of all scenarios in a folder. */
export const scenarioNames = (root: string): readonly string[] =>
  existsSync(root)
    ? readdirSync(root)
        .filter((name) => existsSync(join(root, name, "lab.yaml")))
        .sort()
    : []

/** Reads the four files of a scenario; every fault is reported, not just the first. */
export const readScenario = (folder: string): Scenario | UnreadableScenario => {
  const faults: string[] = []
  const documents = (file: string): readonly JsonObject[] => {
    const path = join(folder, file)
    if (existsSync(path)) return readDocuments(readFileSync(path, "utf8"), path, faults)
    faults.push(`${path} is missing: a scenario has cluster.yaml, network.yaml, lab.yaml and story.md`)
    return []
  }
  const objects = documents("cluster.yaml")
  const facts = documents("network.yaml")
  const layout = readLayout(documents("lab.yaml")[0] ?? {}, join(folder, "lab.yaml"), faults)
  faults.push(...unmatchedNodes(objects, layout, join(folder, "lab.yaml")))
  const story = join(folder, "story.md")
  return faults.length > 0
    ? { kind: "unreadable", says: faults }
    : { name: basename(folder), objects, facts, layout, story: existsSync(story) ? readFileSync(story, "utf8") : "" }
}

const readDocuments = (text: string, path: string, faults: string[]): readonly JsonObject[] =>
  parseAllDocuments(text).flatMap((document) => {
    if ("errors" in document && document.errors.length > 0) {
      faults.push(...document.errors.map((error) => `${path}: ${error.message}`))
      return []
    }
    const value = document.toJS() as Json
    return isObject(value) ? [value] : []
  })

/** Where scenarios have pools, advertisements and the beat key, as MetalLB's manifests do. */
export const systemNamespace = "metallb-system"

/** kubeadm's own, for a scenario that does not say. */
const serviceCidrDefault = "10.96.0.0/12"

/** The networks of cluster addresses, as `network.yaml` says. */
export const serviceCidrsOf = ({ facts }: Scenario): readonly string[] => {
  const said = facts.flatMap((network) => textAt(network, "spec", "cluster", "serviceCIDR")?.split(",") ?? [])
  return said.length > 0 ? said : [serviceCidrDefault]
}

/** Each node's share of the pod network, from its Node object. */
export const sharesOf = (objects: readonly JsonObject[]): ReadonlyMap<string, NodeShare> =>
  new Map(
    objects
      .filter((object) => textAt(object, "kind") === "Node")
      .map((node) => [textAt(node, "metadata", "name") ?? "", { podCidrs: textsAt(node, "spec", "podCIDRs") }]),
  )

const unmatchedNodes = (objects: readonly JsonObject[], layout: Layout, path: string): string[] => {
  const shares = sharesOf(objects)
  const machines = layout.machines.filter(({ role }) => role === "node").map(({ name }) => name)
  return [
    ...machines
      .filter((name) => !shares.has(name))
      .map((name) => `${path}: node ${name} has no Node object in cluster.yaml: add one`),
    ...[...shares.keys()]
      .filter((name) => !machines.includes(name))
      .map((name) => `${path}: Node ${name} of cluster.yaml has no machine: add one with role node`),
  ]
}
