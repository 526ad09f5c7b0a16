import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { assessNeeds, type MachineView, missingCommand } from "./needs.ts"

test("a machine with tools and namespaces is ready", () => {
  assert.deepEqual(assessNeeds(machine({})), { kind: "ready" })
})

test("names the missing tool and the exact apt command, with sudo for an ordinary user", () => {
  const needs = assessNeeds(machine({ root: false, lacks: ["nft"] }))
  assert.ok(needs.kind === "tools-missing")
  assert.equal(needs.canInstall, false)
  assert.equal(needs.install, "sudo apt-get install -y --no-install-recommends nftables")
  assert.match(needs.says, /nft is missing: sudo apt-get install/)
})

test("root with apt may have them installed, each package once", () => {
  const needs = assessNeeds(machine({ lacks: ["ip", "unshare", "nsenter"] }))
  assert.ok(needs.kind === "tools-missing")
  assert.equal(needs.canInstall, true)
  assert.equal(needs.install, "apt-get install -y --no-install-recommends iproute2 util-linux")
})

test("without apt it says which tools, and installs nothing", () => {
  const needs = assessNeeds(machine({ lacks: ["nft", "apt-get"] }))
  assert.ok(needs.kind === "tools-missing")
  assert.equal(needs.canInstall, false)
  assert.match(needs.says, /install the packages that carry nft/)
})

test("a refusal of namespaces names the command, the kernel's word and the setting that forbids it", () => {
  const setting = "kernel.apparmor_restrict_unprivileged_userns"
  const needs = assessNeeds(machine({ root: false, refusal: "Operation not permitted", settings: { [setting]: "1" } }))
  assert.ok(needs.kind === "namespaces-refused")
  assert.match(needs.tried, /^unshare --user --map-root-user --net --mount/)
  assert.equal(needs.error, "Operation not permitted")
  assert.equal(needs.because, `${setting} = 1 (Ubuntu 23.10 and later)`)
  assert.deepEqual(needs.ways.length, 2)
})

test("a refusal without a known setting still says what the kernel said", () => {
  const needs = assessNeeds(machine({ refusal: "unshare failed: Operation not permitted" }))
  assert.ok(needs.kind === "namespaces-refused")
  assert.equal(needs.because, undefined)
  assert.match(needs.says, /Operation not permitted/)
})

test("a tool that is there and fails is named with what it said, and namespaces are not blamed", () => {
  const needs = assessNeeds(machine({ refusal: "Error: Unknown device type.", failing: "ip" }))
  assert.ok(needs.kind === "tool-failed")
  assert.match(needs.says, /bridges and VXLAN links, and ip fails to make them: Error: Unknown device type\.$/)
  assert.match(needs.ways.join(), /package iproute2/)
})

for (const tool of ["ip", "nft"] as const)
  test(`an ${tool} of this machine that fails is found by trying it`, { skip: assessNeeds().kind !== "ready" }, () => {
    const folder = mkdtempSync(join(tmpdir(), "porchlight-needs-"))
    const before = process.env["PATH"]
    writeFileSync(join(folder, tool), "#!/bin/sh\necho netlink is out of order >&2\nexit 1\n", { mode: 0o755 })
    process.env["PATH"] = `${folder}:${before}`
    try {
      const needs = assessNeeds()
      assert.ok(needs.kind === "tool-failed", needs.kind)
      assert.deepEqual([needs.tool, needs.error], [tool, "netlink is out of order"])
    } finally {
      process.env["PATH"] = before
      rmSync(folder, { recursive: true })
    }
  })

test("a limit on open files that a lab would hit is told with both numbers, and how to lift it", () => {
  const needs = assessNeeds(machine({ openFilesMax: 64 }))
  assert.ok(needs.kind === "files-limited")
  assert.match(needs.says, /needs 1024 open files a process, and here are 64 allowed/)
  assert.match(needs.ways.join(), /^ulimit -n 1024/)
})

test("a command that a lab's machines lack is answered with the package that carries it", () => {
  const lacks = ["mtr", "frobnicate"]
  assert.match(
    missingCommand("mtr", machine({ root: false, lacks })) ?? "",
    /has no mtr: sudo apt-get install .* mtr-tiny$/,
  )
  assert.match(missingCommand("mtr", machine({ lacks: [...lacks, "apt-get"] })) ?? "", /\(on Debian: mtr-tiny\)$/)
  assert.match(missingCommand("frobnicate", machine({ lacks })) ?? "", /install the package that carries it$/)
  assert.equal(missingCommand("ping", machine({ lacks })), undefined)
})

type Made = {
  root?: boolean
  lacks?: readonly string[]
  refusal?: string
  /** The tool that is refused, where namespaces are not. */
  failing?: "ip" | "nft"
  settings?: Record<string, string>
  openFilesMax?: number
}

const machine = ({
  root = true,
  lacks = [],
  refusal,
  failing,
  settings = {},
  openFilesMax = 1024,
}: Made): MachineView => ({
  openFilesMax,
  root,
  hasTool: (name) => !lacks.includes(name),
  tryNamespaces: () => (refusal === undefined ? undefined : { tool: failing, error: refusal }),
  kernelSetting: (name) => settings[name],
})
