import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import { isObject, numberAt, objectAt, plainText, sameJson, textAt, withField, withoutField } from "./json.ts"
import type { Kind } from "./kinds.ts"
import { storageName } from "./kinds.ts"
import { objectKey } from "./object.ts"
import { apiVersionOf } from "./resource.ts"
import type { Schema } from "./schema.ts"
import { applyDefaults, prune } from "./schema.ts"
import type { Cause } from "./schema-validate.ts"
import { validate } from "./schema-validate.ts"
import { hasFinalizers, isBeingDeleted, metadataOfNew, metadataOfUpdate } from "./store-metadata.ts"
import { validateMetadata, validateMetadataUpdate, withoutNulls } from "./store-metadata.ts"
import type { StoreIdentities } from "./store-identity.ts"
import type { StoreObjects } from "./store-objects.ts"
import { rulesOf } from "./store-rules.ts"
import type { ServiceAllocations } from "./service-allocate.ts"
import {
  alreadyExists,
  badRequest,
  conflict,
  forbiddenWrite,
  invalidObject,
  notFound,
  Refusal,
  versionMissing,
} from "./store-status.ts"

/** What writes need of the store. */
export type WriteWorld = {
  readonly objects: StoreObjects
  readonly identities: StoreIdentities
  readonly services: ServiceAllocations
}

export type Write = {
  readonly kind: Kind
  readonly namespace: string | undefined
  readonly name: string | undefined
  readonly subresource: string | undefined
  readonly query: Readonly<Record<string, string>>
  readonly at: At
}

/** An object written (or what would have been, in a dry run), and what to warn of. */
export type Written = { readonly object: JsonObject; readonly created: boolean; readonly warnings: readonly string[] }

export const isDryRun = (query: Readonly<Record<string, string>>): boolean => query["dryRun"] === "All"

type Read = { readonly object: JsonObject; readonly warnings: readonly string[] }

/** The client's body as an object of this kind: right type, unknown fields dropped, named, or refused. */
const readBody = (write: Write, body: Json | undefined): Read | Refusal => {
  const { kind } = write
  if (!isObject(body))
    return badRequest(
      `the object provided is unrecognized (must be of type ${kind.kind}): it must be one object in JSON`,
    )
  const wrong = wrongType(kind, body)
  if (wrong !== undefined) return wrong
  const { value, unknown } = prune(kind.custom ? body : withoutNulls(body), kind.schema)
  const typed = kind.custom ? undefined : typeFault(kind, value)
  if (typed !== undefined) return typed
  const found = unknown.map((path) => `unknown field "${path}"`)
  if (found.length > 0 && write.query["fieldValidation"] === "Strict")
    return badRequest(
      `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: strict decoding error: ${found.join(", ")}`,
    )
  const stored = kind.conversion === undefined ? (value as JsonObject) : kind.conversion.toStored(value as JsonObject)
  return { object: stored, warnings: write.query["fieldValidation"] === "Ignore" ? [] : found }
}

