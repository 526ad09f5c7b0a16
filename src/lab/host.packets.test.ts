import assert from "node:assert/strict"
import { type ChildProcess, type ChildProcessWithoutNullStreams, spawn } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { test } from "node:test"
import { assessNeeds } from "./needs.ts"
import { markOf } from "./state-directory.ts"

const needs = assessNeeds()
const skip = needs.kind === "ready" ? false : needs.says
const root = join(import.meta.dirname, "../..")

void test("a lab ends kindly: no process, no directory", { skip }, async () => {
  await withHost(async (host) => {
    host.child.kill("SIGTERM")
    await host.over
    assert.deepEqual(await left(host), { processes: [], directory: false })
  })
})

void test(
  "a lab whose holder is killed with -9 leaves no process; the next start removes its directory and says so",
  { skip },
  async () => {
    await withHost(async (host) => {
      host.child.kill("SIGKILL")
      await host.over
      assert.deepEqual((await left(host)).processes, [])
      const said: string[] = []
      await withHost(async () => undefined, host.runtime, said)
      assert.match(said.join(""), /removed what the lab first-light left: its process \d+ had died/)
    })
  },
)

for (const above of ["shell", "npm"] as const)
  void test(`a lab ends when the ${above} that started its holder is killed with -9`, { skip }, async () => {
    const story = async (host: Host): Promise<void> => {
      const holder = holderOf(host)
      host.child.kill("SIGKILL")
      await host.over
      await until(() => markOf(holder) === undefined)
      assert.deepEqual(await left(host), { processes: [], directory: false })
    }
    await withHost(story, undefined, [], above)
  })

void test("whenever its holder is killed, also half-way up, a lab leaves no process", { skip }, async () => {
  for (const momentMs of [40, 150, 300, 500]) {
    const host = start(mkdtempSync(join(tmpdir(), "porchlight-host-")), [], "direct")
    await pause(momentMs)
    host.child.kill("SIGKILL")
    await host.over
    assert.deepEqual((await left(host)).processes, [], `killed after ${momentMs} ms`)
    rmSync(host.runtime, { recursive: true, force: true })
  }
})

void test("whenever npm is killed, also while its script still builds, a lab leaves no process", { skip }, async () => {
  for (const signal of ["SIGKILL", "SIGTERM"] as const)
    for (const momentMs of [150, 400, 700, 1100]) {
      const host = start(mkdtempSync(join(tmpdir(), "porchlight-host-")), [], "npm that builds")
      await pause(momentMs)
      host.child.kill(signal)
      await host.over
      const remains = await left(host)
      endAll(host)
      assert.deepEqual(remains, { processes: [], directory: false }, `${signal} after ${momentMs} ms`)
      rmSync(host.runtime, { recursive: true, force: true })
    }
})

void test("a second lab of the same name is refused with the way to end the first", { skip }, async () => {
  await withHost(async (host) => {
    const said: string[] = []
    const second = start(host.runtime, said, "direct")
    await second.over
    assert.match(said.join(""), /the lab first-light runs already \(process \d+\): end it with {2}porchlight lab down/)
  })
})

void test("a command runs on a machine of a lab that another process holds", { skip }, async () => {
  await withHost(async (host) => {
    const said: string[] = []
    const code = await run(
      host.runtime,
      said,
      `import { labExec, listLabs } from ${module("host.ts")}
       process.exit(await labExec(listLabs().running[0], "laptop", ["sh", "-c", "ip -o -4 address show dev eth0; exit 3"]))`,
    )
    assert.equal(code, 3)
    assert.match(said.join(""), /192\.168\.40\.23\/24/)
  })
})

void test("a lab with a life of its own outlives who started it, and lab down ends it", { skip }, async () => {
  const runtime = mkdtempSync(join(tmpdir(), "porchlight-host-"))
  const said: string[] = []
  const holder = `import { holdLab } from ${module("detached.ts")}; await holdLab(JSON.parse(process.argv[1]))`
  const host = { runtime }
  try {
    const code = await run(
      runtime,
      said,
      `import { startDetached } from ${module("detached.ts")}
       const holder = [process.execPath, "--input-type=module", "-e", ${JSON.stringify(holder)}]
       const outcome = await startDetached(holder, ${JSON.stringify(order)}, () => undefined)
       console.log(outcome.kind, outcome.says)
       process.exit(outcome.kind === "up" ? 0 : 1)`,
    )
    assert.equal(code, 0, said.join(""))
    assert.notDeepEqual(processesOf(host), [])
    const down = await run(
      runtime,
      said,
      `import { downLab, listLabs } from ${module("host.ts")}
       process.exit((await downLab(listLabs().running[0])) ? 0 : 1)`,
    )
    assert.equal(down, 0, said.join(""))
    assert.deepEqual(await left(host), { processes: [], directory: false })
  } finally {
    rmSync(runtime, { recursive: true, force: true })
  }
})

const module = (name: string): string => JSON.stringify(join(import.meta.dirname, name))

const inside = [
  process.execPath,
  "--input-type=module",
  "-e",
  `import { runInside } from ${module("inside.ts")}; await runInside(JSON.parse(process.argv[1]))`,
]

