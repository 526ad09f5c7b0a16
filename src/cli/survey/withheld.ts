import type { KindName } from "../../cluster/cluster.ts"
import { resourceOf } from "../../cluster/kind-resource.ts"
import { CommandFailure } from "../failure.ts"
import { printable } from "../printable.ts"
import { type Style, styleFor } from "../style.ts"
import type { Survey, Withheld } from "./survey.ts"

/** What is unknown without a kind. */
const missed: Readonly<Record<KindName, string>> = {
  Service: "nothing can be answered",
  Node: "who may announce is unknown",
  EndpointSlice: "which Services have ready pods is unknown",
  Namespace: "pools that select namespaces by label select none",
  IPAddressPool: "pools are unknown",
  L2Advertisement: "announcers are unknown",
  AddressLedger: "what stands in the status of Services counts as given",
  Speaker: "nobody says who announces",
  Network: "addresses of others are unknown",
}

/** Kinds of ours that are not there before Porchlight is installed. */
const oursAlone: ReadonlySet<KindName> = new Set(["AddressLedger", "Speaker", "Network"])

export const withheldLine = ({ kind, why, says }: Withheld, style: Style): string => {
  const { plural, group } = resourceOf[kind]
  const name = group === "" ? plural : `${plural}.${group}`
  switch (why) {
    case "forbidden":
      return `${style.warn} May not list ${name} (${says}). Answered without: ${missed[kind]}.`
    case "failed":
      return `${style.warn} Could not list ${name} (${says}). Answered without: ${missed[kind]}.`
    case "absent":
      return `${style.warn} This cluster has no ${name}. ${oursAlone.has(kind) ? "Porchlight is not installed there" : "MetalLB's CustomResourceDefinitions are not installed there"}: ${missed[kind]}.`
    case "not-in-dump":
      return `${style.warn} ${says} of kind ${kind}. Answered without: ${missed[kind]}.`
  }
}

/**
 * Says what could not be read. True where a question stays open by that: exit 3. Without Services there is no answer at
 * all.
 */
export const warnOfWithheld = ({ withheld }: Survey, say: (one: Withheld) => void): boolean => {
  const services = withheld.find(({ kind, why }) => kind === "Service" && why !== "absent")
  if (services !== undefined)
    throw new CommandFailure(3, `May not list services: ${services.says}.`, [
      "Ask for the right to list them, or answer from a dump: --from FILE",
    ])
  for (const one of withheld) say(one)
  return withheld.some(({ why }) => why === "forbidden" || why === "failed")
}

/** Warnings go to standard error, so that the answer stays an answer. */
export const sayWithheld =
  (color: "auto" | "always" | "never" | undefined) =>
  (one: Withheld): void =>
    void process.stderr.write(`${printable(withheldLine(one, styleFor(process.stderr, color)))}\n`)
