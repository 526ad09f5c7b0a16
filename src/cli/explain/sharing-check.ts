import type { Allocation } from "../../decision/allocate/allocation.ts"
import { sharingKeyOf, sharingRefusals } from "../../decision/allocate/sharing.ts"
import { type Address, printAddress } from "../../net/address.ts"
import type { Service } from "../../cluster/service.ts"
import { portText, sharingSentence } from "../../wording/allocation.ts"
import type { Survey } from "../survey/survey.ts"

/** One of the rules of sharing, for two Services that would have one address. */
export type RuleCheck = { readonly rule: "key" | "ports" | "pods"; readonly holds: boolean; readonly says: string }

/** Why a Service does not get an address that another one has. */
export type SharingCheck = {
  readonly address: string
  readonly with: string
  readonly rules: readonly RuleCheck[]
}

/** Every rule, also those that hold, for each Service whose address a pending one was refused. */
export const sharingChecks = (
  { cluster }: Survey,
  service: Service,
  pending: Allocation & { readonly kind: "pending" },
): readonly SharingCheck[] => {
  const pairs = new Map<string, { readonly address: Address; readonly other: Service }>()
  for (const reason of pending.because) {
    const other = reason.code === "sharing-refused" ? cluster.services.get(reason.with) : undefined
    if (reason.code === "sharing-refused" && other !== undefined)
      pairs.set(`${printAddress(reason.address)} ${other.name}`, { address: reason.address, other })
  }
  return [...pairs.values()].map(({ address, other }) => ({
    address: printAddress(address),
    with: other.name,
    rules: checkRules(service, other),
  }))
}

const checkRules = (ours: Service, theirs: Service): readonly RuleCheck[] => {
  const refusals = sharingRefusals(ours, theirs)
  const find = (...rules: readonly string[]): string | undefined => {
    const refusal = refusals.find(({ rule }) => rules.includes(rule))
    return refusal === undefined ? undefined : sharingSentence(refusal)
  }
  const check = (rule: RuleCheck["rule"], refused: string | undefined, good: string): RuleCheck => ({
    rule,
    holds: refused === undefined,
    says: refused ?? good,
  })
  return [
    check("key", find("key-missing", "key-differs"), `both "${sharingKeyOf(ours) ?? ""}"`),
    check("ports", find("port-taken"), `${portsText(ours)} against ${portsText(theirs)}`),
    check("pods", find("pods-differ"), ours.policy === "Local" ? "both Local, with the same pods" : "both Cluster"),
  ]
}

const portsText = ({ ports }: Service): string => ports.map(portText).join(" ")
