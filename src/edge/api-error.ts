import type { ServerAddress } from "./api-target.ts"
import { codeOfError, sentenceOfError } from "./failure.ts"

const tell = (server: ServerAddress): string =>
  server.kind === "unix" ? server.path : `${server.protocol}//${server.host}:${server.port}`

/** Node's code for what went wrong on the way to an API server, as what happened and what to do. */
export const sentenceOfApiError = (error: unknown, server: ServerAddress): string => {
  const code = codeOfError(error)
  const at = tell(server)
  const known = sentences[code]
  return known === undefined
    ? `the request to the API server at ${at} failed: ${sentenceOfError(error)} (${code})`
    : known(at)
}

const sentences: Readonly<Record<string, (at: string) => string>> = {
  ECONNREFUSED: (at) => `nobody listens at ${at}: is the API server running, and is this the right kubeconfig?`,
  ENOENT: (at) => `there is no socket ${at}: is the lab or the API server running?`,
  EACCES: (at) => `this user may not open ${at}: run as the user who owns it`,
  ECONNRESET: (at) => `the API server at ${at} closed the connection before it answered`,
  EHOSTUNREACH: (at) => `there is no way to ${at}: check this machine's routes`,
  ENETUNREACH: (at) => `there is no way to ${at}: check this machine's routes`,
  ENOTFOUND: (at) => `the name in ${at} has no address: check the server field of the kubeconfig, and DNS`,
  CERT_HAS_EXPIRED: (at) => `the certificate of ${at} has expired: renew it`,
  ERR_TLS_CERT_ALTNAME_INVALID: (at) =>
    `the certificate of ${at} is for another name: use one of its names as server, or set tls-server-name in the kubeconfig`,
  DEPTH_ZERO_SELF_SIGNED_CERT: (at) =>
    `the certificate of ${at} is signed by nobody we trust: set certificate-authority in the kubeconfig`,
  SELF_SIGNED_CERT_IN_CHAIN: (at) =>
    `the certificate of ${at} is signed by a CA we do not trust: set certificate-authority in the kubeconfig`,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: (at) =>
    `the certificate of ${at} is signed by a CA we do not trust: set certificate-authority in the kubeconfig`,
}
