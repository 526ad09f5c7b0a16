import { readFile } from "node:fs/promises"
import { codeOfError, type Failure, failure, sentenceOfError } from "../failure.ts"

/** Where MetalLB's speaker finds its list, mounted from the ConfigMap `metallb-excludel2`. */
export const excludeFile = "/etc/metallb/excludel2.yaml"

/** MetalLB's default list: links of container runtimes and pod networks, which no client asks on. */
export const defaultExcludedNames: readonly string[] = [
  "^docker.*",
  "^cbr.*",
  "^dummy.*",
  "^virbr.*",
  "^lxcbr.*",
  "^veth.*",
  "^lo$",
  "^cali.*",
  "^tunl.*",
  "^flannel.*",
  "^kube-ipvs.*",
  "^cni.*",
  "^nodelocaldns.*",
  "^lxc.*",
]

/** Regular expressions, any of which excludes, searched without anchors as MetalLB does. Fails naming the one that is none. */
export const excluding = (patterns: readonly string[]): ((name: string) => boolean) | Failure => {
  const expressions: RegExp[] = []
  for (const pattern of patterns) {
    try {
      expressions.push(new RegExp(pattern))
    } catch (error) {
      return failure(
        "bad-pattern",
        `the interface exclusion ${JSON.stringify(pattern)} is no regular expression (${sentenceOfError(error)}): correct it in ${excludeFile}`,
      )
    }
  }
  return (name) => expressions.some((expression) => expression.test(name))
}

/** The list of MetalLB's file; a missing file excludes nothing, as there. */
export const readExcludedNames = async (path: string): Promise<readonly string[] | Failure> => {
  let text: string
  try {
    text = await readFile(path, "utf8")
  } catch (error) {
    if (codeOfError(error) === "ENOENT") return []
    return failure(codeOfError(error), `could not read ${path} (${sentenceOfError(error)}): check its mount`)
  }
  // The bundler gives a lazily imported CommonJS package as its default alone.
  const { parse } = (await import("yaml")).default
  try {
    return namesIn(parse(text), path)
  } catch (error) {
    return failure("bad-yaml", `${path} is no YAML (${sentenceOfError(error)}): correct it`)
  }
}

const field = "announcedInterfacesToExclude"

const namesIn = (content: unknown, path: string): readonly string[] | Failure => {
  if (content === null || content === undefined) return []
  const list = typeof content === "object" ? (content as Readonly<Record<string, unknown>>)[field] : content
  if (list === null || list === undefined) return []
  if (Array.isArray(list) && list.every((item): item is string => typeof item === "string")) return list
  return failure("bad-list", `${path}: ${field} must be a list of regular expressions, one a line`)
}
