import { textAt } from "../kubernetes/json.ts"
import type { AskerReport } from "../lab/actors/asker-report.ts"
import type { Target } from "../lab/actors/ask.ts"
import type { LabService } from "../lab/lab-service.ts"
import { parseAddress } from "../net/address.ts"
import type { Timeline } from "./timeline.ts"
import type { DemoStage } from "./demo-stage.ts"
import { explanationOf, servicesTable } from "./demo-words.ts"
import { styleFor } from "./style.ts"

/** How long the client asks before the fault, and how long a takeover may take before the demo calls it lost. */
const warmUpMs = 500
const takeoverPatienceMs = 5000
const askedPerSecond = 500
const moveAskedPerSecond = 100
/** One for the fault; a busy machine may lose a question at another moment. */
const gapsMax = 3

/** Speakers report a change within a second, so that a thousand moves are one report; a busy machine takes longer. */
const reportPatienceMs = 5000
const reportLookMs = 200

type Stage = { readonly lab: DemoStage; readonly timeline: Timeline }

/** Shows the Services, asks each, cuts a node's power, moves an address on purpose, explains. True if all of it held. */
export const demoLab = async (lab: DemoStage, timeline: Timeline): Promise<boolean> => {
  const stage: Stage = { lab, timeline }
  const { services, given } = await showServices(stage)
  const answers = await askEverything(stage)
  const shown = await chooseService(stage, services)
  const dead = await cutPower(stage, shown)
  const moved = await moveOnPurpose(stage, shown, dead)
  const reported = await untilReported(stage, shown)
  timeline.tell("explain", explanationOf(await lab.survey(), shown.name, styleFor(process.stdout)))
  return given && answers && dead !== undefined && moved && reported
}

const showServices = async ({ lab, timeline }: Stage): Promise<{ services: readonly LabService[]; given: boolean }> => {
  const services = await lab.call("services", {})
  const rows = await Promise.all(
    services.map(async (service) => ({ service, node: await answererOf(lab, service.addresses[0]) })),
  )
  timeline.tell("services", servicesTable(await lab.survey(), rows))
  const lacking = rows.filter(({ service, node }) => service.addresses.length === 0 || node === undefined)
  if (lacking.length > 0)
    timeline.tell("✗", `no address, or nobody answers for it: ${lacking.map(({ service }) => service.name).join(" ")}`)
  return { services, given: lacking.length === 0 }
}

const askEverything = async ({ lab, timeline }: Stage): Promise<boolean> => {
  const answers = await lab.call("askAll", { machine: undefined })
  const silent = answers.filter(({ answer }) => answer.kind !== "answered")
  timeline.tell("workstation", [
    `opens a TCP connection to every address and port: ${answers.length - silent.length} of ${answers.length} answered`,
    ...silent.map(({ service, target }) => `✗ ${service} ${target.address}:${target.port} does not answer`),
  ])
  return answers.length > 0 && silent.length === 0
}

/** One whose pod is on another node than the one that announces it: that node's death must not be the pod's. */
const chooseService = async ({ lab }: Stage, services: readonly LabService[]): Promise<LabService> => {
  for (const service of services.toSorted(
    (a, b) => Number(b.name === "media/radarr") - Number(a.name === "media/radarr"),
  )) {
    const answer = await lab.call("ask", { machine: undefined, target: targetOf(service) })
    const holder = await answererOf(lab, service.addresses[0])
    if (answer.kind === "answered" && holder !== undefined && answer.greeting?.node !== holder) return service
  }
  return services[0]!
}

const targetOf = (service: LabService): Target => ({
  address: service.addresses[0]!,
  port: service.ports[0]!.port,
  protocol: "TCP",
})

/** The node that lost its power, if another took the address over. */
const cutPower = async ({ lab, timeline }: Stage, service: LabService): Promise<string | undefined> => {
  const target = targetOf(service)
  const before = await answererOf(lab, target.address)
  if (before === undefined) {
    timeline.tell("✗", `nobody answers for ${target.address}, so no power is cut`)
    return undefined
  }
  const asker = await startAsking(lab, target, askedPerSecond)
  timeline.tell(
    before,
    `power cut: it announces ${service.name} ${target.address}, while the workstation asks ${askedPerSecond} times a second`,
  )
  await lab.call("break", { machine: before, fault: "power" })
  const after = await untilAnsweredBy(lab, target.address, (node) => node !== before)
  await lab.pause(warmUpMs)
  const report = await lab.call("stopAsker", { asker })
  if (after === undefined)
    timeline.tell("✗", `nobody took ${target.address} over within ${takeoverPatienceMs / 1000} s`)
  else timeline.tell(after, `missed its beats, asked the LAN (silence), announces ${target.address}`)
  timeline.tell("workstation", `${gapText(report)}; it now gets ${await greeting(lab, target)}`)
  await lab.call("mend", { machine: before, fault: undefined })
  timeline.tell(before, "has its power back; it gets nothing back until asked, so nothing moves twice")
  if (report.gaps.length > gapsMax)
    timeline.tell(
      "✗",
      `${target.address} was away ${report.gaps.length} times; one fault explains one, and ${gapsMax} are let pass`,
    )
  return after !== undefined && report.gaps.length <= gapsMax ? before : undefined
}