const wrongType = (kind: Kind, body: JsonObject): Refusal | undefined => {
  const missing = ["kind", "apiVersion"].find((name) => kind.custom && body[name] === undefined)
  if (missing !== undefined)
    return badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${missing} is missing`)
  const apiVersion = body["apiVersion"] ?? apiVersionOf(kind)
  if (apiVersion !== apiVersionOf(kind))
    return badRequest(
      `the API version in the data (${plainText(apiVersion)}) does not match the expected API version (${apiVersionOf(kind)})`,
    )
  const said = body["kind"] ?? kind.kind
  if (said !== kind.kind && !kind.custom)
    return badRequest(
      `${plainText(said)} in version "${kind.version}" cannot be handled as a ${kind.kind}: send it to its own path`,
    )
  if (said !== kind.kind)
    return badRequest(`the kind in the data (${plainText(said)}) does not match the expected kind (${kind.kind})`)
  return isObject(body["metadata"] ?? {}) ? undefined : badRequest("metadata must be an object")
}

/** A built-in kind is read into typed fields: what has the wrong type is no object of it at all. */
export const typeFault = (kind: Kind, value: Json): Refusal | undefined => {
  const fault = validate(value, kind.schema, "").find((cause) => cause.reason === "FieldValueTypeInvalid")
  if (fault === undefined) return undefined
  return badRequest(
    `${kind.kind} in version "${kind.version}" cannot be handled as a ${kind.kind}: json: cannot unmarshal ${fault.message.replace("Invalid value: ", "")}`,
  )
}

/** POST. */
export const createObject = (world: WriteWorld, write: Write, body: Json | undefined): Written | Refusal => {
  const read = readBody(write, body)
  if (read instanceof Refusal) return read
  const identity = identify(world, write, read.object)
  if (identity instanceof Refusal) return identity
  const { kind, at } = write
  const metadata = metadataOfNew(read.object, kind, identity, at)
  const { apiVersion, kind: said } = inStoredVersion(kind)
  const sent = { apiVersion, kind: said, metadata, ...withoutField(read.object, "apiVersion", "kind", "metadata") }
  const keepsStatus = !kind.status || storageName(kind) === "nodes"
  const made = complete(world, write, keepsStatus ? sent : withoutField(sent, "status"), undefined)
  if (made instanceof Refusal) return made
  const key = objectKey(identity.name, identity.namespace)
  if (world.objects.get(storageName(kind), key) !== undefined) return alreadyExists(kind, identity.name)
  const object = isDryRun(write.query) ? made : world.objects.put(storageName(kind), key, made)
  return { object, created: true, warnings: read.warnings }
}

/** An object is stored under the version in which it was made; others are made from it when asked for. */
const inStoredVersion = (kind: Kind): { readonly apiVersion: string; readonly kind: string } => ({
  apiVersion: textAt(kind.conversion?.toStored({}), "apiVersion") ?? apiVersionOf(kind),
  kind: kind.kind,
})

type Named = { readonly namespace: string | undefined; readonly name: string; readonly uid: string }

const identify = (world: WriteWorld, write: Write, object: JsonObject): Named | Refusal => {
  const { kind, namespace, at } = write
  const said = textAt(object, "metadata", "namespace") ?? ""
  if (kind.namespaced && said !== "" && said !== namespace)
    return badRequest("the namespace of the provided object does not match the namespace sent on the request")
  if (kind.namespaced && namespace === undefined) return badRequest("an empty namespace may not be set during creation")
  if ((textAt(object, "metadata", "resourceVersion") ?? "") !== "")
    return badRequest("resourceVersion should not be set on objects to be created")
  const missing = kind.namespaced ? checkNamespace(world, write, namespace ?? "") : undefined
  if (missing !== undefined) return missing
  const base = textAt(object, "metadata", "generateName") ?? ""
  const given = textAt(object, "metadata", "name") ?? ""
  const name = given === "" && base !== "" ? world.identities.generatedName(base, at) : given
  return { namespace, name, uid: world.identities.uid(at) }
}

const NAMESPACE_KIND = { group: "", plural: "namespaces" } as Kind

const checkNamespace = (world: WriteWorld, write: Write, namespace: string): Refusal | undefined => {
  const found = world.objects.get("namespaces", namespace)
  if (found === undefined) return notFound(NAMESPACE_KIND, namespace)
  if (!isBeingDeleted(found)) return undefined
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`
  return forbiddenWrite(write.kind, write.name ?? "", why)
}

/** Defaults, the rules of the kind, validation, and what the server chooses. */
const complete = (
  world: WriteWorld,
  write: Write,
  object: JsonObject,
  before: JsonObject | undefined,
): JsonObject | Refusal => {
  const { kind } = write
  const rules = rulesOf(kind, world.services)
  const defaulted = applyDefaults(object, kind.schema) as JsonObject
  const prepared = rules.prepare(defaulted, before, write)
  const name = textAt(prepared, "metadata", "name") ?? ""
  const metadata = before === undefined ? validateMetadata(prepared, kind) : validateUpdateOf(prepared, before, kind)
  const causes = [...metadata, ...schemaCauses(prepared, kind, before), ...rules.validate(prepared, before)]
  if (causes.length > 0) return invalidObject(kind, name, causes)
  const allocated = rules.allocate(prepared, before)
  return isCauses(allocated) ? invalidObject(kind, name, allocated) : allocated
}

const isCauses = (value: JsonObject | readonly Cause[]): value is readonly Cause[] => Array.isArray(value)

const validateUpdateOf = (object: JsonObject, before: JsonObject, kind: Kind): readonly Cause[] => [
  ...validateMetadata(object, { ...kind, nameRule: "path-segment" }),
  ...validateMetadataUpdate(object, before),
]

