import type { IncomingMessage } from "node:http"
import { builtinKinds } from "../../kubernetes/kinds-builtin.ts"
import type { Json } from "../../kubernetes/http.ts"
import { decodeProtobuf } from "../../kubernetes/protobuf.ts"
import { apiVersionOf } from "../../kubernetes/resource.ts"
import { badRequest, Refusal, unsupportedMediaType } from "../../kubernetes/store-status.ts"

/** A real API server's bound for a request body. */
export const BODY_BYTES_MAX: number = 3 * 1024 * 1024

export type RequestBody = { readonly body: Json | undefined } | Refusal

/** Reads a whole body within the bound, and what it says: JSON, or the protobuf that kubectl sends. */
export const readBody = async (request: IncomingMessage): Promise<RequestBody> => {
  const bytes = await readBytes(request)
  if (bytes === undefined)
    return new Refusal(413, "RequestEntityTooLarge", `Request entity too large: limit is ${BODY_BYTES_MAX}`)
  if (bytes.length === 0) return { body: undefined }
  return decodeBody(bytes, (request.headers["content-type"] ?? "application/json").split(";")[0]?.trim() ?? "")
}

const readBytes = async (request: IncomingMessage): Promise<Buffer | undefined> => {
  const chunks: Buffer[] = []
  let length = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length
    if (length <= BODY_BYTES_MAX) chunks.push(chunk)
  }
  return length > BODY_BYTES_MAX ? undefined : Buffer.concat(chunks)
}

const decodeBody = (bytes: Buffer, type: string): RequestBody => {
  if (type === "application/vnd.kubernetes.protobuf") return decodeProtobufBody(bytes)
  if (type.startsWith("application/apply-patch")) return { body: undefined }
  if (type !== "application/json" && !type.endsWith("+json"))
    return unsupportedMediaType(`the body of the request is ${type}: send application/json`)
  return decodeJson(bytes)
}

const decodeProtobufBody = (bytes: Buffer): RequestBody => {
  const decoded = decodeProtobuf(bytes)
  switch (decoded.kind) {
    case "decoded":
      return { body: decoded.value }
    case "unknown-kind":
      return unsupportedMediaType(whyUnread(decoded.name))
    case "malformed":
      return badRequest(`the body of the request is no Kubernetes protobuf: ${decoded.message}`)
  }
}

/** kubectl sends only built-in kinds as protobuf. */
const whyUnread = (name: string): string =>
  builtinKinds.some((kind) => `${apiVersionOf(kind)} ${kind.kind}` === name)
    ? `this server does not read ${name} as protobuf: write it as YAML and kubectl apply -f it`
    : `this lab has no ${name}: it serves what a load balancer reads and writes, which kubectl api-resources lists`

const decodeJson = (bytes: Buffer): RequestBody => {
  try {
    return { body: JSON.parse(bytes.toString("utf8")) as Json }
  } catch (error) {
    return badRequest(`the body of the request is no JSON: ${error instanceof Error ? error.message : String(error)}`)
  }
}
