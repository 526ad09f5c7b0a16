import type { Json, JsonObject } from "./http.ts"
import { textAt, withField } from "./json.ts"
import type { Kind } from "./kinds.ts"
import { inVersion, storageName } from "./kinds.ts"
import { mergePatch } from "./merge.ts"
import { objectKey } from "./object.ts"
import type { Patched } from "./patch-json.ts"
import { jsonPatch } from "./patch-json.ts"
import { invalid } from "./schema-validate.ts"
import { withoutNulls } from "./store-metadata.ts"
import { strategicPatch } from "./patch-strategic.ts"
import { badRequest, nestingFault, notFound, Refusal, unsupportedMediaType } from "./store-status.ts"
import type { Write, WriteWorld, Written } from "./store-write.ts"
import { typeFault, updateObject } from "./store-write.ts"

const JSON_PATCH = "application/json-patch+json"
const MERGE_PATCH = "application/merge-patch+json"
const STRATEGIC_PATCH = "application/strategic-merge-patch+json"

/** PATCH: reads the object in the version asked for, applies the patch, and writes it as a PUT would. */
export const patchObject = (
  world: WriteWorld,
  write: Write & { readonly name: string },
  contentType: string | undefined,
  body: Json | undefined,
): Written | Refusal => {
  const { kind, name, namespace } = write
  const type = (contentType ?? "").split(";")[0]?.trim() ?? ""
  const refused = checkType(kind, type)
  if (refused !== undefined) return refused
  const before = world.objects.get(storageName(kind), objectKey(name, namespace))
  if (before === undefined) return notFound(kind, name)
  if (body === undefined) return badRequest("a patch needs a body in JSON")
  const shaped = inVersion(before, kind)
  const patched = applyPatch(type, shaped, body, kind)
  if (patched.kind === "patched")
    return nestingFault(patched.value) ?? updatePatched(world, write, withVersion(patched.value, before))
  if (patched.kind === "malformed") return badRequest(patched.message)
  const why = `the server rejected our request due to an error in our request: ${patched.message}`
  return new Refusal(422, "Invalid", why, {})
}

/** What a patch makes of a built-in kind's object may be no object of that kind: then it is the patch that is wrong. */
const updatePatched = (world: WriteWorld, write: Write & { readonly name: string }, value: Json): Written | Refusal => {
  const { kind } = write
  const fault = kind.custom ? undefined : typeFault(kind, withoutNulls(value))
  if (fault === undefined) return updateObject(world, write, value)
  const cause = invalid("patch", JSON.stringify(value), fault.message)
  return new Refusal(422, "Invalid", ` "" is invalid: ${cause.field}: ${cause.message}`, {
    causes: [cause],
  })
}

/** A patch that names no version means the present one. */
const withVersion = (value: Json, before: JsonObject): Json => {
  const version = textAt(before, "metadata", "resourceVersion")
  const said = textAt(value, "metadata", "resourceVersion") ?? ""
  if (said !== "" || typeof value !== "object" || value === null || Array.isArray(value)) return value
  return withField(value as JsonObject, ["metadata", "resourceVersion"], version)
}

const applyPatch = (type: string, target: JsonObject, body: Json, kind: Kind): Patched => {
  if (type === JSON_PATCH) return jsonPatch(target, body)
  if (type === STRATEGIC_PATCH) return strategicPatch(target, body, kind.schema)
  return { kind: "patched", value: mergePatch(target, body) }
}

const checkType = (kind: Kind, type: string): Refusal | undefined => {
  const accepted = [JSON_PATCH, MERGE_PATCH, ...(kind.custom ? [] : [STRATEGIC_PATCH])]
  if (accepted.includes(type)) return undefined
  if (type.startsWith("application/apply-patch"))
    return unsupportedMediaType(
      "this server does not do server-side apply: use kubectl apply without --server-side, or helm with --server-side=false",
    )
  return unsupportedMediaType(
    `the body of the request was in an unknown format - accepted media types include: ${accepted.join(", ")}`,
  )
}
