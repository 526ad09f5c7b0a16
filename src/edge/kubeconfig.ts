import { existsSync, readFileSync } from "node:fs"
import { homedir } from "node:os"
import { delimiter, dirname, join, resolve } from "node:path"
import { parse } from "yaml"
import {
  inClusterTarget,
  nobody,
  parseServer,
  rereadCredentials,
  type ApiTarget,
  type Credentials,
} from "./api-target.ts"
import { readBounded } from "./bounded-read.ts"
import { execCredentials, type ExecPlugin } from "./exec-credential.ts"
import { failure, sentenceOfError, type Failure } from "./failure.ts"

/** What a kubeconfig says about one context. `context` is "" in a pod, where there is no kubeconfig. */
export type Connection = {
  readonly kind: "connection"
  readonly context: string
  readonly namespace: string | undefined
  readonly target: ApiTarget
}

export type Choice = { readonly path?: string | undefined; readonly context?: string | undefined }

type Environment = Readonly<Record<string, string | undefined>>
type Fields = Readonly<Record<string, unknown>>
/** An entry of `clusters`, `users` or `contexts`, with the folder that its relative paths start from. */
type Entry = { readonly fields: Fields; readonly folder: string }
type Merged = {
  readonly clusters: ReadonlyMap<string, Entry>
  readonly users: ReadonlyMap<string, Entry>
  readonly contexts: ReadonlyMap<string, Entry>
  readonly current: string | undefined
  readonly paths: string
}

/**
 * The API server to talk to, found as kubectl does: `path`, else $KUBECONFIG, else ~/.kube/config; in a pod that has
 * neither, the cluster it runs in. Everything wrong with a kubeconfig is a failure that names the file and the field.
 */
export const findConnection = (choice: Choice, environment: Environment = process.env): Connection | Failure => {
  const home = join(environment["HOME"] ?? homedir(), ".kube", "config")
  const named = choice.path ?? environment["KUBECONFIG"] ?? ""
  const paths =
    named === "" ? [home] : choice.path === undefined ? named.split(delimiter).filter((path) => path !== "") : [named]
  const present = paths.filter((path) => existsSync(path))
  const inCluster = named === "" && choice.context === undefined ? inClusterTarget(environment) : undefined
  if (present.length === 0 && inCluster !== undefined)
    return { kind: "connection", context: "", namespace: undefined, target: inCluster }
  if (present.length === 0)
    return failure(
      "no-kubeconfig",
      `there is no kubeconfig at ${paths.join(", ")}: give --kubeconfig FILE or set KUBECONFIG`,
    )
  return readKubeconfig(present, choice.context)
}

/** Reads one or more kubeconfig files; of two entries of one name the first counts. */
export const readKubeconfig = (paths: readonly string[], context?: string): Connection | Failure => {
  try {
    return connect(merge(paths), context)
  } catch (error) {
    return failure("bad-kubeconfig", sentenceOfError(error))
  }
}

const merge = (paths: readonly string[]): Merged => {
  const files = paths.map((path) => ({ folder: dirname(resolve(path)), fields: readFields(path) }))
  const entries = (list: string, inner: string): ReadonlyMap<string, Entry> => {
    const found = new Map<string, Entry>()
    for (const { folder, fields } of files)
      for (const item of (fields[list] ?? []) as readonly Fields[])
        if (typeof item["name"] === "string" && !found.has(item["name"]))
          found.set(item["name"], { folder, fields: (item[inner] ?? {}) as Fields })
    return found
  }
  return {
    clusters: entries("clusters", "cluster"),
    users: entries("users", "user"),
    contexts: entries("contexts", "context"),
    current: files.map(({ fields }) => textOf(fields, "current-context")).find((name) => name !== undefined),
    paths: paths.join(", "),
  }
}

/** One of a thousand clusters with their certificates has some megabytes. */
const kubeconfigBytesMax = 16 * 1024 * 1024

const readFields = (path: string): Fields => {
  const text = readBounded(path, () => kubeconfigBytesMax)
  if (typeof text !== "string")
    throw new Error(`${path} is no kubeconfig: it is larger than ${kubeconfigBytesMax / 1024 / 1024} MiB`)
  const fields: unknown = parse(text)
  if (typeof fields !== "object" || fields === null) throw new Error(`${path} is no kubeconfig: it has no fields`)
  return fields as Fields
}

