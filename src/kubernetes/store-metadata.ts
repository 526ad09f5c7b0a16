import type { At } from "../time/instant.ts"
import type { Json, JsonObject } from "./http.ts"
import { isObject, listAt, objectAt, plainText, textAt, textsAt, withoutField } from "./json.ts"
import type { Kind, NameRule } from "./kinds.ts"
import type { Cause } from "./schema-validate.ts"
import { forbidden, invalid, required } from "./schema-validate.ts"
import { printTimestamp } from "./timestamp.ts"

const OWNED_BY_CLIENTS = ["labels", "annotations", "finalizers", "ownerReferences"] as const

/** What a client may say of an object's metadata; empty lists and maps are left out, as a real server stores them. */
const clientMetadata = (sent: JsonObject): JsonObject => {
  const metadata = objectAt(sent, "metadata")
  const kept: (readonly [string, Json])[] = []
  for (const name of OWNED_BY_CLIENTS) {
    const value = metadata[name]
    if (value !== undefined && value !== null && Object.keys(value).length > 0) kept.push([name, value])
  }
  return Object.fromEntries(kept)
}

export const metadataOfNew = (sent: JsonObject, kind: Kind, identity: Identity, at: At): JsonObject => ({
  name: identity.name,
  ...(identity.namespace === undefined ? {} : { namespace: identity.namespace }),
  ...(textAt(sent, "metadata", "generateName") === undefined
    ? {}
    : { generateName: textAt(sent, "metadata", "generateName") ?? "" }),
  uid: identity.uid,
  ...(kind.generation ? { generation: 1 } : {}),
  creationTimestamp: printTimestamp(at.wallSeconds),
  ...clientMetadata(sent),
})

export type Identity = { readonly namespace: string | undefined; readonly name: string; readonly uid: string }

/** The server's own fields stay as they were; what clients own is as sent. */
export const metadataOfUpdate = (sent: JsonObject, before: JsonObject): JsonObject => ({
  ...withoutField(objectAt(before, "metadata"), ...OWNED_BY_CLIENTS),
  ...clientMetadata(sent),
})

const DNS_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const LABEL =
  "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')"
const LABEL_1035 =
  "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')"

const NAME_RULES: Record<NameRule, { readonly form: RegExp; readonly charsMax: number; readonly said: string }> = {
  subdomain: { form: new RegExp(`^${DNS_LABEL}(\\.${DNS_LABEL})*$`), charsMax: 253, said: SUBDOMAIN },
  label: { form: new RegExp(`^${DNS_LABEL}$`), charsMax: 63, said: LABEL },
  "label-1035": { form: /^[a-z]([-a-z0-9]*[a-z0-9])?$/, charsMax: 63, said: LABEL_1035 },
  "path-segment": { form: /^(?!\.{1,2}$)[^/%]+$/, charsMax: 253, said: "may not contain '/' or '%'" },
}

/** Checks a new object's name and what clients said in its metadata. */
export const validateMetadata = (object: JsonObject, kind: Kind): readonly Cause[] => [
  ...validateName(textAt(object, "metadata", "name") ?? "", kind.nameRule),
  ...validateLabels(object),
  ...validateAnnotations(object),
  ...validateFinalizers(object),
]

const validateName = (name: string, nameRule: NameRule): readonly Cause[] => {
  if (name === "") return [required("metadata.name", "name or generateName is required")]
  const rule = NAME_RULES[nameRule]
  if (name.length > rule.charsMax)
    return [invalid("metadata.name", name, `must be no more than ${rule.charsMax} characters`)]
  return rule.form.test(name) ? [] : [invalid("metadata.name", name, rule.said)]
}

const LABEL_KEY =
  /^(?:[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/
const LABEL_VALUE = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/
const QUALIFIED_NAME =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')"
const LABEL_VALUE_RULE =
  "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')"

const validateLabels = (object: JsonObject): readonly Cause[] =>
  Object.entries(objectAt(object, "metadata", "labels")).flatMap(([key, value]) => [
    ...(LABEL_KEY.test(key) ? [] : [invalid("metadata.labels", key, QUALIFIED_NAME)]),
    ...(typeof value === "string" && LABEL_VALUE.test(value)
      ? []
      : [invalid("metadata.labels", value, LABEL_VALUE_RULE)]),
  ])

export const isQualifiedName = (name: string): boolean => LABEL_KEY.test(name)
export const qualifiedNameRule: string = QUALIFIED_NAME

/** Kubernetes: all annotations of an object together, keys and values. */
const ANNOTATIONS_BYTES_MAX = 256 * 1024

const validateAnnotations = (object: JsonObject): readonly Cause[] => {
  const entries = Object.entries(objectAt(object, "metadata", "annotations"))
  const size = entries.reduce((sum, [key, value]) => sum + key.length + plainText(value).length, 0)
  return [
    ...entries
      .filter(([key]) => !LABEL_KEY.test(key.toLowerCase()))
      .map(([key]) => invalid("metadata.annotations", key, QUALIFIED_NAME)),
    ...(size > ANNOTATIONS_BYTES_MAX
      ? [
          {
            reason: "FieldValueTooLong" as const,
            field: "metadata.annotations",
            message: `Too long: may not be more than ${ANNOTATIONS_BYTES_MAX} bytes`,
          },
        ]
      : []),
  ]
}

const validateFinalizers = (object: JsonObject): readonly Cause[] =>
  textsAt(object, "metadata", "finalizers")
    .filter((name) => !LABEL_KEY.test(name))
    .map((name) => invalid("metadata.finalizers", name, QUALIFIED_NAME))

/** While an object is being deleted, finalizers may only go. */
export const validateMetadataUpdate = (object: JsonObject, before: JsonObject): readonly Cause[] => {
  const had = textsAt(before, "metadata", "finalizers")
  const added = textsAt(object, "metadata", "finalizers").filter((name) => !had.includes(name))
  if (textAt(before, "metadata", "deletionTimestamp") === undefined || added.length === 0) return []
  const what = `no new finalizers can be added if the object is being deleted, found new finalizers ${JSON.stringify(added)}`
  return [forbidden("metadata.finalizers", what)]
}

export const isBeingDeleted = (object: JsonObject): boolean =>
  textAt(object, "metadata", "deletionTimestamp") !== undefined

export const hasFinalizers = (object: JsonObject): boolean => listAt(object, "metadata", "finalizers").length > 0

/** Leaves out null fields at every depth, as a server does that reads JSON into typed fields. */
export const withoutNulls = (value: Json): Json => {
  if (Array.isArray(value)) return value.map((item: Json) => withoutNulls(item))
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, inner]) => inner !== null)
      .map(([name, inner]) => [name, withoutNulls(inner)]),
  )
}
