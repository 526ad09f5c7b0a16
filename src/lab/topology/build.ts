import { spawn } from "node:child_process"
import { toolEnvironment } from "../isolation.ts"
import { inNamespace, setKernelSetting } from "../namespace.ts"
import type { Layout, NodeShare } from "./layout.ts"
import { forwardingEntries, type NetworkPlan, planNetwork } from "./plan.ts"

/** Builds every switch and machine of a layout; pods come later. Rejects with the tool's own words and the namespace. */
export const buildNetwork = async (layout: Layout, shares: ReadonlyMap<string, NodeShare>): Promise<void> => {
  await applyPlan(planNetwork(layout, shares))
  const entries = [...forwardingEntries(layout, shares)].filter(([, lines]) => lines.length > 0)
  await Promise.all(entries.map(([name, lines]) => runInNamespace(name, ["bridge", "-batch", "-"], joined(lines))))
}

/** Performs plans together: every namespace and cable first, in one `ip` run, then each namespace's lines side by side. */
export const applyPlan = async (...plans: readonly NetworkPlan[]): Promise<void> => {
  const names = plans.flatMap(({ namespaces }) => namespaces.map((name) => `netns add ${name}`))
  if (names.length > 0) await runTool(["ip", "-batch", "-"], joined(names))
  for (const { settings } of plans)
    for (const [name, pairs] of settings) for (const [path, value] of pairs) trySetting(name, path, value)
  await runTool(["ip", "-batch", "-"], joined(plans.flatMap(({ cables }) => cables)))
  const lines = new Map<string, string[]>()
  for (const { inside } of plans)
    for (const [name, more] of inside) lines.set(name, [...(lines.get(name) ?? []), ...more])
  await Promise.all([...lines].map(([name, batch]) => runInNamespace(name, ["ip", "-batch", "-"], joined(batch))))
  const rules = plans.flatMap(({ rules }) => [...rules])
  await Promise.all(rules.map(([name, text]) => runInNamespace(name, ["nft", "-f", "-"], text)))
}

/** Ends pods' namespaces: their cables vanish with them. */
export const removeNamespaces = (names: readonly string[]): Promise<void> =>
  runTool(["ip", "-batch", "-"], joined(names.map((name) => `netns delete ${name}`)))

const joined = (lines: readonly string[]): string => `${lines.join("\n")}\n`

/** A kernel without IPv6 or without filtering in bridges has no such settings, and needs none. */
const trySetting = (name: string, path: string, value: string): void => {
  try {
    setKernelSetting(name, path, value)
  } catch (error) {
    if (path.startsWith("ipv4/")) throw error
  }
}

export const runInNamespace = (name: string, argv: readonly [string, ...string[]], input = ""): Promise<void> =>
  inNamespace(name, () => runTool(argv, input, name))

/** Runs a tool with `input` on its standard input; rejects with what it complained about. */
export const runTool = (argv: readonly [string, ...string[]], input = "", where = "the lab"): Promise<void> => {
  const [command, ...rest] = argv
  const child = spawn(command, rest, { env: environment, stdio: ["pipe", "ignore", "pipe"] })
  const complaint: string[] = []
  child.stderr.setEncoding("utf8").on("data", (text: string) => complaint.push(text))
  child.stdin.on("error", () => undefined)
  child.stdin.end(input)
  return new Promise((resolve, reject) => {
    child.on("error", (error) => reject(new Error(`cannot run ${command}: ${error.message}`)))
    child.on("close", (code) => {
      if (code === 0) resolve()
      else reject(new Error(`${argv.join(" ")} in ${where} ended with ${code}: ${complaint.join("").trim()}`))
    })
  })
}

const environment = toolEnvironment()
