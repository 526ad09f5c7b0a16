import type { Json, JsonObject } from "./http.ts"
import { field, isObject, listAt, textAt, withField } from "./json.ts"
import type { Kind } from "./kinds.ts"
import { inVersion, storageName } from "./kinds.ts"
import { kindsOfCrd } from "./kinds-custom.ts"
import { objectKey } from "./object.ts"
import { hasFinalizers, isBeingDeleted } from "./store-metadata.ts"
import type { Refusal } from "./store-status.ts"
import { conflict, forbiddenWrite, notFound, success } from "./store-status.ts"
import type { Write, WriteWorld } from "./store-write.ts"
import { isDryRun } from "./store-write.ts"
import { printTimestamp } from "./timestamp.ts"

/** DELETE of one object: gone at once, or marked and left to those who hold a finalizer. */
export const deleteObject = (
  world: WriteWorld,
  write: Write & { readonly name: string },
  options: Json | undefined,
): JsonObject | Refusal => {
  const { kind, name, namespace } = write
  const before = world.objects.get(storageName(kind), objectKey(name, namespace))
  if (before === undefined) return notFound(kind, name)
  const wrong = checkPreconditions(kind, name, options, before)
  if (wrong !== undefined) return wrong
  if (storageName(kind) === "namespaces" && KEPT_NAMESPACES.has(name))
    return forbiddenWrite(kind, name, "this namespace may not be deleted")
  const dry = isDryRun(write.query) || listAt(options, "dryRun").includes("All")
  const after = dry ? before : removeOrMark(world, write, before)
  if (hasFinalizers(before) || ANSWERED_WHOLE.has(storageName(kind))) return inVersion(after, kind)
  return success({
    name,
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.plural,
    uid: textAt(before, "metadata", "uid") ?? "",
  })
}

const KEPT_NAMESPACES = new Set(["default", "kube-system", "kube-public"])
/** A real server answers the deleted object for these, a Status for the others. */
const ANSWERED_WHOLE = new Set(["pods", "services", "namespaces"])

const PRECONDITIONS = [
  ["uid", "UID"],
  ["resourceVersion", "ResourceVersion"],
] as const

const checkPreconditions = (
  kind: Kind,
  name: string,
  options: Json | undefined,
  before: JsonObject,
): Refusal | undefined => {
  for (const [what, said] of PRECONDITIONS) {
    const asked = textAt(options, "preconditions", what)
    const had = textAt(before, "metadata", what) ?? ""
    const differs = `the ${said} in the precondition (${asked}) does not match the ${said} in record (${had}). The object might have been ${what === "uid" ? "deleted and then recreated" : "modified"}`
    if (asked !== undefined && asked !== had) return conflict({ ...kind, plural: kind.kind }, name, differs)
  }
  return undefined
}

const removeOrMark = (world: WriteWorld, write: Write & { readonly name: string }, before: JsonObject): JsonObject => {
  const { kind, name, namespace } = write
  const resource = storageName(kind)
  const key = objectKey(name, namespace)
  const empties = resource === "namespaces" || resource === CRDS
  if (!hasFinalizers(before) && !empties) return world.objects.remove(resource, key) ?? before
  const marked = isBeingDeleted(before) ? before : world.objects.put(resource, key, markDeleted(before, write))
  if (resource === "namespaces") deleteContent(world, write)
  if (resource === CRDS) deleteInstances(world, write, before)
  sweep(world)
  return world.objects.get(resource, key) ?? marked
}

const CRDS = "customresourcedefinitions.apiextensions.k8s.io"

const markDeleted = (object: JsonObject, { kind, at }: Write): JsonObject => {
  const metadata = {
    ...(isObject(object["metadata"]) ? object["metadata"] : {}),
    deletionTimestamp: printTimestamp(at.wallSeconds),
    deletionGracePeriodSeconds: 0,
  }
  const marked = { ...object, metadata }
  return storageName(kind) === "namespaces" ? withField(marked, ["status", "phase"], "Terminating") : marked
}

/** What the namespace controller of a real cluster does. */
const deleteContent = (world: WriteWorld, write: Write & { readonly name: string }): void => {
  for (const resource of world.objects.resources()) {
    const state = world.objects.list(resource)
    for (const object of state === "expired" ? [] : state)
      if (textAt(object, "metadata", "namespace") === write.name) deleteStored(world, resource, object, write)
  }
}

const deleteInstances = (world: WriteWorld, write: Write, crd: JsonObject): void => {
  const [kind] = kindsOfCrd(crd)
  if (kind === undefined) return
  const state = world.objects.list(storageName(kind))
  for (const object of state === "expired" ? [] : state) deleteStored(world, storageName(kind), object, write)
}

const deleteStored = (world: WriteWorld, resource: string, object: JsonObject, write: Write): void => {
  const key = keyOfStored(object)
  if (!hasFinalizers(object)) world.objects.remove(resource, key)
  else if (!isBeingDeleted(object)) world.objects.put(resource, key, markDeleted(object, { ...write, kind: NO_KIND }))
}

const NO_KIND = { group: "", plural: "" } as Kind

const keyOfStored = (object: JsonObject): string =>
  objectKey(textAt(object, "metadata", "name") ?? "", textAt(object, "metadata", "namespace"))

/** Namespaces and definitions that are being deleted go when nothing of theirs is left. */
export const sweep = (world: WriteWorld): void => {
  for (const namespace of beingDeleted(world, "namespaces")) {
    const name = textAt(namespace, "metadata", "name") ?? ""
    if (!hasContent(world, name) && !hasFinalizers(namespace)) world.objects.remove("namespaces", name)
  }
  for (const crd of beingDeleted(world, CRDS)) {
    const [kind] = kindsOfCrd(crd)
    const left = kind === undefined ? [] : world.objects.list(storageName(kind))
    if (left.length === 0 && !hasFinalizers(crd)) world.objects.remove(CRDS, keyOfStored(crd))
  }
}

const beingDeleted = (world: WriteWorld, resource: string): readonly JsonObject[] => {
  const state = world.objects.list(resource)
  return state === "expired" ? [] : state.filter(isBeingDeleted)
}

const hasContent = (world: WriteWorld, namespace: string): boolean =>
  world.objects.resources().some((resource) => {
    const state = world.objects.list(resource)
    return state !== "expired" && state.some((object) => field(object, "metadata", "namespace") === namespace)
  })
