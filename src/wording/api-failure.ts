import type { ApiFailure } from "../kubernetes/api-failure.ts"

/** Why the API server did not do what was asked, and what to look at. */
export const failureText = (failure: ApiFailure): string => {
  switch (failure.reason) {
    case "unreachable":
      return `The API server cannot be reached (${failure.code}: ${failure.message}).`
    case "unauthorized":
      return `The API server does not know us: ${failure.message}. Is the ServiceAccount's token valid?`
    case "forbidden":
      return `The API server says no: ${failure.message}. Is the ClusterRole of this version applied?`
    case "missing":
      return `There is no such thing: ${failure.message}. Are the CustomResourceDefinitions applied?`
    case "conflict":
      return `Somebody else wrote meanwhile: ${failure.message}`
    case "expired":
      return `The API server has forgotten our place in its history; everything is listed again.`
    case "throttled":
      return `The API server is busy and asks to wait${failure.retryAfterMs === undefined ? "" : ` ${failure.retryAfterMs / 1000} s`}.`
    case "version-too-large":
      return `The API server has not seen what we know already: a replica that lags, or a restored backup.`
    case "rejected":
      return `The API server will not take it (status ${failure.status}): ${failure.message}`
    case "server-error":
      return `The API server failed (status ${failure.status}): ${failure.message}`
    case "broken-answer":
      return `The API server's answer could not be understood: ${failure.message}`
    case "mute-watch":
      return `A watch said nothing while another one did; it is opened anew.`
    case "closes-at-once":
      return `Watches close at once, ${failure.times} times in a row. Is there a proxy that cuts long connections?`
  }
}