const connect = (merged: Merged, wanted: string | undefined): Connection => {
  const name = wanted ?? merged.current
  if (name === undefined) throw new Error(`${merged.paths} names no current-context: give --context NAME`)
  const context = entryOf(merged.contexts, "context", name, merged.paths)
  const clusterName = textOf(context.fields, "cluster") ?? ""
  const cluster = entryOf(merged.clusters, "cluster", clusterName, merged.paths)
  const userName = textOf(context.fields, "user")
  const user = userName === undefined ? undefined : entryOf(merged.users, "user", userName, merged.paths)
  return {
    kind: "connection",
    context: name,
    namespace: textOf(context.fields, "namespace"),
    target: { server: serverOf(cluster, clusterName), credentials: credentialsOf(cluster, user) },
  }
}

const entryOf = (entries: ReadonlyMap<string, Entry>, what: string, name: string, paths: string): Entry => {
  const found = entries.get(name)
  if (found !== undefined) return found
  const known = [...entries.keys()].join(", ")
  throw new Error(`${paths} has no ${what} "${name}"; it has ${known === "" ? "none" : known}`)
}

const serverOf = ({ fields }: Entry, name: string): ApiTarget["server"] => {
  const text = textOf(fields, "server") ?? ""
  if (fields["proxy-url"] !== undefined)
    throw new Error(
      `cluster "${name}" has a proxy-url, which is not supported: remove it, or use a server that is reachable`,
    )
  const server = parseServer(text, textOf(fields, "tls-server-name"), fields["insecure-skip-tls-verify"] !== true)
  if (server === undefined)
    throw new Error(
      `cluster "${name}": server is "${text}", but must be https://HOST:PORT, http://HOST:PORT or unix:///PATH`,
    )
  return server
}

const credentialsOf = (cluster: Entry, user: Entry | undefined): ApiTarget["credentials"] => {
  const ca = (): string | undefined => pemOf(cluster, "certificate-authority")
  const plugin = user === undefined ? undefined : pluginOf(user)
  if (plugin !== undefined) return execCredentials(plugin, ca())
  const read = (): Credentials => {
    if (user === undefined) return { ...nobody, ca: ca() }
    const tokenFile = textOf(user.fields, "tokenFile")
    return {
      ca: ca(),
      certificate: pemOf(user, "client-certificate"),
      key: pemOf(user, "client-key"),
      token:
        tokenFile === undefined
          ? textOf(user.fields, "token")
          : readFileSync(resolve(user.folder, tokenFile), "utf8").trim(),
    }
  }
  // What is wrong with a file is said now, not with the first request.
  read()
  return rereadCredentials(read, () => performance.now())
}

/** `NAME-data` holds base64 of a PEM text, `NAME` the path of a file. */
const pemOf = ({ fields, folder }: Entry, name: string): string | undefined => {
  const data = textOf(fields, `${name}-data`)
  if (data !== undefined) return Buffer.from(data, "base64").toString("utf8")
  const path = textOf(fields, name)
  return path === undefined ? undefined : readFileSync(resolve(folder, path), "utf8")
}

const pluginOf = ({ fields, folder }: Entry): ExecPlugin | undefined => {
  if (fields["auth-provider"] !== undefined)
    throw new Error("auth-provider is not supported since Kubernetes 1.26: use an exec plugin or a token")
  const exec = fields["exec"] as Fields | undefined
  const command = exec === undefined ? undefined : textOf(exec, "command")
  if (exec === undefined || command === undefined) return undefined
  const env = (exec["env"] ?? []) as readonly { readonly name: string; readonly value: string }[]
  return {
    command: command.startsWith(".") ? resolve(folder, command) : command,
    args: ((exec["args"] ?? []) as readonly unknown[]).map(String),
    env: Object.fromEntries(env.map(({ name, value }) => [name, value])),
    apiVersion: textOf(exec, "apiVersion") ?? "client.authentication.k8s.io/v1",
  }
}

const textOf = (fields: Fields, name: string): string | undefined => {
  const value = fields[name]
  return typeof value === "string" && value !== "" ? value : undefined
}
