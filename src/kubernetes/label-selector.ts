import { keyFault, valueFault } from "./label-syntax.ts"

/** One requirement of a label selector as a URL writes it: `app=web,tier in (a, b),!old,floor>2`. */
export type LabelRequirement =
  | { readonly kind: "in"; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: "not-in"; readonly key: string; readonly values: readonly string[] }
  | { readonly kind: "exists"; readonly key: string }
  | { readonly kind: "not-exists"; readonly key: string }
  /** Labels whose value is a whole number above or below `bound`. */
  | { readonly kind: "above"; readonly key: string; readonly bound: bigint }
  | { readonly kind: "below"; readonly key: string; readonly bound: bigint }

/** What a selector asks for, all of which must hold; or what is wrong with it, in the words of kube-apiserver 1.35. */
export type ParsedSelector<R> =
  | { readonly kind: "selector"; readonly requirements: readonly R[] }
  | { readonly kind: "malformed"; readonly message: string }

/**
 * Reads a `labelSelector` by the grammar of Kubernetes (apimachinery, labels): symbols, and between them and white space
 * words. Whatever is not all of it a selector is none: a requirement overheard would select, and delete, more.
 */
export const parseLabelSelector = (selector: string): ParsedSelector<LabelRequirement> => {
  const tokens = tokensOf(selector)
  const requirements: LabelRequirement[] = []
  try {
    if (tokens.peek() === END) return { kind: "selector", requirements }
    if (!beginsRequirement(tokens.peek())) throw expected(tokens, "!, identifier, or 'end of string'")
    for (;;) {
      requirements.push(readRequirement(tokens))
      if (tokens.peek() === END) return { kind: "selector", requirements }
      if (tokens.peek() !== ",") throw expected(tokens, "',' or 'end of string'")
      tokens.next()
      if (!beginsRequirement(tokens.peek())) throw expected(tokens, "identifier after ','")
    }
  } catch (fault) {
    if (!(fault instanceof SelectorFault)) throw fault
    return { kind: "malformed", message: fault.message }
  }
}

/** Only a way out of the parser to its caller. */
class SelectorFault {
  readonly message: string
  constructor(message: string) {
    this.message = message
  }
}

type Tokens = { readonly peek: () => string; readonly next: () => string }

/** What stands for the end of the text; no token is empty. */
const END = ""
const TOKEN = /==|!=|[=!(),<>]|[^=!(),<> \t\r\n]+/g
const SYMBOL = /^[=!(),<>]/

const tokensOf = (selector: string): Tokens => {
  const found = selector.match(TOKEN) ?? []
  let at = 0
  return { peek: () => found[at] ?? END, next: () => found[at++] ?? END }
}

const isWord = (token: string): boolean => token !== END && !SYMBOL.test(token)
const beginsRequirement = (token: string): boolean => isWord(token) || token === "!"

const found = (tokens: Tokens): string => `found '${tokens.peek()}'`
const expected = (tokens: Tokens, what: string): SelectorFault =>
  new SelectorFault(`${found(tokens)}, expected: ${what}`)

const UNREADABLE = "unable to parse requirement: "
const unreadable = (why: string): SelectorFault => new SelectorFault(UNREADABLE + why)
const wanted = (tokens: Tokens, what: string): SelectorFault => unreadable(`${found(tokens)}, expected: ${what}`)

const readRequirement = (tokens: Tokens): LabelRequirement => {
  const absent = tokens.peek() === "!"
  if (absent) tokens.next()
  if (!isWord(tokens.peek())) throw wanted(tokens, "identifier")
  const key = tokens.next()
  const fault = keyFault(key)
  if (fault !== undefined) throw unreadable(`<nil>: Invalid value: ${JSON.stringify(key)}: ${fault}`)
  if (absent) return { kind: "not-exists", key }
  if (tokens.peek() === END || tokens.peek() === ",") return { kind: "exists", key }
  return readOperator(tokens, key)
}

const readOperator = (tokens: Tokens, key: string): LabelRequirement => {
  switch (tokens.peek()) {
    case "in":
    case "notin":
      return { kind: tokens.next() === "in" ? "in" : "not-in", key, values: checked(key, readValues(tokens)) }
    case "=":
    case "==":
    case "!=":
      return { kind: tokens.next() === "!=" ? "not-in" : "in", key, values: checked(key, [readValue(tokens)]) }
    case "<":
    case ">":
      return { kind: tokens.next() === ">" ? "above" : "below", key, bound: readBound(tokens, key) }
    default:
      throw wanted(tokens, "in, notin, =, ==, !=, gt, lt")
  }
}

/** `(a, b)`. Between commas may be nothing, which is the empty value. */
const readValues = (tokens: Tokens): readonly string[] => {
  if (tokens.peek() !== "(") throw unreadable(`${found(tokens)} expected: '('`)
  tokens.next()
  if (!isWord(tokens.peek()) && ![",", ")"].includes(tokens.peek())) throw wanted(tokens, "',', ')' or identifier")
  const values = new Set<string>()
  for (;;) {
    const word = isWord(tokens.peek())
    values.add(word ? tokens.next() : "")
    if (tokens.peek() === ")") break
    if (tokens.peek() !== ",") throw wanted(tokens, word ? "',' or ')'" : "',', or identifier")
    tokens.next()
  }
  tokens.next()
  return [...values]
}

/** What an operator compares with; nothing is the empty value. */
const readValue = (tokens: Tokens): string => {
  if (tokens.peek() === END || tokens.peek() === ",") return ""
  if (!isWord(tokens.peek())) throw wanted(tokens, "identifier")
  return tokens.next()
}

const checked = (key: string, values: readonly string[]): readonly string[] => {
  throwAny(valueFaults(key, values.toSorted()))
  return values
}

const valueFaults = (key: string, values: readonly string[]): readonly string[] =>
  values.flatMap((value, index) => {
    const fault = valueFault(value)
    return fault === undefined ? [] : [`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${fault}`]
  })

const readBound = (tokens: Tokens, key: string): bigint => {
  const value = readValue(tokens)
  const bound = parseWhole(value)
  const why = `values[0]: Invalid value: ${JSON.stringify(value)}: for 'Gt', 'Lt' operators, the value must be an integer`
  throwAny([...(bound === undefined ? [why] : []), ...valueFaults(key, [value])])
  return bound ?? 0n
}

const throwAny = (faults: readonly string[]): void => {
  const distinct = [...new Set(faults)]
  if (distinct.length > 0) throw unreadable(distinct.length === 1 ? distinct.join("") : `[${distinct.join(", ")}]`)
}

const WHOLE_MAX = 2n ** 63n - 1n

/** A whole number of 64 bits in decimal, as Go's `ParseInt` reads it. */
export const parseWhole = (text: string): bigint | undefined => {
  if (!/^[-+]?\d{1,40}$/.test(text)) return undefined
  const value = BigInt(text.replace(/^\+/, ""))
  return value <= WHOLE_MAX && value >= -WHOLE_MAX - 1n ? value : undefined
}
