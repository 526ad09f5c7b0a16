import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { fileURLToPath } from "node:url"
import { isolatedCommand, toolEnvironment } from "./isolation.ts"
import { assessNeeds, missingCommand } from "./needs.ts"

/** Which one test this process was started for, inside namespaces of its own. */
const chosen = process.env["PORCHLIGHT_PACKET_TEST"]
let lacking: string | false | undefined

type Body = (directory: string) => Promise<void> | void

/** A test that hangs is ended, and its namespaces with it. */
const patienceMs = 60_000

/**
 * A test with real packets: its body runs in a process of its own inside fresh namespaces, which the kernel removes with
 * that process. Where the machine cannot do that or lacks one of the `programs`, the test is skipped by name with the
 * reason. `file` is the caller's `import.meta.url`; `directory` is an empty one of the test's own.
 */
export const packetTest = (file: string, name: string, body: Body, programs: readonly string[] = []): void => {
  if (chosen !== undefined) {
    const directory = process.env["PORCHLIGHT_PACKET_DIRECTORY"] ?? tmpdir()
    if (chosen === name) setImmediate(() => void runHere(directory, body))
    return
  }
  lacking ??= reasonToSkip()
  const skip =
    lacking || (programs.map((program) => missingCommand(program)).find((says) => says !== undefined) ?? false)
  void test(name, { skip }, () => runIsolated(fileURLToPath(file), name))
}

const reasonToSkip = (): string | false => {
  const needs = assessNeeds()
  return needs.kind === "ready" ? false : needs.says
}

/** Proof that this very test ran: a file that registers none of this name would end well too. */
const marker = "ran"

/** Open servers would keep the process, so it leaves by itself. */
const runHere = async (directory: string, body: Body): Promise<void> => {
  try {
    await body(directory)
    writeFileSync(join(directory, marker), "")
    process.exit(0)
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`)
    process.exit(1)
  }
}

const runIsolated = async (file: string, name: string): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "porchlight-packets-"))
  const [command, ...argv] = isolatedCommand([process.execPath, file], directory)
  const env = { ...toolEnvironment(), PORCHLIGHT_PACKET_TEST: name, PORCHLIGHT_PACKET_DIRECTORY: directory }
  delete (env as NodeJS.ProcessEnv)["NODE_TEST_CONTEXT"]
  const child = spawn(command, argv, { env, stdio: ["ignore", "pipe", "pipe"] })
  const said: string[] = []
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => said.push(text))
  const timer = setTimeout(() => child.kill("SIGKILL"), patienceMs)
  try {
    const code = await new Promise((resolve) => child.once("close", resolve))
    if (code !== 0 || !existsSync(join(directory, marker)))
      throw new Error(`inside its namespaces the test ended with ${String(code)}:\n${said.join("")}`)
  } finally {
    clearTimeout(timer)
    rmSync(directory, { recursive: true, force: true })
  }
}
