import type { KindName } from "../../cluster/cluster.ts"
import type { NodeName, ServiceName } from "../../cluster/name.ts"
import { createEventRecorder, type EventRecorder, type Happening } from "../../kubernetes/event-recorder.ts"
import type { ApiEvent } from "../../kubernetes/http.ts"
import { objectAt, textAt, withField, withoutField } from "../../kubernetes/json.ts"
import { type KubernetesObject, uidOf } from "../../kubernetes/object.ts"
import { createRequestIds, getCall, plainRequest } from "../../kubernetes/request.ts"
import { createWriter, type Writer, type WriterInput } from "../../kubernetes/writer.ts"
import { type At, earliest, type Instant, type Program } from "../../time/instant.ts"
import type { AnnouncerReport, Move } from "../announcer/report.ts"
import { ClusterFeed, type FeedNews } from "./cluster-feed.ts"
import { ClusterView } from "./cluster-view.ts"
import { Gathering } from "./gathering.ts"
import { isRefused, tellFailing, tellHeld } from "./feed-finding.ts"
import type { ToldFinding } from "./finding-text.ts"
import { HostWatch } from "./host-watch.ts"
import { addressOfFinding, findingId, happeningOf, nodeAssigned } from "./happening.ts"
import type { WatcherInput } from "./input.ts"
import { Layer2StatusKeeper } from "./layer2-status-keeper.ts"
import type { AnnouncedService } from "./layer2-status.ts"
import type { WatcherOutput } from "./output.ts"
import { SpeakerKeeper } from "./speaker-keeper.ts"
import { speakerObject, speakerStatus } from "./speaker-object.ts"
import { podResource, StopQuestion } from "./stop-question.ts"

export type WatcherOptions = {
  readonly node: string
  /** Where MetalLB's objects are. */
  readonly namespace: string
  readonly pod: { readonly name: string; readonly namespace: string } | undefined
  /** Our `loadBalancerClass`; undefined: Services without one. */
  readonly loadBalancerClass: string | undefined
  /** Announce from nodes labelled exclude-from-external-load-balancers too (MetalLB's --ignore-exclude-lb). */
  readonly ignoresExcludeLabel: boolean
  readonly version: string
}

/** For metrics, under MetalLB's names. */
export type WatcherCounts = { updates: number; updateErrors: number; configLoaded: boolean; configStale: boolean }

const excludeLabel = "node.kubernetes.io/exclude-from-external-load-balancers"
/** MetalLB's name: people's tools look for it. */
const eventSource = "metallb-speaker"
const writeTimeoutMs = 10_000
/** Connections cost memory, and a mass move may take seconds to be told. */
const tellingsInFlightMax = 3

type Outputs = readonly WatcherOutput[]

