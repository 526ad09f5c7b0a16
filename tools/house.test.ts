import assert from "node:assert/strict"
import { existsSync, globSync, readdirSync, readFileSync } from "node:fs"
import { basename, dirname, join } from "node:path"
import { test } from "node:test"
import { arrows, brokenArrows, graph, sourceFiles } from "./house.ts"

const root = join(import.meta.dirname, "..")

test("no room imports a room that no arrow points to", () => {
  assert.deepEqual(
    brokenArrows().map(({ file, target }) => `${file} -> ${target}`),
    [],
  )
})

test("every room of the source has its arrows and a short README", () => {
  for (const room of readdirSync(join(root, "src"))) {
    assert.ok(room in arrows, `src/${room} has no arrows in tools/house.ts`)
    const readme = join(root, "src", room, "README.md")
    assert.ok(existsSync(readme), `src/${room} has no README.md`)
    assert.ok(readFileSync(readme, "utf8").split("\n").length <= 31, `src/${room}/README.md is over 30 lines`)
  }
})

test("no file has a name that says nothing of its content", () => {
  const vague = /^(index|utils?|helpers?|types|common|misc|shared)\.ts$/
  assert.deepEqual(
    sourceFiles().filter((file) => vague.test(basename(file))),
    [],
  )
})

test("no source file is longer than 400 lines", () => {
  const long = sourceFiles().filter((file) => readFileSync(join(root, file), "utf8").split("\n").length > 401)
  assert.deepEqual(long, [])
})

test("a folder has at least three files, and none is deeper than four", () => {
  const files = globSync("src/**/*.ts", { cwd: root })
  const folders = Map.groupBy(files, (file) => dirname(file))
  for (const [folder, inside] of folders) {
    assert.ok(inside.length >= 3, `${folder} has ${inside.length} files`)
    assert.ok(folder.split("/").length <= 4, `${folder} is too deep`)
  }
})

test("the figure in docs/architecture.md shows the imports as they are", () => {
  const page = readFileSync(join(root, "docs", "architecture.md"), "utf8")
  assert.ok(page.includes(graph()), `the rooms import each other otherwise: node tools/draw-house.ts`)
})