/** Metadata is checked by its own rules, so that messages are those of Kubernetes. */
const schemaCauses = (object: JsonObject, kind: Kind, before: JsonObject | undefined): readonly Cause[] => {
  const { metadata: _metadata, apiVersion: _apiVersion, kind: _kind, ...properties } = kind.schema.properties ?? {}
  const schema: Schema = { ...kind.schema, properties }
  return validate(withoutField(object, "metadata"), schema, "", before)
}

/** PUT, and the last step of PATCH: `body` is the whole object as the client wants it. */
export const updateObject = (
  world: WriteWorld,
  write: Write & { readonly name: string },
  body: Json | undefined,
): Written | Refusal => {
  const { kind, name, namespace } = write
  const before = world.objects.get(storageName(kind), objectKey(name, namespace))
  if (before === undefined)
    return kind.createOnUpdate && write.subresource === undefined && namesItself(body, name)
      ? createObject(world, write, body)
      : notFound(kind, name)
  const read = readBody(write, body)
  if (read instanceof Refusal) return read
  const wrong = checkPreconditions(write, read.object, before)
  if (wrong !== undefined) return wrong
  const next = complete(world, write, mergeForUpdate(write, read.object, before), before)
  if (next instanceof Refusal) return next
  const object = sameJson(next, before) ? before : store(world, write, withGeneration(kind, next, before))
  return { object, created: false, warnings: read.warnings }
}

const namesItself = (body: Json | undefined, name: string): boolean => textAt(body, "metadata", "name") === name

const checkPreconditions = (
  write: Write & { readonly name: string },
  sent: JsonObject,
  before: JsonObject,
): Refusal | undefined => {
  const { kind, name, namespace } = write
  const said = textAt(sent, "metadata", "name") ?? ""
  if (said !== name) return badRequest(`the name of the object (${said}) does not match the name on the URL (${name})`)
  const saidNamespace = textAt(sent, "metadata", "namespace") ?? ""
  if (saidNamespace !== "" && saidNamespace !== namespace)
    return badRequest("the namespace of the provided object does not match the namespace sent on the request")
  const version = textAt(sent, "metadata", "resourceVersion") ?? ""
  if (version === "" && kind.custom) return versionMissing(kind, name)
  if (version !== "" && version !== textAt(before, "metadata", "resourceVersion")) return conflict(kind, name)
  const uid = textAt(sent, "metadata", "uid") ?? ""
  const had = textAt(before, "metadata", "uid") ?? ""
  if (uid === "" || uid === had) return undefined
  return conflict(kind, name, `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${had}`)
}

/** A write of `/status` changes the status (and metadata of built-in kinds); any other write leaves the status alone. */
const mergeForUpdate = ({ kind, subresource }: Write, sent: JsonObject, before: JsonObject): JsonObject => {
  const metadata = metadataOfUpdate(sent, before)
  if (subresource === "status") {
    const kept = kind.custom ? (before["metadata"] ?? {}) : metadata
    return withField({ ...before, metadata: kept }, ["status"], sent["status"])
  }
  const { apiVersion = apiVersionOf(kind), kind: said = kind.kind } = before
  const body = { ...sent, apiVersion, kind: said, metadata }
  return kind.status ? withField(body, ["status"], before["status"]) : body
}

/** A custom kind's generation counts changes of all but metadata and status; a built-in kind's those of its spec. */
const withGeneration = (kind: Kind, next: JsonObject, before: JsonObject): JsonObject => {
  if (!kind.generation) return next
  const ignored = ["metadata", ...(kind.status || !kind.custom ? ["status"] : [])]
  if (sameJson(withoutField(next, ...ignored), withoutField(before, ...ignored))) return next
  return withField(next, ["metadata", "generation"], (numberAt(before, "metadata", "generation") ?? 0) + 1)
}

/** The last finalizer of an object that is being deleted takes the object with it. */
const store = (world: WriteWorld, write: Write & { readonly name: string }, next: JsonObject): JsonObject => {
  if (isDryRun(write.query)) return next
  const resource = storageName(write.kind)
  const key = objectKey(write.name, write.namespace)
  const whole = withField(next, ["metadata"], objectAt(next, "metadata"))
  const goes = isBeingDeleted(whole) && !hasFinalizers(whole) && resource !== "namespaces"
  if (!goes) return world.objects.put(resource, key, whole)
  world.objects.remove(resource, key)
  return whole
}
