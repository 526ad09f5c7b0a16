/**
 * A real kube-apiserver with etcd, on loopback, with our CRDs: what the embedded one is held against.
 * `node tools/kube-apiserver.ts` starts one for a look around with kubectl, until Ctrl-C.
 */
import { type ChildProcess, spawn } from "node:child_process"
import { generateKeyPairSync, randomBytes } from "node:crypto"
import { createWriteStream, existsSync, globSync, readFileSync } from "node:fs"
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises"
import { request } from "node:https"
import { createServer, type AddressInfo } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseAllDocuments } from "yaml"
import { buildKubeApiserver } from "./kube-apiserver-build.ts"

export type RealApiServer = {
  /** The path of a kubeconfig whose user may do everything. */
  readonly kubeconfig: string
  /** Ends both processes and removes what they wrote. */
  readonly stop: () => Promise<void>
}

type Access = { readonly port: number; readonly token: string; readonly ca: string }

const readyTimeoutMs = 90_000
/** Both families, as the embedded server has them. */
const serviceRanges = "10.96.0.0/16,fd00:10:96::/112"
const crdFolder = join(import.meta.dirname, "..", "deploy", "crds")

/**
 * Starts etcd and kube-apiserver (built first, once, where it is not cached) and applies `deploy/crds`. About six seconds
 * when built. Throws, with the end of the server's own log, where one of them does not come up.
 */
export const startRealApiServer = async (say: (line: string) => void = () => undefined): Promise<RealApiServer> => {
  const binary = await buildKubeApiserver(say)
  const folder = await mkdtemp(join(tmpdir(), "porchlight-apiserver-"))
  const children: ChildProcess[] = []
  const stop = async (): Promise<void> => {
    process.off("exit", kill)
    await Promise.all(children.map(end))
    await rm(folder, { recursive: true, force: true })
  }
  const kill = (): void => children.forEach((child) => child.kill("SIGKILL"))
  process.once("exit", kill)
  try {
    const [etcdPort, peerPort, port] = await Promise.all([freePort(), freePort(), freePort()])
    children.push(startEtcd(folder, etcdPort, peerPort))
    const token = randomBytes(16).toString("hex")
    children.push(await startApiserver({ binary, folder, etcdPort, port, token }))
    const access = await waitUntilReady(folder, port, token, children)
    await applyCrds(access)
    return { kubeconfig: await writeKubeconfig(folder, access), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const server = createServer().once("error", reject)
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo
      server.close(() => resolve(port))
    })
  })

const setpriv = "/usr/bin/setpriv"

/** A command that the kernel ends when this process ends, however it ends; as it is where util-linux is missing. */
export const endsWithUs = (command: string, args: readonly string[]): readonly [string, readonly string[]] =>
  existsSync(setpriv) ? [setpriv, ["--pdeathsig", "KILL", command, ...args]] : [command, args]

const start = (folder: string, name: string, command: string, args: readonly string[]): ChildProcess => {
  const child = spawn(...endsWithUs(command, args), { stdio: ["ignore", "pipe", "pipe"] })
  const log = createWriteStream(join(folder, `${name}.log`))
  child.stdout.pipe(log, { end: false })
  child.stderr.pipe(log, { end: false })
  child.on("error", (error) => log.write(`${error.message}\n`))
  return child
}

const startEtcd = (folder: string, port: number, peerPort: number): ChildProcess => {
  const [client, peer] = [`http://127.0.0.1:${port}`, `http://127.0.0.1:${peerPort}`]
  return start(folder, "etcd", "etcd", [
    `--data-dir=${join(folder, "etcd")}`,
    `--listen-client-urls=${client}`,
    `--advertise-client-urls=${client}`,
    `--listen-peer-urls=${peer}`,
    `--initial-advertise-peer-urls=${peer}`,
    `--initial-cluster=default=${peer}`,
    // Nothing here outlives the run, so nothing need reach the disk.
    "--unsafe-no-fsync",
  ])
}

type Wanted = {
  readonly binary: string
  readonly folder: string
  readonly etcdPort: number
  readonly port: number
  readonly token: string
}

