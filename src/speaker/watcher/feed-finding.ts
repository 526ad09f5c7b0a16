import type { KindName } from "../../cluster/cluster.ts"
import { confirmAnnotation } from "../../cluster/read/ledger.ts"
import type { ApiFailure } from "../../kubernetes/api-failure.ts"
import type { ToldFinding } from "./finding-text.ts"
import type { HeldRemoval } from "./removal-brake.ts"

const namesMax = 3

/** Objects that are gone and go on counting: what happened, and what a person does who meant it or did not. */
export const tellHeld = ({ of, because, keys, code }: HeldRemoval): ToldFinding => {
  const more = keys.length > namesMax ? ` and ${keys.length - namesMax} more` : ""
  const which = `${keys.slice(0, namesMax).join(", ")}${more}`
  const confirm = `if it is meant: kubectl annotate addressledgers --all --overwrite ${confirmAnnotation}=${code}`
  const message = `${what[because](of, keys.length, which)}, so addresses go on being answered for as before. ${remedy[because]}; ${confirm}`
  return { code: "removal-held", message, facts: { kind: of, because, count: keys.length, confirm: code } }
}

const what: Readonly<Record<HeldRemoval["because"], (kind: KindName, count: number, which: string) => string>> = {
  "definition-gone": (kind, _, which) =>
    `the definition of ${kind} was deleted, and the objects with it (${which}): that looks like a mistake`,
  "list-empty": (kind, count, which) =>
    `the API server lists no ${kind} any more, where there ${count === 1 ? "was" : "were"} ${count} (${which}), and nobody saw one deleted: that looks like a mistake`,
  "addresses-lost": (_, count, which) =>
    `${count} addresses (${which}) belong to no Service any more, or stand in no status, and nobody saw one deleted or an address freed: that looks like an API server that was restored from a backup`,
  "many-vanished": (kind, count, which) =>
    `${count} objects of ${kind} (${which}) are missing from a list, and nobody saw them deleted: that looks like a mistake`,
}

const remedy: Readonly<Record<HeldRemoval["because"], string>> = {
  "definition-gone": "Install the definition again and create the objects",
  "list-empty": "See whether the API server was restored from a backup, and create the objects again",
  "addresses-lost": "Create the Services again; they get their addresses back by name (metallb.io/loadBalancerIPs)",
  "many-vanished": "See whether the API server was restored from a backup, and create the objects again",
}

/** A kind that cannot be read. What was known of it goes on. */
export const tellFailing = (of: KindName, failure: ApiFailure): ToldFinding => {
  const said = "message" in failure ? failure.message : failure.reason
  const message = `cannot read ${of} objects (${failure.reason}: ${said}); what was known goes on, and it is tried again${failureRemedy[failure.reason] ?? ""}`
  return { code: "cannot-read", message, facts: { kind: of, failure: failure.reason } }
}

const failureRemedy: Readonly<Partial<Record<ApiFailure["reason"], string>>> = {
  forbidden: ". Give the speaker's ClusterRole list and watch on it",
  unauthorized: ". Look at the speaker's ServiceAccount token",
  missing: ". Install its definition",
}

/** The server is there and says no, which lasts until a person does something; an outage shows by itself. */
export const isRefused = ({ reason }: ApiFailure): boolean => failureRemedy[reason] !== undefined
