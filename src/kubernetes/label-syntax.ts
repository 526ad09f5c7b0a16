const ALPHANUMERIC =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character"
const NAME = /^(?:[A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]$/
const NAME_RULE = `${ALPHANUMERIC} (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`
const PREFIX = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/
const PREFIX_RULE =
  "prefix part a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
const VALUE_RULE = `a valid label must be an empty string or ${ALPHANUMERIC.slice("must ".length)} (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`

/** Kubernetes: of the name of a key, and of a value. */
const NAME_BYTES_MAX = 63
/** Kubernetes: of what stands before the slash in a key. */
const PREFIX_BYTES_MAX = 253

/** Why a text is no label key (`name` or `example.com/name`), in the words of kube-apiserver; undefined where it is one. */
export const keyFault = (key: string): string | undefined => {
  const parts = key.split("/")
  if (parts.length > 2)
    return `a valid label key ${NAME_RULE} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`
  const name = parts.at(-1) ?? ""
  const faults = [...(parts.length === 2 ? prefixFaults(parts[0] ?? "") : []), ...nameFaults(name)]
  return faults.length === 0 ? undefined : faults.join("; ")
}

const prefixFaults = (prefix: string): readonly string[] => {
  if (prefix === "") return ["prefix part must be non-empty"]
  return [
    ...(byteLength(prefix) > PREFIX_BYTES_MAX ? [`prefix part must be no more than ${PREFIX_BYTES_MAX} bytes`] : []),
    ...(PREFIX.test(prefix) ? [] : [PREFIX_RULE]),
  ]
}

const nameFaults = (name: string): readonly string[] => [
  ...(name === "" ? ["name part must be non-empty"] : []),
  ...(byteLength(name) > NAME_BYTES_MAX ? [`name part must be no more than ${NAME_BYTES_MAX} bytes`] : []),
  ...(NAME.test(name) ? [] : [`name part ${NAME_RULE}`]),
]

/** Why a text is no value of a label, in the words of kube-apiserver; undefined where it is one. */
export const valueFault = (value: string): string | undefined => {
  const faults = [
    ...(byteLength(value) > NAME_BYTES_MAX ? [`must be no more than ${NAME_BYTES_MAX} bytes`] : []),
    ...(value === "" || NAME.test(value) ? [] : [VALUE_RULE]),
  ]
  return faults.length === 0 ? undefined : faults.join("; ")
}

/** In UTF-8; only whether it is above a bound counts, and what is not ASCII is refused anyway. */
const byteLength = (text: string): number =>
  Array.from(text).reduce((sum, letter) => sum + utf8Length(letter.codePointAt(0) ?? 0), 0)

const utf8Length = (code: number): number => (code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4)