const startApiserver = async ({ binary, folder, etcdPort, port, token }: Wanted): Promise<ChildProcess> => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 })
  const [key, tokens] = [join(folder, "account.key"), join(folder, "tokens.csv")]
  await writeFile(key, privateKey.export({ type: "pkcs1", format: "pem" }), { mode: 0o600 })
  await writeFile(tokens, `${token},admin,admin,system:masters\n`, { mode: 0o600 })
  return start(folder, "apiserver", binary, [
    `--etcd-servers=http://127.0.0.1:${etcdPort}`,
    "--bind-address=127.0.0.1",
    "--advertise-address=127.0.0.1",
    `--secure-port=${port}`,
    `--cert-dir=${join(folder, "certificates")}`,
    `--token-auth-file=${tokens}`,
    "--authorization-mode=RBAC",
    "--service-account-issuer=https://kubernetes.default.svc",
    `--service-account-key-file=${key}`,
    `--service-account-signing-key-file=${key}`,
    `--service-cluster-ip-range=${serviceRanges}`,
    // These lean on controllers that do not run here.
    "--disable-admission-plugins=ServiceAccount,TaintNodesByCondition,DefaultTolerationSeconds,Priority",
    "--endpoint-reconciler-type=none",
    "--allow-privileged",
  ])
}

const waitUntilReady = async (
  folder: string,
  port: number,
  token: string,
  children: readonly ChildProcess[],
): Promise<Access> => {
  const certificate = join(folder, "certificates", "apiserver.crt")
  const deadline = Date.now() + readyTimeoutMs
  while (Date.now() < deadline && children.every((child) => child.exitCode === null)) {
    // It signs its own certificate; the file holds the CA too.
    if (existsSync(certificate)) {
      const access = { port, token, ca: await readFile(certificate, "utf8") }
      if ((await ask(access, "GET", "/readyz")).status === 200) return access
    }
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  const log = ["etcd", "apiserver"].map((name) => endOf(join(folder, `${name}.log`))).join("\n")
  throw new Error(`the real API server did not come up; the ends of its logs:\n${log}`)
}

const endOf = (path: string): string =>
  existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n").slice(-8).join("\n") : `${path} is missing`

const ask = (access: Access, method: string, path: string, body?: unknown): Promise<{ status: number; text: string }> =>
  new Promise((resolve) => {
    const { port, token, ca } = access
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" }
    const asked = request({ host: "127.0.0.1", port, ca, method, path, headers }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (more: string) => (text += more))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text }))
    })
    asked.on("error", (error) => resolve({ status: 0, text: error.message }))
    asked.end(body === undefined ? undefined : JSON.stringify(body))
  })

const crdPath = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"

const applyCrds = async (access: Access): Promise<void> => {
  const texts = globSync("*.yaml", { cwd: crdFolder }).map((file) => readFileSync(join(crdFolder, file), "utf8"))
  const crds = texts
    .flatMap((text) => [...parseAllDocuments(text)].map((document) => document.toJS() as Crd))
    .filter((crd) => crd.kind === "CustomResourceDefinition")
  for (const crd of crds) {
    const { status, text } = await ask(access, "POST", crdPath, crd)
    if (status !== 201) throw new Error(`the real API server refuses the CRD ${crd.metadata.name}: ${status} ${text}`)
  }
  for (const crd of crds) await waitUntilServed(access, crd)
}

type Crd = {
  readonly kind: string
  readonly metadata: { readonly name: string }
  readonly spec: {
    readonly group: string
    readonly names: { readonly plural: string }
    readonly versions: readonly { readonly name: string; readonly served: boolean }[]
  }
}

const waitUntilServed = async (access: Access, { metadata, spec }: Crd): Promise<void> => {
  const version = spec.versions.find(({ served }) => served)?.name ?? "v1"
  const path = `/apis/${spec.group}/${version}/${spec.names.plural}`
  for (let tries = 0; tries < 300; tries += 1) {
    if ((await ask(access, "GET", path)).status === 200) return
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  throw new Error(`the real API server took the CRD ${metadata.name} but does not serve ${path}`)
}

const writeKubeconfig = async (folder: string, { port, token, ca }: Access): Promise<string> => {
  const path = join(folder, "kubeconfig")
  const cluster = {
    server: `https://127.0.0.1:${port}`,
    "certificate-authority-data": Buffer.from(ca).toString("base64"),
  }
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "real",
    contexts: [{ name: "real", context: { cluster: "real", user: "admin" } }],
    clusters: [{ name: "real", cluster }],
    users: [{ name: "admin", user: { token } }],
  }
  await writeFile(path, JSON.stringify(config, undefined, 2), { mode: 0o600 })
  return path
}

const end = (child: ChildProcess): Promise<void> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return resolve()
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000)
    child.once("exit", () => {
      clearTimeout(timer)
      resolve()
    })
    child.kill("SIGTERM")
  })

if (import.meta.main) {
  const server = await startRealApiServer((line) => console.error(line))
  console.log(`export KUBECONFIG=${server.kubeconfig}`)
  console.error("a real kube-apiserver is running; Ctrl-C ends it")
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => void server.stop().then(() => process.exit(0)))
}
