import { execFile } from "node:child_process"
import { promisify } from "node:util"
import { nobody, type Credentials } from "./api-target.ts"
import { sentenceOfError } from "./failure.ts"

const run = promisify(execFile)

/** A kubeconfig's `users[].user.exec`: a program that prints credentials (client.authentication.k8s.io). */
export type ExecPlugin = {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly apiVersion: string
}

const pluginTimeoutMs = 60_000
/** Asked again a little before its credentials run out. */
const marginMs = 30_000

type Printed = {
  readonly status?: {
    readonly token?: string
    readonly clientCertificateData?: string
    readonly clientKeyData?: string
    readonly expirationTimestamp?: string
  }
}

/** Asks the plugin once, and again when what it printed runs out. Rejects, naming the command, where it fails. */
export const execCredentials = (plugin: ExecPlugin, ca: string | undefined): (() => Promise<Credentials>) => {
  let last: { readonly credentials: Promise<Credentials>; readonly until: () => number } | undefined
  return () => {
    if (last !== undefined && Date.now() < last.until()) return last.credentials
    let until = Number.POSITIVE_INFINITY
    const credentials = ask(plugin).then(({ status }) => {
      if (status?.expirationTimestamp !== undefined) until = Date.parse(status.expirationTimestamp) - marginMs
      return {
        ...nobody,
        ca,
        certificate: status?.clientCertificateData,
        key: status?.clientKeyData,
        token: status?.token,
      }
    })
    credentials.catch(() => (last = undefined))
    last = { credentials, until: () => until }
    return credentials
  }
}

const ask = async ({ command, args, env, apiVersion }: ExecPlugin): Promise<Printed> => {
  const question = JSON.stringify({ apiVersion, kind: "ExecCredential", spec: { interactive: false } })
  try {
    const { stdout } = await run(command, [...args], {
      env: { ...process.env, ...env, KUBERNETES_EXEC_INFO: question },
      timeout: pluginTimeoutMs,
    })
    return JSON.parse(stdout) as Printed
  } catch (error) {
    throw new Error(`the credential plugin ${command} of the kubeconfig failed: ${sentenceOfError(error)}`, {
      cause: error,
    })
  }
}
