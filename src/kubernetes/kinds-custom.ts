import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import { field, isList, isObject, listAt, numberAt, objectAt, plainText, textAt, textsAt, withField } from "./json.ts"
import type { Kind, PrinterColumn } from "./kinds.ts"
import { objectMeta, text } from "./kinds-words.ts"
import type { Schema } from "./schema.ts"
import type { Cause } from "./schema-validate.ts"
import { invalid, patternOf, required, unsupported } from "./schema-validate.ts"
import { printTimestamp } from "./timestamp.ts"

/** The kinds a CustomResourceDefinition serves: one for each version that is served. */
export const kindsOfCrd = (crd: JsonObject): readonly Kind[] =>
  listAt(crd, "spec", "versions")
    .filter((version) => field(version, "served") === true)
    .map((version) => kindOfVersion(crd, version))

const kindOfVersion = (crd: JsonObject, version: Json): Kind => {
  const names = objectAt(crd, "spec", "names")
  const kind = textAt(names, "kind") ?? ""
  const group = textAt(crd, "spec", "group") ?? ""
  const name = textAt(version, "name") ?? ""
  const warning = textAt(version, "deprecationWarning") ?? `${group}/${name} ${kind} is deprecated`
  return {
    group,
    version: name,
    kind,
    plural: textAt(names, "plural") ?? "",
    singular: textAt(names, "singular") ?? kind.toLowerCase(),
    shortNames: textsAt(names, "shortNames"),
    categories: textsAt(names, "categories"),
    namespaced: textAt(crd, "spec", "scope") === "Namespaced",
    status: isObject(field(version, "subresources", "status")),
    schema: wholeSchema(field(version, "schema", "openAPIV3Schema")),
    custom: true,
    printerColumns: listAt(version, "additionalPrinterColumns").map(columnOf),
    generation: true,
    createOnUpdate: false,
    nameRule: "subdomain",
    ...(field(version, "deprecated") === true ? { warning } : {}),
  }
}

/** `metadata` has the same schema for everybody, whatever the definition says of it. */
const wholeSchema = (given: Json | undefined): Schema => {
  const schema = (isObject(given) ? given : { type: "object" }) as Schema
  return { ...schema, properties: { ...schema.properties, apiVersion: text, kind: text, metadata: objectMeta } }
}

const columnOf = (column: Json): PrinterColumn => {
  const priority = numberAt(column, "priority")
  const format = textAt(column, "format")
  const description = textAt(column, "description")
  return {
    name: textAt(column, "name") ?? "",
    type: textAt(column, "type") ?? "string",
    jsonPath: textAt(column, "jsonPath") ?? "",
    ...(priority === undefined ? {} : { priority }),
    ...(format === undefined ? {} : { format }),
    ...(description === undefined ? {} : { description }),
  }
}

/** Names left out are derived; the kind is served from the same moment, so its conditions are true at once. */
export const prepareCrd = (crd: JsonObject, before: JsonObject | undefined, at: At): JsonObject => {
  const kind = textAt(crd, "spec", "names", "kind") ?? ""
  const names: JsonObject = { singular: kind.toLowerCase(), listKind: `${kind}List`, ...objectAt(crd, "spec", "names") }
  const named = withField(withField(crd, ["spec", "names"], names), ["spec", "conversion"], conversionOf(crd))
  const stored = listAt(crd, "spec", "versions").find((version) => field(version, "storage") === true)
  const conditions = before === undefined ? newConditions(at) : listAt(before, "status", "conditions")
  return {
    ...named,
    status: { conditions, acceptedNames: names, storedVersions: [textAt(stored, "name") ?? ""] },
  }
}

const conversionOf = (crd: JsonObject): JsonObject => ({ strategy: "None", ...objectAt(crd, "spec", "conversion") })

const newConditions = (at: At): readonly Json[] => {
  const lastTransitionTime = printTimestamp(at.wallSeconds)
  return [
    {
      type: "NamesAccepted",
      status: "True",
      lastTransitionTime,
      reason: "NoConflicts",
      message: "no conflicts found",
    },
    {
      type: "Established",
      status: "True",
      lastTransitionTime,
      reason: "InitialNamesAccepted",
      message: "the initial names have been accepted",
    },
  ]
}

/** What a definition must say before anything can be served from it. */
export const validateCrd = (crd: JsonObject, before: JsonObject | undefined): readonly Cause[] => {
  const group = textAt(crd, "spec", "group") ?? ""
  const plural = textAt(crd, "spec", "names", "plural") ?? ""
  const name = textAt(crd, "metadata", "name") ?? ""
  const scope = textAt(crd, "spec", "scope") ?? ""
  return [
    ...(group.includes(".") ? [] : [invalid("spec.group", group, "should be a domain with at least one dot")]),
    ...(plural === "" ? [required("spec.names.plural")] : []),
    ...(textAt(crd, "spec", "names", "kind") ? [] : [required("spec.names.kind")]),
    ...(["Cluster", "Namespaced"].includes(scope) ? [] : [unsupported("spec.scope", scope, ["Cluster", "Namespaced"])]),
    ...(name === `${plural}.${group}`
      ? []
      : [invalid("metadata.name", name, 'must be spec.names.plural+"."+spec.group')]),
    ...validateVersions(listAt(crd, "spec", "versions")),
    ...["group", "scope"]
      .filter((what) => before !== undefined && textAt(before, "spec", what) !== textAt(crd, "spec", what))
      .map((what) => invalid(`spec.${what}`, textAt(crd, "spec", what) ?? "", "field is immutable")),
  ]
}

