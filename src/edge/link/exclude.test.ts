import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import type { Failure } from "../failure.ts"
import { defaultExcludedNames, excluding, readExcludedNames } from "./exclude.ts"

test("links of containers and pod networks are left out, ports of the machine are not", () => {
  const isExcluded = excluding(defaultExcludedNames)
  assert.ok(typeof isExcluded === "function")
  for (const name of ["lo", "docker0", "veth1a2b", "cali123", "flannel.1", "cni0", "kube-ipvs0", "lxc9"])
    assert.ok(isExcluded(name), name)
  for (const name of ["eth0", "enp3s0", "br0", "bond0", "lan0", "wlp2s0", "lo1"]) assert.ok(!isExcluded(name), name)
})

test("an expression without anchors is found anywhere, as MetalLB does it", () => {
  const isExcluded = excluding(["th1"])
  assert.ok(typeof isExcluded === "function" && isExcluded("eth10") && !isExcluded("eth0"))
})

test("an expression that is none is named with the file to correct", () => {
  const outcome = excluding(["^eth", "(("])
  assert.ok("kind" in outcome)
  assert.match(outcome.message, /the interface exclusion "\(\(" is no regular expression .* correct it in/)
})

test("MetalLB's file is read as it is; without one nothing is excluded", async () => {
  assert.deepEqual(await read("announcedInterfacesToExclude:\n- ^docker.*\n- ^lo$\n"), ["^docker.*", "^lo$"])
  assert.deepEqual(await read("announcedInterfacesToExclude: []\n"), [])
  for (const nothing of ["announcedInterfacesToExclude:\n", "{}\n", ""]) assert.deepEqual(await read(nothing), [])
  assert.deepEqual(await readExcludedNames("/nowhere/excludel2.yaml"), [])
})

test("a file that is no list of expressions says which field is wrong", async () => {
  assert.match(await refusal("announcedInterfacesToExclude: docker\n"), /announcedInterfacesToExclude must be a list/)
  assert.match(await refusal("announcedInterfacesToExclude: [1]\n"), /must be a list of regular expressions/)
  assert.match(await refusal("just words\n"), /announcedInterfacesToExclude must be a list/)
  assert.match(await refusal("a: [\n"), /is no YAML/)
})

async function refusal(text: string): Promise<string> {
  const outcome = await read(text)
  assert.ok("kind" in outcome)
  return outcome.message
}

async function read(text: string): Promise<readonly string[] | Failure> {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-exclude-"))
  try {
    const path = join(folder, "excludel2.yaml")
    writeFileSync(path, text)
    return await readExcludedNames(path)
  } finally {
    rmSync(folder, { recursive: true })
  }
}
