import { readdirSync, statSync } from "node:fs"
import { join } from "node:path"
import { LineCounter, parseAllDocuments } from "yaml"
import type { Json, JsonObject } from "../../kubernetes/http.ts"
import { isObject, listAt, textAt } from "../../kubernetes/json.ts"
import { readBounded } from "../../edge/bounded-read.ts"
import { CommandFailure } from "../failure.ts"

/** Objects of files, and when the newest of the files was written (seconds since 1970). */
export type FileObjects = { readonly objects: readonly JsonObject[]; readonly writtenAt: number }

/** YAML is read at some 2 MB a second (measured); above this it would take longer than anybody waits. JSON takes a hundredth. */
const yamlBytesMax = 32 * 1024 * 1024
/** Node's longest string is 512 MiB. */
const fileBytesMax = 400 * 1024 * 1024
/** Names of standard input in the messages. */
const standardInput = "standard input"

/** Every object in a file, in the YAML and JSON files of a folder, or (`-`) in standard input; lists are taken apart. */
export const readObjectFiles = (path: string): FileObjects => {
  if (path === "-")
    return { objects: parseObjects(readText(0, standardInput), standardInput), writtenAt: Date.now() / 1000 }
  const files = filesAt(path)
  const objects = files.flatMap((file) => parseObjects(readText(file, file), file))
  return { objects, writtenAt: Math.max(...files.map((file) => statSync(file).mtimeMs / 1000)) }
}

const filesAt = (path: string): readonly string[] => {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined)
    throw new CommandFailure(3, `There is no file or folder ${path}.`, ["--from FILE|FOLDER|-|lab:NAME"])
  if (!found.isDirectory()) return [path]
  const files = readdirSync(path)
    .filter((name) => /\.(ya?ml|json)$/.test(name))
    .toSorted()
    .map((name) => join(path, name))
  if (files.length > 0) return files
  throw new CommandFailure(3, `The folder ${path} holds no .yaml or .json file.`)
}

const readText = (file: string | 0, name: string): string => {
  try {
    if (file !== 0 && statSync(file).size > fileBytesMax) throw tooLarge(name, fileBytesMax)
    const text = readBounded(file, (head) => (isJson(head) ? fileBytesMax : yamlBytesMax))
    if (typeof text !== "string") throw tooLarge(name, text.bytesMax)
    return text
  } catch (error) {
    if (error instanceof CommandFailure) throw error
    throw new CommandFailure(3, `Cannot read ${name}: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const tooLarge = (name: string, bytesMax: number): CommandFailure =>
  new CommandFailure(3, `${name} is larger than ${bytesMax / 1024 / 1024} MiB.`, [
    "Dump only what is read, as JSON: kubectl get services,nodes,endpointslices,namespaces,ipaddresspools,l2advertisements,speakers.porchlight.dev,addressledgers.porchlight.dev,networks.porchlight.dev -A -o json",
  ])

const isJson = (text: string): boolean => /^\s*[[{]/.test(text)

/**
 * The objects in a text of one or many documents. A text that cannot be read is a failure that names FILE:LINE:COLUMN:
 * half of a dump would answer wrongly.
 */
export const parseObjects = (text: string, name: string): readonly JsonObject[] => {
  const documents = parseDocuments(text, name)
  for (const document of documents) refuseTooDeep(document, name, [])
  return documents.flatMap(objectsIn)
}

/** No object of Kubernetes comes near it. An alias that leads back to itself (`&a [*a]`) has no end. */
const depthMax = 100

const refuseTooDeep = (value: Json, name: string, above: Json[]): void => {
  if (typeof value !== "object" || value === null) return
  if (above.length >= depthMax || above.includes(value))
    throw new CommandFailure(3, `${name} is nested without end, or deeper than ${depthMax} levels: no dump is.`)
  above.push(value)
  for (const inner of Object.values(value)) refuseTooDeep(inner, name, above)
  above.pop()
}

const parseDocuments = (text: string, name: string): readonly Json[] => {
  if (isJson(text)) {
    try {
      return [JSON.parse(text) as Json]
    } catch {
      // Several JSON documents, or YAML in flow style: the reader below says where it is wrong.
    }
  }
  const lines = new LineCounter()
  const documents = parseAllDocuments(text, { lineCounter: lines, prettyErrors: false })
  return documents.flatMap((document) => {
    if (!("errors" in document)) return []
    const [error] = document.errors
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0])
      throw new CommandFailure(3, `${name}:${line}:${col} ${error.message}`)
    }
    try {
      return [document.toJS({ maxAliasCount: 100 }) as Json]
    } catch (cause) {
      const { line, col } = lines.linePos(document.range[0])
      const because = cause instanceof Error ? cause.message : String(cause)
      throw new CommandFailure(3, `${name}:${line}:${col} the document cannot be read: ${because}`, [], cause)
    }
  })
}

/** An object, or those of a List (`kubectl get -o yaml`, of kind List or ServiceList). */
const objectsIn = (value: Json): readonly JsonObject[] => {
  if (Array.isArray(value)) return value.flatMap(objectsIn)
  if (!isObject(value)) return []
  const kind = textAt(value, "kind") ?? ""
  if (!kind.endsWith("List") || !Array.isArray(value["items"])) return [value]
  const itemKind = kind.slice(0, -"List".length)
  const apiVersion = textAt(value, "apiVersion") ?? ""
  return listAt(value, "items").flatMap((item) =>
    isObject(item) && itemKind !== "" ? [{ apiVersion, kind: itemKind, ...item }] : objectsIn(item),
  )
}
