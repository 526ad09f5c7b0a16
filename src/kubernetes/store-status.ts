import type { Json, JsonObject } from "./http.ts"
import { nestsDeeper } from "./json.ts"
import type { Kind } from "./kinds.ts"
import { resourceName } from "./kinds.ts"
import type { Cause } from "./schema-validate.ts"
import { invalid } from "./schema-validate.ts"

export type StatusReason =
  | "AlreadyExists"
  | "BadRequest"
  | "Conflict"
  | "Expired"
  | "Forbidden"
  | "InternalError"
  | "Invalid"
  | "MethodNotAllowed"
  | "NotAcceptable"
  | "NotFound"
  | "RequestEntityTooLarge"
  | "Timeout"
  | "TooManyRequests"
  | "Unauthorized"
  | "UnsupportedMediaType"

/** A request refused, with what a `Status` object says of it. A class, so that no JSON of a client can pass for one. */
export class Refusal {
  readonly code: number
  readonly reason: StatusReason
  readonly message: string
  /** Empty, but there, where the refusal is the server's own and not about an object. */
  readonly details: JsonObject | undefined
  constructor(code: number, reason: StatusReason, message: string, details?: JsonObject) {
    this.code = code
    this.reason = reason
    this.message = message
    this.details = details
  }
}

/** The `Status` object of a refusal (meta/v1). */
export const statusOf = (refusal: Refusal): JsonObject => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Failure",
  message: refusal.message,
  reason: refusal.reason,
  ...(refusal.details === undefined ? {} : { details: refusal.details }),
  code: refusal.code,
})

export const success = (details: JsonObject): JsonObject => ({
  kind: "Status",
  apiVersion: "v1",
  metadata: {},
  status: "Success",
  details,
})

const about = (kind: Kind, name: string): JsonObject => ({
  name,
  ...(kind.group === "" ? {} : { group: kind.group }),
  kind: kind.plural,
})

export const notFound = (kind: Kind, name: string): Refusal =>
  new Refusal(404, "NotFound", `${resourceName(kind)} "${name}" not found`, about(kind, name))

export const noSuchPath = (): Refusal =>
  new Refusal(404, "NotFound", "the server could not find the requested resource", {})

export const alreadyExists = (kind: Kind, name: string): Refusal =>
  new Refusal(409, "AlreadyExists", `${resourceName(kind)} "${name}" already exists`, about(kind, name))

const CHANGED = "the object has been modified; please apply your changes to the latest version and try again"

export const conflict = (kind: Kind, name: string, why: string = CHANGED): Refusal =>
  new Refusal(
    409,
    "Conflict",
    `Operation cannot be fulfilled on ${resourceName(kind)} "${name}": ${why}`,
    about(kind, name),
  )

export const forbiddenWrite = (kind: Kind, name: string, why: string): Refusal =>
  new Refusal(403, "Forbidden", `${resourceName(kind)} "${name}" is forbidden: ${why}`, about(kind, name))

export const badRequest = (message: string): Refusal => new Refusal(400, "BadRequest", message)

/**
 * Lists and objects within one another in one body. A real server stops at 10,000; here the stack would end between 1,500
 * and 2,500, and no object that a person writes gets near 100.
 */
export const NESTING_LEVELS_MAX = 500

export const nestingFault = (body: Json): Refusal | undefined =>
  nestsDeeper(body, NESTING_LEVELS_MAX)
    ? badRequest(`the object is nested deeper than ${NESTING_LEVELS_MAX} levels: write it flatter`)
    : undefined

export const methodNotAllowed = (): Refusal =>
  new Refusal(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})

export const notAcceptable = (): Refusal =>
  new Refusal(
    406,
    "NotAcceptable",
    "only the following media types are accepted: application/json, application/json;as=Table;v=v1;g=meta.k8s.io",
  )

export const unsupportedMediaType = (message: string): Refusal => new Refusal(415, "UnsupportedMediaType", message)

export const expired = (message: string): Refusal => new Refusal(410, "Expired", message)

/** The version asked for is newer than anything here, as after a restart of this server: ask again without it. */
export const versionTooLarge = (asked: number, current: number): Refusal =>
  new Refusal(504, "Timeout", `Timeout: Too large resource version: ${asked}, current: ${current}`, {
    causes: [{ reason: "ResourceVersionTooLarge", message: "Too large resource version" }],
    retryAfterSeconds: 1,
  })

/** The one refusal of its sort that names the resource instead of the kind. */
export const versionMissing = (kind: Kind, name: string): Refusal => {
  const cause = invalid("metadata.resourceVersion", 0, "must be specified for an update")
  return invalidObject({ ...kind, kind: kind.plural }, name, [cause])
}

export const invalidObject = (kind: Kind, name: string, causes: readonly Cause[]): Refusal => {
  const said = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const group = kind.group === "" ? "" : `.${kind.group}`
  const listed = said.length === 1 ? said[0] : `[${said.join(", ")}]`
  return new Refusal(422, "Invalid", `${kind.kind}${group} "${name}" is invalid: ${listed}`, {
    name,
    ...(kind.group === "" ? {} : { group: kind.group }),
    kind: kind.kind,
    causes: causes as unknown as Json,
  })
}