/** Watches Kubernetes for one node: decides who may answer, tells the announcer, and tells the API what came of it. */
export class Watcher implements Program<WatcherInput, WatcherOutput> {
  readonly counts: WatcherCounts = { updates: 0, updateErrors: 0, configLoaded: false, configStale: false }
  readonly view: ClusterView
  readonly #options: WatcherOptions
  readonly #node: NodeName
  readonly #ids = createRequestIds()
  readonly #feed: ClusterFeed
  /** Its Speaker object. */
  readonly #writer: Writer = createWriter({ ids: this.#ids, timeoutMs: writeTimeoutMs })
  /** Events and ServiceL2Status objects, which are for people: in a burst they wait. */
  readonly #tellings: Writer = createWriter({
    ids: this.#ids,
    timeoutMs: writeTimeoutMs,
    inFlightMax: tellingsInFlightMax,
  })
  readonly #recorder: EventRecorder
  readonly #speaker: SpeakerKeeper
  readonly #layer2: Layer2StatusKeeper
  readonly #findingsTold = new Set<string>()
  readonly #problemsTold = new Set<string>()
  readonly #failing = new Map<KindName, ToldFinding>()
  #held: ReadonlyMap<string, ToldFinding> = new Map()
  readonly #gathering = new Gathering()
  readonly #host = new HostWatch()
  #report: AnnouncerReport | undefined
  #podRequest: number | undefined
  #podUid: string | undefined
  #stop: StopQuestion | undefined

  constructor(options: WatcherOptions) {
    this.#options = options
    this.#node = options.node as NodeName
    this.view = new ClusterView(this.#node)
    this.#recorder = createEventRecorder(eventSource, options.node)
    this.#speaker = new SpeakerKeeper(this.#node, (nodeUid) => speakerObject(this.#node, nodeUid))
    this.#layer2 = new Layer2StatusKeeper(options.namespace, this.#ids)
    const { namespace, loadBalancerClass } = options
    this.#feed = new ClusterFeed({ namespace, loadBalancerClass, ids: this.#ids, prepare: this.#prepare })
  }

  step(input: WatcherInput, at: At): Outputs {
    const outputs = [...this.#askForPod(), ...this.#take(input, at)]
    return [...outputs, ...this.#writes(at)]
  }

  wakeAt(): Instant | undefined {
    return earliest(
      this.#feed.wakeAt(),
      this.#gathering.wakeAt(),
      this.#host.wakeAt(),
      this.#writer.wakeAt(),
      this.#tellings.wakeAt(),
      this.view.wakeAt(),
      this.#speaker.wakeAt(),
      this.#layer2.wakeAt(),
      this.#stop?.wakeAt(),
    )
  }

  #take(input: WatcherInput, at: At): Outputs {
    switch (input.kind) {
      case "api":
        return this.#api(input.event, at)
      case "wake":
        return [...this.#api({ kind: "wake" }, at), ...this.view.wake(at), ...this.#askHost(at)]
      case "acknowledged":
        return this.view.acknowledged(at)
      case "moved":
        return this.#moved(input.move, at)
      case "report":
        return this.#reported(input.report, at)
      case "proxy": {
        const outputs = this.view.proxySaid(input.evidence, at)
        this.#wantStatus()
        return outputs
      }
      case "local":
        return this.view.localSaid(input.port, input.evidence, at)
      case "host":
        this.#host.heard(input.evidence)
        this.#wantStatus()
        return []
      case "stop":
        return this.#beginStop(at)
    }
  }

  #api(event: ApiEvent | { readonly kind: "wake" }, at: At): Outputs {
    const { requests, news } = this.#feed.step(event, at)
    const outputs: WatcherOutput[] = [...requests, ...this.#layer2.step(event, at)]
    for (const writer of [this.#writer, this.#tellings]) outputs.push(...this.#write(writer, event, at))
    const because = this.#stop?.hear(event, at)
    if (because !== undefined) {
      const how = because === "restart" && this.view.isComplete ? "restarting" : "leaving"
      outputs.push({ kind: "stop", how, because })
    }
    if (event.kind === "response" && event.id === this.#podRequest) this.#podUid = textAt(event.body, "metadata", "uid")
    for (const item of news) outputs.push(...this.#hear(item))
    if (news.some(({ kind }) => kind === "listed")) this.#gathering.atOnce(at)
    else if (news.length > 0) this.#gather(news.length, at)
    if (this.#gathering.isDue(at)) outputs.push(...this.#look(at))
    return [...outputs, ...this.#heldNow()]
  }

  #gather(changes: number, at: At): void {
    this.#gathering.add(changes, at)
    const until = this.#gathering.burstUntil()
    if (until !== undefined) this.#tellings.step({ kind: "pause", until }, at)
  }

  #look(at: At): Outputs {
    this.#gathering.looked(at)
    const knowledge = this.#feed.look()
    const outputs = this.view.look(knowledge, at)
    if (knowledge.state === "listing") return outputs
    this.counts.configLoaded = true
    return knowledge.news.problems ? [...outputs, ...this.#problems()] : outputs
  }

  #hear(news: FeedNews): Outputs {
    switch (news.kind) {
      case "object":
        this.counts.updates++
        this.#notice(news.of, news.object)
        return []
      case "gone":
        this.counts.updates++
        if (news.of === "Speaker" && news.key === this.#node) this.#speaker.seen(false)
        if (news.of === "Service" && news.seen) this.view.seenDeleted(news.key as ServiceName)
        return []
      case "listed":
        return []
      case "recovered":
        this.#failing.delete(news.of)
        this.#wantStatus()
        return [log("info", `watch-${news.of}`, `${news.of} objects are read again`, {})]
      case "failing": {
        this.counts.updateErrors++
        const told = tellFailing(news.of, news.failure)
        if (isRefused(news.failure)) this.#failing.set(news.of, told)
        this.#wantStatus()
        return [log("warn", `watch-${news.of}`, told.message, told.facts)]
      }
    }
  }

  /** Said when it begins, when it changes, and when it is over. */
  #heldNow(): Outputs {
    const before = this.#held
    const now = new Map([...this.#feed.held, ...this.view.held].map((held) => [held.code, tellHeld(held)]))
    if (now.size === 0 && before.size === 0) return []
    const begun = [...now].flatMap(([code, { message, facts }]) =>
      before.has(code) ? [] : [log("error", "removal-held", message, facts)],
    )
    const message = "what was gone is back, or is believed now: nothing is held against what the API server says"
    const over = now.size === 0 ? [log("info", "removal-held", message, {})] : []
    this.#held = now
    if (begun.length > 0 || over.length > 0) this.#wantStatus()
    return [...begun, ...over]
  }

  /** What this program found by itself, of the API and of the node; the announcer's findings are about the wire. */
  get findings(): readonly ToldFinding[] {
    return [...this.#held.values(), ...this.#failing.values(), ...this.#host.findings]
  }

  #askHost(at: At): Outputs {
    return this.#host.isDue(at) ? [{ kind: "probe-host" }] : []
  }

  #notice(kind: KindName, object: KubernetesObject): void {
    this.view.object(kind, object)
    if (object.metadata.name !== this.#node) return
    if (kind === "Speaker") this.#speaker.seen(true)
    const uid = uidOf(object)
    if (kind === "Node" && uid !== undefined) this.#speaker.nodeUid(uid)
  }

  readonly #prepare = (kind: KindName, object: KubernetesObject): KubernetesObject => {
    if (kind !== "Node" || !this.#options.ignoresExcludeLabel) return object
    const labels = withoutField(objectAt(object, "metadata", "labels"), excludeLabel)
    return withField(object, ["metadata", "labels"], labels) as KubernetesObject
  }

  /** Each problem is logged once, when it appears. */
  #problems(): Outputs {
    const problems = this.view.cluster?.problems ?? []
    this.counts.configStale = problems.some(({ effect }) => effect === "last-valid-kept")
    const now = new Map(problems.map((problem) => [JSON.stringify(problem), problem]))
    for (const told of this.#problemsTold) if (!now.has(told)) this.#problemsTold.delete(told)
    return [...now].flatMap(([id, { object, field, value, because, remedy }]) => {
      if (this.#problemsTold.has(id)) return []
      this.#problemsTold.add(id)
      const message = `${object.kind} ${object.name}: ${field} is ${value}: ${because}; ${remedy}`
      return [log("warn", `problem-${object.kind}`, message, { object: `${object.kind}/${object.name}`, field, value })]
    })
  }

  #moved(move: Move, at: At): Outputs {
    if (move.to !== this.#node) return []
    return this.view.servicesOf(move.key).flatMap((service) => this.#tell(nodeAssigned(service, this.#node), at))
  }

  /** Nobody takes what nobody may announce: it is being withdrawn, and its Service tells why. */
  #isWithdrawal(finding: AnnouncerReport["findings"][number]): boolean {
    if (finding.code !== "segment" || finding.finding.code !== "nobody-takes") return false
    return !this.view.mayBeAnnounced(finding.finding.address)
  }

  #reported(report: AnnouncerReport, at: At): Outputs {
    this.#report = { ...report, findings: report.findings.filter((finding) => !this.#isWithdrawal(finding)) }
    this.#wantStatus()
    if (!report.segments.some(({ state }) => state === "warming")) this.#layer2.announce(this.#announced(report), at)
    const now = new Map(report.findings.map((finding) => [findingId(finding), finding]))
    for (const told of this.#findingsTold) if (!now.has(told)) this.#findingsTold.delete(told)
    return [...now].flatMap(([id, finding]) => {
      if (this.#findingsTold.has(id)) return []
      this.#findingsTold.add(id)
      const address = addressOfFinding(finding)
      const services = address === undefined ? [] : this.view.servicesOf(address)
      return services.flatMap((service) => {
        const happening = happeningOf(finding, service)
        return happening === undefined ? [] : this.#tell(happening, at)
      })
    })
  }

  #announced({ holds }: AnnouncerReport): ReadonlyMap<ServiceName, AnnouncedService> {
    const announced = new Map<ServiceName, AnnouncedService>()
    for (const { key, link } of holds)
      for (const { name } of this.view.servicesOf(key)) {
        const links = this.view.linksOf(key) === undefined ? [] : [...(announced.get(name)?.interfaces ?? []), link]
        announced.set(name, { service: name, interfaces: links })
      }
    return announced
  }

  #wantStatus(): void {
    if (this.#report !== undefined)
      this.#speaker.want(speakerStatus(this.#report, this.findings, this.view.dataPlaneWorks, this.#options.version))
  }

  /** Once, in the first step: ServiceL2Status objects belong to the Pod. Without an answer they belong to nobody. */
  #askForPod(): Outputs {
    const { pod } = this.#options
    if (pod === undefined || this.#podRequest !== undefined) return []
    this.#podRequest = this.#ids.next()
    const request = plainRequest(this.#podRequest, getCall({ resource: podResource, ...pod }), writeTimeoutMs)
    return [{ kind: "request", request }]
  }

  #beginStop(at: At): Outputs {
    if (this.#stop !== undefined) return []
    this.#stop = new StopQuestion(this.#options.node, this.#options.pod, this.#ids, at)
    return this.#stop.requests
  }

  #tell(happening: Happening, at: At): Outputs {
    const write = this.#recorder.record(happening, at)
    return write === undefined ? [] : this.#write(this.#tellings, { kind: "write", ...write }, at)
  }

  /** Writes that are due whatever the input was. */
  #writes(at: At): Outputs {
    const { namespace, pod } = this.#options
    const owner = pod === undefined || this.#podUid === undefined ? undefined : { name: pod.name, uid: this.#podUid }
    const speaker = this.#speaker.due(at)
    const layer2 = this.#layer2.due({ node: this.#node, namespace, pod: owner }, at)
    const own = speaker === undefined ? [] : this.#write(this.#writer, { kind: "write", ...speaker }, at)
    return [...own, ...layer2.flatMap((write) => this.#write(this.#tellings, { kind: "write", ...write }, at))]
  }

  #write(writer: Writer, input: WriterInput, at: At): Outputs {
    const outputs: WatcherOutput[] = []
    for (const output of writer.step(input, at)) {
      if (output.kind === "request" || output.kind === "abort") {
        outputs.push(output)
        continue
      }
      this.#speaker.heard(output)
      this.#layer2.heard(output, at)
      const more = this.#recorder.heard(output)
      if (more !== undefined) outputs.push(...this.#write(this.#tellings, { kind: "write", ...more }, at))
      if (output.kind !== "refused") continue
      const { reason } = output.failure
      const said = "message" in output.failure ? output.failure.message : reason
      outputs.push(
        log("warn", `write-${reason}`, `the API refused a write (${output.key}): ${said}; addresses are not affected`, {
          key: output.key,
        }),
      )
    }
    return outputs
  }
}

const log = (
  severity: "info" | "warn" | "error",
  reason: string,
  message: string,
  facts: (WatcherOutput & { kind: "log" })["facts"],
): WatcherOutput => ({ kind: "log", severity, reason, message, facts })
