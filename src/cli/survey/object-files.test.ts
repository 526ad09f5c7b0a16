import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import * as fc from "fast-check"
import { CommandFailure } from "../failure.ts"
import { readDump, readNetworkFile, shellWord } from "./dump-facts.ts"
import { parseObjects, readObjectFiles } from "./object-files.ts"

test("reads many documents of one file, with empty ones between them", () => {
  assert.deepEqual(parseObjects("kind: A\n---\n---\n# nothing\n---\nkind: B\n", "x"), [{ kind: "A" }, { kind: "B" }])
})

test("takes a List apart, and a ServiceList of the API, whose items carry no kind", () => {
  assert.deepEqual(parseObjects("kind: List\nitems: [{ kind: A }, { kind: B }]", "x"), [{ kind: "A" }, { kind: "B" }])
  const text = JSON.stringify({ apiVersion: "v1", kind: "ServiceList", items: [{ metadata: { name: "a" } }] })
  assert.deepEqual(parseObjects(text, "x"), [{ apiVersion: "v1", kind: "Service", metadata: { name: "a" } }])
})

test("reads JSON documents one after another, as jq prints them", () => {
  assert.deepEqual(parseObjects('{"kind":"A"}\n---\n{"kind":"B"}', "x"), [{ kind: "A" }, { kind: "B" }])
})

test("says file, line and column of what is no YAML, also in a later document", () => {
  assert.match(
    messageOf(() => parseObjects("kind: A\n---\nkind: [B\n", "dump.yaml")),
    /^dump\.yaml:4:1 /,
  )
  assert.match(
    messageOf(() => parseObjects("a: 1\na: 2\n", "dump.yaml")),
    /^dump\.yaml:2:1 .*unique/,
  )
})

test("refuses what is nested without end, or deeper than any object is", () => {
  const round = ["kind: List\nitems: &x [*x, *x, *x]\n", "kind: A\nmetadata: &m { name: a, labels: *m }\n"]
  for (const text of [...round, `${"[".repeat(5000)}${"]".repeat(5000)}`, `${'{"a":'.repeat(200)}1${"}".repeat(200)}`])
    assert.match(
      messageOf(() => parseObjects(text, "dump.yaml")),
      /^dump\.yaml is nested without end, or deeper than 100 levels/,
    )
})

test("refuses a document that unfolds to more than anybody wrote", () => {
  const bomb = ["a: &a [x,x,x,x,x,x,x,x,x]", ...letters("bcdefgh", "a")].join("\n")
  assert.match(
    messageOf(() => parseObjects(bomb, "bomb.yaml")),
    /^bomb\.yaml:1:1 .*cannot be read/,
  )
})

test("never throws anything but a sentence, whatever the bytes are", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string(), fc.json(), fc.string({ unit: fc.constantFrom(..."{}[]:&*-!|> \n\"'#%a".split("")) })),
      (text) => {
        try {
          parseObjects(text, "x")
        } catch (error) {
          assert.ok(error instanceof CommandFailure, String(error))
        }
      },
    ),
  )
})

test("an empty file, a file of other kinds and a missing one each get a sentence and exit code 3", () => {
  inFolder((folder) => {
    writeFileSync(join(folder, "empty.yaml"), "")
    writeFileSync(
      join(folder, "other.yaml"),
      "kind: Deployment\n---\napiVersion: serving.knative.dev/v1\nkind: Service\n",
    )
    assert.match(
      messageOf(() => readDump(join(folder, "empty.yaml"))),
      /holds no object/,
    )
    assert.match(
      messageOf(() => readDump(join(folder, "other.yaml"))),
      /only objects that nothing is answered from \(Deployment and Service\)/,
    )
    assert.match(
      messageOf(() => readDump(join(folder, "gone.yaml"))),
      /There is no file or folder .*gone\.yaml/,
    )
    assert.match(
      messageOf(() => readNetworkFile(join(folder, "other.yaml"))),
      /no object of kind Network/,
    )
    assert.equal(failureOf(() => readDump(folder + "/gone")).exitCode, 3)
  })
})

test("a file that is too large is refused before it is read", () => {
  inFolder((folder) => {
    const file = join(folder, "huge.json")
    writeFileSync(file, "{")
    truncateSync(file, 401 * 1024 * 1024)
    assert.match(
      messageOf(() => readObjectFiles(file)),
      /larger than 400 MiB/,
    )
    const yaml = join(folder, "large.yaml")
    writeFileSync(yaml, "kind: A\n")
    truncateSync(yaml, 33 * 1024 * 1024)
    assert.match(
      messageOf(() => readObjectFiles(yaml)),
      /larger than 32 MiB/,
    )
  })
})

test("what never ends is refused when it is too long for any dump", () => {
  assert.match(
    messageOf(() => readObjectFiles("/dev/zero")),
    /^\/dev\/zero is larger than 32 MiB/,
  )
  assert.equal(failureOf(() => readNetworkFile("/dev/zero")).exitCode, 3)
})

test("a device or a folder of no right is refused with a sentence", () => {
  assert.match(
    messageOf(() => readDump("/dev/null")),
    /^\/dev\/null holds no object/,
  )
  assert.match(
    messageOf(() => readObjectFiles("/proc/self/mem")),
    /^Cannot read \/proc\/self\/mem: /,
  )
})

test("a folder is read file by file in the order of their names; one without any is said", () => {
  inFolder((folder) => {
    writeFileSync(join(folder, "b.yml"), "kind: B")
    writeFileSync(join(folder, "a.json"), '{"kind":"A"}')
    writeFileSync(join(folder, "notes.txt"), "kind: C")
    assert.deepEqual(readObjectFiles(folder).objects, [{ kind: "A" }, { kind: "B" }])
    mkdirSync(join(folder, "none"))
    assert.match(
      messageOf(() => readObjectFiles(join(folder, "none"))),
      /holds no \.yaml or \.json file/,
    )
  })
})

test("a dump without nodes, endpoint slices or pools is said to lack them; one of facts alone is not", () => {
  inFolder((folder) => {
    writeFileSync(join(folder, "s.yaml"), "apiVersion: v1\nkind: Service\nmetadata: { namespace: a, name: b }\n")
    assert.deepEqual(
      readDump(join(folder, "s.yaml")).withheld.map(({ kind, why }) => [kind, why]),
      [
        ["Node", "not-in-dump"],
        ["EndpointSlice", "not-in-dump"],
        ["IPAddressPool", "not-in-dump"],
      ],
    )
    writeFileSync(
      join(folder, "p.yaml"),
      "apiVersion: metallb.io/v1beta1\nkind: IPAddressPool\nmetadata: { name: b }\n",
    )
    assert.deepEqual(readDump(join(folder, "p.yaml")).withheld, [])
  })
})

test("a path with blanks is quoted for the shell", () => {
  assert.equal(shellWord("scenarios/media-stack"), "scenarios/media-stack")
  assert.equal(shellWord("my 'dump'"), `'my '\\''dump'\\'''`)
})

const letters = (names: string, first: string): string[] => {
  let before = first
  return names.split("").map((name) => {
    const line = `${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`
    before = name
    return line
  })
}

const failureOf = (run: () => unknown): CommandFailure => {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof CommandFailure, String(error))
    return error
  }
  return assert.fail("it did not fail")
}

const messageOf = (run: () => unknown): string => failureOf(run).message

const inFolder = (run: (folder: string) => void): void => {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-dump-"))
  try {
    run(folder)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
