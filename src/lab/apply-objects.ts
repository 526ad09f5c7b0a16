import { existsSync, readdirSync, readFileSync } from "node:fs"
import { join } from "node:path"
import { parseAllDocuments } from "yaml"
import type { Json, JsonObject } from "../kubernetes/http.ts"
import { field, isObject, listAt, textAt } from "../kubernetes/json.ts"
import type { LabApi } from "./api.ts"

/** Creates objects, as `kubectl create -f` does, with their status where they have one. */
export type Applier = {
  /** All at once. Rejects with the object, its kind and the server's own words. */
  readonly apply: (objects: readonly JsonObject[]) => Promise<void>
}

export const createApplier = (api: LabApi): Applier => {
  const plurals = new Map<string, Promise<ReadonlyMap<string, Resource>>>()
  const resourceOf = async (object: JsonObject): Promise<Resource> => {
    const version = textAt(object, "apiVersion") ?? "v1"
    let known = plurals.get(version)
    if (known === undefined) {
      known = discover(api, version)
      plurals.set(version, known)
    }
    const found = (await known).get(textAt(object, "kind") ?? "")
    if (found === undefined)
      throw new Error(
        `the API server knows no kind ${textAt(object, "kind")} of ${version}: is its CustomResourceDefinition among the files?`,
      )
    return found
  }
  const create = async (object: JsonObject): Promise<void> => {
    const path = collectionPath(object, await resourceOf(object))
    const created = await api.request("POST", path, object)
    if (created.status === 409) return
    refuse(created, object)
    const status = object["status"]
    if (!isObject(status)) return
    const patched = await api.request(
      "PATCH",
      `${path}/${textAt(object, "metadata", "name")}/status`,
      { status },
      "application/merge-patch+json",
    )
    refuse(patched, object)
  }
  return { apply: async (objects) => void (await Promise.all(objects.map(create))) }
}

type Resource = { readonly plural: string; readonly namespaced: boolean }

const groupPath = (version: string): string => (version.includes("/") ? `/apis/${version}` : `/api/${version}`)

const discover = async (api: LabApi, version: string): Promise<ReadonlyMap<string, Resource>> => {
  const { body } = await api.request("GET", groupPath(version))
  const resources = listAt(body, "resources").filter((resource) => !(textAt(resource, "name") ?? "/").includes("/"))
  return new Map(
    resources.map((resource) => [
      textAt(resource, "kind") ?? "",
      { plural: textAt(resource, "name") ?? "", namespaced: field(resource, "namespaced") === true },
    ]),
  )
}

const collectionPath = (object: JsonObject, { plural, namespaced }: Resource): string => {
  const base = groupPath(textAt(object, "apiVersion") ?? "v1")
  return namespaced
    ? `${base}/namespaces/${textAt(object, "metadata", "namespace") ?? "default"}/${plural}`
    : `${base}/${plural}`
}

const refuse = ({ status, body }: { status: number; body: JsonObject }, object: JsonObject): void => {
  if (status < 300) return
  throw new Error(
    `${textAt(object, "kind")} ${textAt(object, "metadata", "name")}: the API server says ${status}: ${textAt(body, "message") ?? "no reason"}`,
  )
}

/** Every object in the YAML files of a folder; none where the folder is missing. */
export const readManifests = (folder: string): readonly JsonObject[] =>
  existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => /\.ya?ml$/.test(name))
        .sort()
        .flatMap((name) => parseAllDocuments(readFileSync(join(folder, name), "utf8")))
        .map((document) => ("toJS" in document ? (document.toJS() as Json) : null))
        .filter(isObject)
    : []
