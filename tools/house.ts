/** Walks the imports of `src/` and holds them against the arrows of the house. */
import { globSync, readFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"

const root = join(import.meta.dirname, "..")

const pureRooms = ["net", "time", "protocol", "kubernetes", "cluster", "decision", "ownership", "wording"] as const
const programs = ["controller", "speaker"] as const

/** What a room may import besides itself. Tests may import whatever they judge by. */
export const arrows: Readonly<Record<string, readonly string[]>> = {
  net: [],
  time: ["net"],
  protocol: ["net", "time"],
  kubernetes: ["net", "time"],
  cluster: ["kubernetes", "net", "time"],
  decision: ["cluster", "kubernetes", "net", "time"],
  ownership: ["net", "time"],
  wording: ["decision", "ownership", "cluster", "kubernetes", "net", "time"],
  controller: pureRooms,
  speaker: pureRooms,
  edge: ["net", "time", "kubernetes"],
  main: [...pureRooms, ...programs, "edge", "cli", "lab"],
  cli: [...pureRooms, ...programs, "edge", "lab", "main"],
  lab: [...pureRooms, ...programs, "edge", "main"],
}

export type Import = { readonly file: string; readonly target: string; readonly typeOnly: boolean }

const importLine = /^(?:import|export)\s+(type\s+)?(?:[^"']*?\sfrom\s+)?["']([^"']+)["']|import\(["']([^"']+)["']\)/gm

export const sourceFiles = (): string[] =>
  globSync("src/**/*.ts", { cwd: root })
    .filter((file) => !file.endsWith(".test.ts"))
    .toSorted()

export const importsOf = (file: string): Import[] => {
  const text = readFileSync(join(root, file), "utf8")
  return [...text.matchAll(importLine)].flatMap((match) => {
    const target = match[2] ?? match[3]
    if (target === undefined || !target.startsWith(".")) return []
    return [{ file, target: relative(root, join(root, dirname(file), target)), typeOnly: match[1] !== undefined }]
  })
}

export const roomOf = (file: string): string => file.split("/")[1] ?? ""

/** Imports that no arrow allows. The edge may name the types of a program's inputs and outputs. */
export const brokenArrows = (): Import[] =>
  sourceFiles()
    .flatMap(importsOf)
    .filter(({ file, target, typeOnly }) => {
      const [from, to] = [roomOf(file), roomOf(target)]
      if (from === to || arrows[from]?.includes(to)) return false
      return !(from === "edge" && typeOnly && (programs as readonly string[]).concat(pureRooms).includes(to))
    })

/** The rooms that really import each other, as a Mermaid figure. */
export const graph = (): string => {
  const edges = new Set<string>()
  for (const { file, target } of sourceFiles().flatMap(importsOf))
    if (roomOf(file) !== roomOf(target)) edges.add(`  ${roomOf(file)} --> ${roomOf(target)}`)
  return ["```mermaid", "graph LR", ...[...edges].toSorted(), "```"].join("\n")
}