const moveOnPurpose = async (
  { lab, timeline }: Stage,
  service: LabService,
  dead: string | undefined,
): Promise<boolean> => {
  const target = targetOf(service)
  const from = await answererOf(lab, target.address)
  const to = await otherSpeaker(lab, [from, dead])
  if (from === undefined || to === undefined) {
    const because = from === undefined ? `nobody answers for ${target.address}` : "no other node with a speaker is well"
    timeline.tell("✗", `${because}, so nothing is moved`)
    return false
  }
  const asker = await startAsking(lab, target, moveAskedPerSecond)
  await annotate(lab, service.name, { "porchlight.dev/move-to": to })
  timeline.tell(
    "kubectl",
    `annotate service ${service.name.split("/")[1]} porchlight.dev/move-to=${to}, while ${moveAskedPerSecond} new connections a second are made`,
  )
  const arrived = await untilAnsweredBy(lab, target.address, (node) => node === to)
  await lab.pause(warmUpMs)
  const report = await lab.call("stopAsker", { asker })
  if (arrived === to) timeline.tell(to, `announces ${target.address}: ${from} offered, ${to} claimed, ${from} let go`)
  else timeline.tell("✗", await stillText(lab, target.address, to))
  timeline.tell(
    report.lost === 0 ? "workstation" : "✗",
    `${report.answered} of ${report.asked} new connections answered, ${report.lost} failed${report.lost === 0 ? "" : ": a move on purpose is to lose none"}`,
  )
  return arrived === to && report.lost === 0
}

const stillText = async (lab: DemoStage, address: string, to: string): Promise<string> => {
  const holder = await answererOf(lab, address)
  return `${holder ?? "nobody"} answers for ${address}, ${to} did not take it within ${takeoverPatienceMs / 1000} s: why is in the explanation below`
}

/** Whether the Speaker objects come to name the holder that the wire shows. */
const untilReported = async ({ lab, timeline }: Stage, service: LabService): Promise<boolean> => {
  const address = service.addresses[0]
  const key = parseAddress(address ?? "")
  const holder = await answererOf(lab, address)
  if (key === undefined || holder === undefined) return false
  let reported = false
  for (const end = lab.nowMs() + reportPatienceMs; lab.nowMs() < end; await lab.pause(reportLookMs)) {
    const { holds, hearing } = await lab.survey()
    reported = holds.get(key)?.[0]?.node === holder
    // The node that has its power back is heard again, which others write a little later.
    if (reported && hearing.unheard.size === 0) return true
  }
  if (reported) return true
  timeline.tell(
    "✗",
    `${holder} answers for ${address}, but no Speaker object says so after ${reportPatienceMs / 1000} s`,
  )
  return false
}

const startAsking = async (lab: DemoStage, target: Target, perSecond: number): Promise<number> => {
  const asker = await lab.call("startAsker", { machine: undefined, target, perSecond })
  await lab.pause(warmUpMs)
  return asker
}

const gapText = (report: AskerReport): string => {
  const gap = Math.round(report.longestGapMs)
  return `${report.answered} of ${report.asked} answered; ${report.lost} lost, the address was away for ${gap} ms`
}

const greeting = async (lab: DemoStage, target: Target): Promise<string> => {
  const answer = await lab.call("ask", { machine: undefined, target })
  if (answer.kind !== "answered") return `no answer (${answer.kind})`
  const { greeting: said } = answer
  return said === undefined ? "an answer" : `"you are ${said.seen}" from pod ${said.pod} on ${said.node}`
}

/** What `kubectl annotate` sends. */
const annotate = async (
  lab: DemoStage,
  service: string,
  annotations: Readonly<Record<string, string>>,
): Promise<void> => {
  const [namespace, name] = service.split("/")
  const { status, body } = await lab.patch(`/api/v1/namespaces/${namespace}/services/${name}`, {
    metadata: { annotations },
  })
  if (status >= 300)
    throw new Error(`the lab's API server refused to annotate ${service}: ${status} ${textAt(body, "message") ?? ""}`)
}

/** Who answers for an address on the wire: the machine behind the hardware address that arping hears. */
const answererOf = async (lab: DemoStage, address: string | undefined): Promise<string | undefined> => {
  if (address === undefined) return undefined
  const { macs } = await lab.call("arping", { machine: undefined, address, count: 1 })
  const [mac] = Object.keys(macs)
  const { machines } = await lab.call("status", {})
  return machines.find(({ macs: own }) => mac !== undefined && own.includes(mac))?.name
}

const untilAnsweredBy = async (
  lab: DemoStage,
  address: string,
  wanted: (node: string) => boolean,
): Promise<string | undefined> => {
  for (const end = lab.nowMs() + takeoverPatienceMs; lab.nowMs() < end; await lab.pause(20)) {
    const node = await answererOf(lab, address)
    if (node !== undefined && wanted(node)) return node
  }
  return undefined
}

/** A node that could hold the address as well: one with a speaker, not excluded from load balancers, alive. */
const otherSpeaker = async (lab: DemoStage, not: readonly (string | undefined)[]): Promise<string | undefined> => {
  const { machines } = await lab.call("status", {})
  return machines.find(
    ({ name, role, faults }) => role === "node" && name.startsWith("w") && !not.includes(name) && faults.length === 0,
  )?.name
}
