import { readFileSync } from "node:fs"

/** Where an API server is and how it knows us. */
export type ApiTarget = {
  readonly server: ServerAddress
  /** Asked before every request. The same object means: nothing changed. Rejects with a sentence that says what to do. */
  readonly credentials: () => Promise<Credentials>
}

export type ServerAddress =
  | { readonly kind: "unix"; readonly path: string }
  | {
      readonly kind: "tcp"
      readonly protocol: "http:" | "https:"
      readonly host: string
      readonly port: number
      /** In front of every path: "" or `/k8s/clusters/c-1`. */
      readonly prefix: string
      /** Whose certificate is expected, where that is not `host`. */
      readonly serverName: string | undefined
      readonly verify: boolean
    }

/** PEM texts and a bearer token. */
export type Credentials = {
  readonly ca: string | undefined
  readonly certificate: string | undefined
  readonly key: string | undefined
  readonly token: string | undefined
}

export const nobody: Credentials = { ca: undefined, certificate: undefined, key: undefined, token: undefined }

/** The kubelet replaces a token long before it runs out, and a CA seldom: looking every ten seconds is often enough. */
const rereadMs = 10_000

/** Credentials that live in files: read again every ten seconds, the same object while nothing changed. */
export const rereadCredentials = (read: () => Credentials, now: () => number): (() => Promise<Credentials>) => {
  let last: Credentials | undefined
  let readAt = 0
  return async () => {
    if (last !== undefined && now() - readAt < rereadMs) return last
    const fresh = read()
    readAt = now()
    if (last === undefined || !sameCredentials(last, fresh)) last = fresh
    return last
  }
}

const sameCredentials = (a: Credentials, b: Credentials): boolean =>
  a.ca === b.ca && a.certificate === b.certificate && a.key === b.key && a.token === b.token

/** An address as a kubeconfig has it: `https://host:6443`, `http://...`, or `unix:///run/api.sock`. Undefined for any other. */
export const parseServer = (
  text: string,
  serverName: string | undefined,
  verify: boolean,
): ServerAddress | undefined => {
  if (!URL.canParse(text)) return undefined
  const url = new URL(text)
  if (url.protocol === "unix:") return { kind: "unix", path: decodeURIComponent(url.pathname) }
  if (url.protocol !== "http:" && url.protocol !== "https:") return undefined
  return {
    kind: "tcp",
    protocol: url.protocol,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port),
    prefix: url.pathname.replace(/\/+$/, ""),
    serverName,
    verify,
  }
}

const accountFolder = "/var/run/secrets/kubernetes.io/serviceaccount"

/** The API server of the cluster that this pod runs in; undefined outside of one. */
export const inClusterTarget = (
  environment: Readonly<Record<string, string | undefined>> = process.env,
  folder: string = accountFolder,
): ApiTarget | undefined => {
  const host = environment["KUBERNETES_SERVICE_HOST"]
  const port = Number(environment["KUBERNETES_SERVICE_PORT"] ?? "443")
  if (host === undefined || host === "") return undefined
  const read = (): Credentials => ({
    ...nobody,
    ca: readFileSync(`${folder}/ca.crt`, "utf8"),
    token: readFileSync(`${folder}/token`, "utf8").trim(),
  })
  const server = {
    kind: "tcp",
    protocol: "https:",
    host,
    port,
    prefix: "",
    serverName: undefined,
    verify: true,
  } as const
  return { server, credentials: rereadCredentials(read, () => performance.now()) }
}
