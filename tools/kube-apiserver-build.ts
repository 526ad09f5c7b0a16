import { execFile } from "node:child_process"
import { existsSync } from "node:fs"
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

export const kubernetesVersion = "1.35.4"
const module = "k8s.io/kubernetes"
/** A cold build takes about five minutes on two quiet cores; a busy machine may need several times that. */
const buildTimeoutMs = 45 * 60_000

const cacheFolder = (): string =>
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "porchlight", `kube-apiserver-${kubernetesVersion}`)

/** Where the built binary is kept between runs. */
export const kubeApiserverPath = (): string => join(cacheFolder(), "kube-apiserver")

const goCandidates = ["/usr/local/go/bin/go", "/usr/lib/go/bin/go", "/usr/bin/go"]

/** The `go` command, also where it is installed but not on PATH. Undefined where this machine has none. */
export const findGo = async (): Promise<string | undefined> => {
  for (const candidate of ["go", ...goCandidates]) {
    try {
      await run(candidate, ["version"])
      return candidate
    } catch {
      continue
    }
  }
  return undefined
}

/**
 * Builds kube-apiserver from its published Go module, once; later calls return the cached binary at once. Kubernetes'
 * own go.mod points at its staging folders, which the module does not carry: each is replaced by the staging module of
 * the same release (`v1.35.4` of Kubernetes is `v0.35.4` of `k8s.io/api`). Throws with Go's own words when it fails.
 */
export const buildKubeApiserver = async (say: (line: string) => void): Promise<string> => {
  const binary = kubeApiserverPath()
  if (existsSync(binary)) return binary
  const go = await findGo()
  if (go === undefined)
    throw new Error("Go is not installed: install Go 1.25 or newer (https://go.dev/dl) and try again")
  say(`building kube-apiserver ${kubernetesVersion}: about five minutes, once; kept in ${cacheFolder()}`)
  const folder = join(cacheFolder(), `build-${process.pid}`)
  await mkdir(folder, { recursive: true })
  try {
    await writeFile(join(folder, "go.mod"), await goMod(go, folder))
    await compile(go, folder)
    await rename(join(folder, "kube-apiserver"), binary)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return binary
}

const goMod = async (go: string, folder: string): Promise<string> => {
  const found = await run(go, ["mod", "download", "-json", `${module}@v${kubernetesVersion}`], { cwd: folder })
  const { GoMod: path } = JSON.parse(found.stdout) as { readonly GoMod: string }
  const published = await readFile(path, "utf8")
  const staged = [...published.matchAll(/^\s*(k8s\.io\/\S+) => \.\/staging\//gm)].map((match) => match[1])
  const goVersion = /^go (\S+)$/m.exec(published)?.[1] ?? "1.25.0"
  const stagingVersion = `v0.${kubernetesVersion.split(".").slice(1).join(".")}`
  return [
    "module porchlight.dev/kube-apiserver",
    `go ${goVersion}`,
    `require ${module} v${kubernetesVersion}`,
    ...staged.map((name) => `replace ${name} => ${name} ${stagingVersion}`),
    "",
  ].join("\n")
}

const compile = async (go: string, folder: string): Promise<void> => {
  const [major, minor] = kubernetesVersion.split(".")
  const version = "k8s.io/component-base/version"
  const flags = `-s -w -X ${version}.gitVersion=v${kubernetesVersion} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`
  const build = ["build", "-mod=mod", "-ldflags", flags, "-o", "kube-apiserver", `${module}/cmd/kube-apiserver`]
  await run("nice", ["-n", "15", go, ...build], {
    cwd: folder,
    env: { ...process.env, GOFLAGS: "-buildvcs=false", CGO_ENABLED: "0" },
    timeout: buildTimeoutMs,
    maxBuffer: 64 << 20,
  })
}

if (import.meta.main) console.log(await buildKubeApiserver((line) => console.error(line)))
