import type { KindName } from "../cluster/cluster.ts"
import type { Problem } from "../cluster/problem.ts"
import type { MassRelease } from "../decision/allocate/release-brake.ts"
import type { ApiFailure } from "../kubernetes/api-failure.ts"
import type { LeaseEvent } from "../kubernetes/lease.ts"
import type { ReflectorEvent } from "../kubernetes/reflector.ts"
import type { WriterEvent } from "../kubernetes/writer.ts"
import { failureText } from "../wording/api-failure.ts"
import { massReleaseSentence } from "../wording/allocation.ts"
import { problemText } from "../wording/problem.ts"
import type { Remark } from "./output.ts"

/** What the log says of the controller's own life; Services' allocations are told as events on the Service. */
export type Happened =
  | (LeaseEvent & { readonly kind: "following" | "failing" })
  | (WriterEvent & { readonly kind: "refused" | "delayed" })
  | {
      readonly kind: "reflector"
      readonly of: KindName
      readonly event: ReflectorEvent & { readonly kind: "failing" | "recovered" }
    }
  | { readonly kind: "problem"; readonly problem: Problem }
  | ({ readonly kind: "held" } & MassRelease)

export const remarkOf = (happened: Happened): Remark => {
  switch (happened.kind) {
    case "following":
      return remark(
        "info",
        "following",
        `Waiting: ${happened.holder} leads. This controller takes over when that lease runs out.`,
      )
    case "failing":
      return remark("warn", "lease-failing", `The lease could not be renewed: ${failureText(happened.failure)}`)
    case "refused":
      return remark(
        "error",
        "write-refused",
        `The API server refused to write ${happened.key}: ${failureText(happened.failure)}`,
      )
    case "delayed":
      return remark("warn", "write-delayed", `Writing ${happened.key} is tried again: ${failureText(happened.failure)}`)
    case "reflector":
      return reflectorRemark(happened.of, happened.event)
    case "problem":
      return remark("warn", "problem", problemText(happened.problem))
    case "held":
      return remark("error", "mass-release-held", massReleaseSentence(happened))
  }
}

const remark = (level: Remark["level"], code: string, message: string): Remark => ({
  kind: "remark",
  level,
  code,
  message,
})

const reflectorRemark = (kind: KindName, event: ReflectorEvent & { readonly kind: "failing" | "recovered" }): Remark =>
  event.kind === "recovered"
    ? remark("info", "list-recovered", `${kind} objects are followed again.`)
    : remark(
        "warn",
        "list-failing",
        `${kind} objects cannot be followed; what was last seen of them goes on to hold. ${failureText(event.failure satisfies ApiFailure)}`,
      )
