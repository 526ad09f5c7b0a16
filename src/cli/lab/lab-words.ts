import type { HostNews } from "../../lab/host.ts"
import type { LabService } from "../../lab/lab-service.ts"
import type { Scenario } from "../../lab/scenario.ts"
import type { Style } from "../style.ts"

export type LabWire = "real" | "simulated"

/** `media-stack   6 nodes, router, 4 hosts; real packets in network namespaces`. */
export const labHeadline = ({ name, layout }: Scenario, style: Style, wire: LabWire): string => {
  const count = (role: string, word: string): string => {
    const number = layout.machines.filter((machine) => machine.role === role).length
    return number === 0 ? "" : number === 1 ? word : `${number} ${word}s`
  }
  const machines = [count("node", "node"), count("router", "router"), count("host", "host")].filter(
    (text) => text !== "",
  )
  return `${style.bold(name)}   ${machines.join(", ")}; ${wireTexts[wire]}`
}

const wireTexts: Readonly<Record<LabWire, string>> = {
  real: "real packets in network namespaces",
  simulated: "the same programs on a simulated wire, in one process",
}

/** What a lab tells while it comes up, as a line. */
export const newsLine = (news: HostNews, style: Style): string | undefined => {
  switch (news.kind) {
    case "step": {
      const mark = news.good ? style.good : style.bad
      return `  ${mark} ${news.step.padEnd(10)} ${news.says.padEnd(72)} ${(news.tookMs / 1000).toFixed(1)} s`
    }
    case "trouble":
      return `  ${style.bad} ${news.says}`
    case "swept":
      return `  ${style.warn} ${news.says}`
    case "ended":
    case "failed":
      return `  ${style.bad} ${news.says}`
    case "ready":
      return undefined
  }
}

/** What can be done now. */
export const usageLines = (scenario: Scenario, services: readonly LabService[], wire: LabWire): readonly string[] => {
  const { layout, name } = scenario
  const web = services.findLast(
    ({ addresses, ports }) => addresses.length > 0 && ports.some(({ protocol }) => protocol === "TCP"),
  )
  const port = web?.ports.find(({ protocol }) => protocol === "TCP")?.port
  const address = web?.addresses[0]
  const victim = layout.machines.findLast(({ role }) => role === "node")?.name ?? "NODE"
  const shown = address?.includes(":") ? `[${address}]` : address
  return [
    `Use     eval "$(porchlight lab env ${name})"     kubectl and this program then speak to it`,
    ...(shown === undefined || wire === "simulated"
      ? []
      : [`Stand   porchlight lab exec ${layout.client} -- curl -s http://${shown}:${port}     # needs curl`]),
    `Break   porchlight lab break ${victim} power     also cable, speaker, freeze, api, loss=20%${address === undefined ? "" : `, twin=${address}`}; mend undoes it`,
    `End     porchlight lab down ${name}`,
  ]
}