const validateVersions = (versions: readonly Json[]): readonly Cause[] => [
  ...(versions.filter((version) => field(version, "storage") === true).length === 1
    ? []
    : [
        invalid(
          "spec.versions",
          versions.map((version) => textAt(version, "name") ?? ""),
          "must have exactly one version marked as storage version",
        ),
      ]),
  ...versions.flatMap((version, index) => {
    const path = `spec.versions[${index}].schema.openAPIV3Schema`
    const schema = field(version, "schema", "openAPIV3Schema")
    if (schema === undefined) return [required(path, "schemas are required")]
    return [
      ...(textAt(schema, "type") === "object"
        ? []
        : [invalid(`${path}.type`, textAt(schema, "type") ?? "", "must be object at the root")]),
      ...validateSchema(schema, path, 0),
    ]
  }),
]

const TYPES = ["array", "boolean", "integer", "number", "object", "string"]
const SCHEMA_DEPTH_MAX = 64

/** A schema is read as one only after each of its parts has the shape this server will rely on. */
const validateSchema = (schema: Json, path: string, depth: number): readonly Cause[] => {
  if (!isObject(schema)) return [invalid(path, schema, "must be a schema object")]
  if (depth > SCHEMA_DEPTH_MAX) return [invalid(path, depth, `must be at most ${SCHEMA_DEPTH_MAX} levels deep`)]
  const type = schema["type"]
  const below = (name: string, inner: Json): readonly Cause[] => validateSchema(inner, `${path}.${name}`, depth + 1)
  return [
    ...(type !== undefined && !TYPES.includes(plainText(type)) ? [unsupported(`${path}.type`, type, TYPES)] : []),
    ...keywordCauses(schema, path),
    ...Object.entries(objectAt(schema, "properties")).flatMap(([name, inner]) => below(`properties[${name}]`, inner)),
    ...(isObject(schema["additionalProperties"]) ? below("additionalProperties", schema["additionalProperties"]) : []),
    ...(schema["items"] === undefined ? [] : below("items", schema["items"])),
    ...(schema["not"] === undefined ? [] : below("not", schema["not"])),
    ...["allOf", "anyOf", "oneOf"].flatMap((name) =>
      listAt(schema, name).flatMap((inner, index) => below(`${name}[${index}]`, inner)),
    ),
  ]
}

const LISTS = ["enum", "required", "allOf", "anyOf", "oneOf", "x-kubernetes-list-map-keys", "x-kubernetes-validations"]
const NUMBERS = [
  "minimum",
  "maximum",
  "multipleOf",
  "minLength",
  "maxLength",
  "minItems",
  "maxItems",
  "minProperties",
  "maxProperties",
]

const keywordCauses = (schema: JsonObject, path: string): readonly Cause[] => {
  const pattern = schema["pattern"]
  const wrong = (name: string, what: string): Cause =>
    invalid(`${path}.${name}`, schema[name] ?? null, `must be ${what}`)
  return [
    ...LISTS.filter((name) => schema[name] !== undefined && !isList(schema[name])).map((name) => wrong(name, "a list")),
    ...NUMBERS.filter((name) => schema[name] !== undefined && typeof schema[name] !== "number").map((name) =>
      wrong(name, "a number"),
    ),
    ...(schema["properties"] !== undefined && !isObject(schema["properties"])
      ? [wrong("properties", "an object")]
      : []),
    ...(pattern !== undefined && (typeof pattern !== "string" || patternOf(pattern) === undefined)
      ? [wrong("pattern", "a valid regular expression")]
      : []),
    ...listAt(schema, "x-kubernetes-validations")
      .filter((rule) => textAt(rule, "rule") === undefined)
      .map(() => wrong("x-kubernetes-validations", "a list of rules")),
  ]
}

/** Rules this server stores and does not evaluate; whoever writes the definition is told in a warning. */
export const unevaluatedRules = (crd: JsonObject): readonly string[] => {
  const found: string[] = []
  const walk = (value: Json): void => {
    if (isList(value)) value.forEach(walk)
    if (!isObject(value)) return
    for (const rule of listAt(value, "x-kubernetes-validations")) {
      const said = textAt(rule, "rule") ?? ""
      if (said.trim() !== "self == oldSelf") found.push(said)
    }
    Object.values(value).forEach(walk)
  }
  walk(listAt(crd, "spec", "versions"))
  return found
}
