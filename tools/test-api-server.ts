/** The API server that stories are told to: the embedded one, or with PORCHLIGHT_TEST_API=real a real kube-apiserver. */
import { spawnSync } from "node:child_process"
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { parseAllDocuments } from "yaml"
import { nobody, parseServer, type ApiTarget } from "../src/edge/api-target.ts"
import { readKubeconfig } from "../src/edge/kubeconfig.ts"
import type { Json } from "../src/kubernetes/http.ts"
import { startApiServer } from "../src/lab/api-server/server.ts"
import { findGo, kubeApiserverPath } from "./kube-apiserver-build.ts"
import { type RealApiServer, startRealApiServer } from "./kube-apiserver.ts"

export type TestApiServer = {
  readonly name: "embedded" | "real"
  readonly target: ApiTarget
  /** The path of a kubeconfig, for programs of their own. */
  readonly kubeconfig: string
  readonly stop: () => Promise<void>
}

/**
 * Starts an empty server that serves `deploy/crds`. A kubeconfig in PORCHLIGHT_TEST_KUBECONFIG names a real one that
 * runs already, which saves its start in each file of stories.
 */
export const startTestApiServer = async (): Promise<TestApiServer> => {
  const wanted = process.env["PORCHLIGHT_TEST_API"] ?? "embedded"
  if (wanted === "embedded") return startEmbedded()
  if (wanted !== "real") throw new Error(`PORCHLIGHT_TEST_API is "${wanted}", but must be embedded or real`)
  const running = process.env["PORCHLIGHT_TEST_KUBECONFIG"]
  if (running !== undefined)
    return { name: "real", target: targetOf(running), kubeconfig: running, stop: async () => undefined }
  const { kubeconfig, stop } = await startRealApiServer((line) => console.error(line))
  return { name: "real", target: targetOf(kubeconfig), kubeconfig, stop }
}

/**
 * One real server for all files of stories, the one of PORCHLIGHT_TEST_KUBECONFIG where that runs already. `missing`
 * says what this machine lacks for it, and what to do.
 */
export const shareRealApiServer = async (): Promise<RealApiServer | { readonly missing: string }> => {
  const running = process.env["PORCHLIGHT_TEST_KUBECONFIG"]
  if (running !== undefined) return { kubeconfig: running, stop: async () => undefined }
  if (spawnSync("etcd", ["--version"]).error !== undefined)
    return { missing: "etcd is not installed: apt-get install etcd-server" }
  if (!existsSync(kubeApiserverPath()) && (await findGo()) === undefined)
    return { missing: "Go, which builds kube-apiserver, is not installed: https://go.dev/dl, 1.25 or newer" }
  return startRealApiServer((line) => console.error(line))
}

const targetOf = (kubeconfig: string): ApiTarget => {
  const found = readKubeconfig([kubeconfig])
  if (found.kind === "failed") throw new Error(found.message)
  return found.target
}

const startEmbedded = async (): Promise<TestApiServer> => {
  const server = await startApiServer({ listen: { port: 0 }, serviceCidrs: ["10.96.0.0/16", "fd00:10:96::/112"] })
  const address = parseServer(server.url, undefined, true)
  if (address === undefined) throw new Error(`the embedded API server gave an address that is none: ${server.url}`)
  for (const crd of crds()) await createCrd(server.url, crd)
  const folder = mkdtempSync(join(tmpdir(), "porchlight-stories-"))
  const stop = async (): Promise<void> => {
    rmSync(folder, { recursive: true, force: true })
    await server.close()
  }
  const target = { server: address, credentials: async () => nobody }
  return { name: "embedded", target, kubeconfig: writeKubeconfig(folder, server.url), stop }
}

const writeKubeconfig = (folder: string, url: string): string => {
  const path = join(folder, "kubeconfig")
  const config = {
    apiVersion: "v1",
    kind: "Config",
    "current-context": "embedded",
    contexts: [{ name: "embedded", context: { cluster: "embedded" } }],
    clusters: [{ name: "embedded", cluster: { server: url } }],
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

const crds = (): readonly Json[] => {
  const folder = join(import.meta.dirname, "..", "deploy", "crds")
  return globSync("*.yaml", { cwd: folder })
    .flatMap((file) => [...parseAllDocuments(readFileSync(join(folder, file), "utf8"))])
    .map((document) => document.toJS() as Json)
}

const createCrd = async (url: string, crd: Json): Promise<void> => {
  const path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
  const headers = { "content-type": "application/json" }
  const response = await fetch(url + path, { method: "POST", headers, body: JSON.stringify(crd) })
  if (response.status !== 201) throw new Error(`the embedded API server refuses a CRD: ${await response.text()}`)
}