const order = {
  name: "first-light",
  scenarioFolder: join(root, "scenarios/first-light"),
  crds: join(root, "deploy/crds"),
  inside,
}

type Host = { readonly child: ChildProcess; readonly runtime: string; readonly over: Promise<void> }

const withHost = async (
  story: (host: Host) => Promise<void>,
  runtime: string = mkdtempSync(join(tmpdir(), "porchlight-host-")),
  said: string[] = [],
  through: Through = "direct",
): Promise<void> => {
  const host = start(runtime, said, through)
  try {
    for (const end = Date.now() + 20_000; !said.join("").includes("UP"); await pause(20))
      if (Date.now() > end || host.child.exitCode !== null) assert.fail(`the lab did not come up: ${said.join("")}`)
    await story(host)
  } finally {
    host.child.kill("SIGKILL")
    await host.over
    await left(host)
    rmSync(runtime, { recursive: true, force: true })
  }
}

/** How the holder is started, from the process that a story kills. */
type Through = "direct" | "shell" | "npm" | "npm that builds"

const ways: Readonly<
  Record<Through, (argv: readonly [string, ...string[]], env: NodeJS.ProcessEnv) => ChildProcessWithoutNullStreams>
> = {
  direct: ([command, ...argv], env) => spawn(command, argv, { env }),
  // The second command keeps the shell from becoming node itself.
  shell: (argv, env) => spawn("sh", ["-c", '"$@"; true', "sh", ...argv], { env }),
  npm: (argv, env) => npm('"$@"; true', argv, env),
  "npm that builds": (argv, env) => npm('sleep 0.4; "$@"; true', argv, env),
}

/** A process that looks like npm, and tells its script so by the environment. */
const npm = (line: string, argv: readonly string[], env: NodeJS.ProcessEnv): ChildProcessWithoutNullStreams => {
  const { npm_config_user_agent: _, ...clean } = env
  const script = `process.title = "npm start"
    require("node:child_process").spawn("sh", ["-c", ${JSON.stringify(line)}, "sh", ...process.argv.slice(1)],
      { stdio: "inherit", env: { ...process.env, npm_config_user_agent: "npm/11.0.0 node/v24.0.0" } })`
  return spawn(process.execPath, ["-e", script, ...argv], { env: clean })
}

const start = (runtime: string, said: string[], through: Through): Host => {
  const script = `
    import { startLab } from ${module("host.ts")}
    const started = await startLab({ ...${JSON.stringify(order)}, report: (news) => console.log(JSON.stringify(news)) })
    if (started.kind === "failed") { console.log(started.says); process.exit(1) }
    console.log("UP")
    setInterval(() => undefined, 1000)`
  const node = [process.execPath, "--input-type=module", "-e", script] as const
  const env = { ...process.env, XDG_RUNTIME_DIR: runtime }
  const child = ways[through](node, env)
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => said.push(text))
  return { child, runtime, over: new Promise((resolve) => child.once("exit", () => resolve())) }
}

const run = (runtime: string, said: string[], script: string): Promise<unknown> => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    env: { ...process.env, XDG_RUNTIME_DIR: runtime },
  })
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding("utf8").on("data", (text: string) => said.push(text))
  return new Promise((resolve) => child.once("close", resolve))
}

const until = async (holds: () => boolean): Promise<void> => {
  for (const end = Date.now() + 5000; Date.now() < end; await pause(20)) if (holds()) return
  assert.fail("it did not come to that in 5 s")
}

const directoryOf = (host: Pick<Host, "runtime">): string => join(host.runtime, "porchlight/labs/first-light")

const holderOf = (host: Host): number => {
  const record = JSON.parse(readFileSync(join(directoryOf(host), "lab.json"), "utf8")) as { holder: { pid: number } }
  return record.holder.pid
}

/** What remains of a lab when it has had five seconds: live processes that name its directory (their environment does), and that directory. */
const left = async (host: Pick<Host, "runtime">): Promise<{ processes: string[]; directory: boolean }> => {
  let processes = processesOf(host)
  for (const end = Date.now() + 5000; processes.length > 0 && Date.now() < end; processes = processesOf(host))
    await pause(20)
  return { processes, directory: existsSync(directoryOf(host)) }
}

const processesOf = (host: Pick<Host, "runtime">): string[] =>
  pidsOf(host).flatMap((pid) => wordsOf(pid, "cmdline") || [])

const pidsOf = ({ runtime }: Pick<Host, "runtime">): number[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .map(Number)
    .filter((pid) => (wordsOf(pid, "cmdline") + wordsOf(pid, "environ")).includes(runtime))

const endAll = (host: Pick<Host, "runtime">): void => {
  for (const pid of pidsOf(host)) {
    try {
      process.kill(pid, "SIGKILL")
    } catch {
      // It ended by itself meanwhile.
    }
  }
}

const wordsOf = (pid: number, file: "cmdline" | "environ"): string => {
  try {
    return readFileSync(`/proc/${pid}/${file}`, "utf8")
  } catch {
    return ""
  }
}
