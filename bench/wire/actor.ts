/** The program that asks from one machine of the lab: orders in on standard input, outcomes out, one JSON line each. */
import { createInterface } from "node:readline"
import { type Asker, startAsker } from "../../src/lab/actors/asker.ts"
import type { AskerReport } from "../../src/lab/actors/asker-report.ts"
import { type ArpAsker, type ArpTimes, openArpAsker } from "./arp-asker.ts"
import { type Flood, floodArp } from "./arp-flood.ts"
import { type ArpWitness, startArpWitness, type Testimony } from "./arp-witness.ts"
import { type ColdClient, type ColdReport, startColdClient } from "./cold-client.ts"
import { type DatagramAsker, startDatagramAsker } from "./datagram-asker.ts"
import { type DatagramSender, startDatagramSender } from "./datagram-sender.ts"
import { type DatagramSink, openDatagramSink, type Received } from "./datagram-sink.ts"
import { openStreams, type Streams, type StreamsReport } from "./streams.ts"

/** What the actor can be told, and what it answers. */
export type ActorCalls = {
  readonly race: {
    readonly input: { readonly addresses: readonly string[]; readonly count: number; readonly to?: string }
    readonly output: readonly ArpTimes[]
  }
  readonly untilAnswered: {
    readonly input: { readonly address: string; readonly patienceMs: number }
    readonly output: { readonly atMs: number | undefined }
  }
  readonly longestSilence: {
    readonly input: { readonly address: string; readonly forMs: number }
    readonly output: { readonly ms: number }
  }
  readonly flood: { readonly input: Flood; readonly output: ReturnType<typeof floodArp> }
  readonly startAsking: { readonly input: { readonly addresses: readonly string[] }; readonly output: object }
  /** Resolves with what each asker saw, once each address was away and is back. */
  readonly untilBack: { readonly input: { readonly patienceMs: number }; readonly output: readonly AskerReport[] }
  readonly stopAsking: { readonly input: object; readonly output: readonly AskerReport[] }
  readonly startWitness: {
    readonly input: { readonly addresses: readonly string[]; readonly askEveryMs: number }
    readonly output: object
  }
  readonly readWitness: { readonly input: object; readonly output: Testimony }
  readonly stopWitness: { readonly input: object; readonly output: Testimony }
  readonly openSink: { readonly input: { readonly udpPort: number; readonly tcpPort: number }; readonly output: object }
  readonly resetSink: { readonly input: object; readonly output: object }
  readonly readSink: { readonly input: { readonly sent: number }; readonly output: Received }
  readonly startSending: {
    readonly input: { readonly address: string; readonly port: number; readonly perSecond: number }
    readonly output: object
  }
  readonly countSent: { readonly input: object; readonly output: { readonly sent: number } }
  readonly stopSending: { readonly input: object; readonly output: { readonly sent: number } }
  readonly startKnocking: {
    readonly input: { readonly address: string; readonly port: number; readonly perSecond: number }
    readonly output: object
  }
  readonly stopKnocking: { readonly input: object; readonly output: AskerReport }
  readonly openStreams: {
    readonly input: { readonly addresses: readonly string[]; readonly port: number; readonly each: number }
    readonly output: object
  }
  readonly closeStreams: { readonly input: object; readonly output: StreamsReport }
  readonly startColdClient: {
    readonly input: { readonly addresses: readonly string[]; readonly port: number; readonly perSecond: number }
    readonly output: object
  }
  readonly stopColdClient: { readonly input: object; readonly output: ColdReport }
}

export type ActorCall = keyof ActorCalls

type Handlers = {
  readonly [Call in ActorCall]: (
    input: ActorCalls[Call]["input"],
  ) => ActorCalls[Call]["output"] | Promise<ActorCalls[Call]["output"]>
}

/** The port of the Services that the lab's own pod answers. */
const echoPort = 7

const handlersOf = (machine: string, own: string): Handlers => {
  const arp: ArpAsker = openArpAsker(own)
  let askers: readonly DatagramAsker[] = []
  let witness: ArpWitness | undefined
  let sink: DatagramSink | undefined
  let sender: DatagramSender | undefined
  let knocker: Asker | undefined
  let streams: Streams | undefined
  let cold: ColdClient | undefined
  const stopAsking = (): Promise<AskerReport[]> => Promise.all(askers.map((one) => one.stop()))
  return {
    race: ({ addresses, count, to }) => arp.race(addresses, count, to),
    untilAnswered: async ({ address, patienceMs }) => ({ atMs: await arp.untilAnswered(address, patienceMs) }),
    longestSilence: async ({ address, forMs }) => ({ ms: await arp.longestSilence(address, forMs) }),
    flood: (flood) => floodArp(own, flood),
    startAsking: ({ addresses }) => {
      askers = addresses.map((to) => startDatagramAsker(to, echoPort))
      return {}
    },
    untilBack: async ({ patienceMs }) => {
      await Promise.all(askers.map((one) => one.untilBack(patienceMs)))
      return stopAsking()
    },
    stopAsking,
    startWitness: async ({ addresses, askEveryMs }) => {
      witness = await startArpWitness(own, addresses, askEveryMs)
      return {}
    },
    readWitness: () => started(witness).read(),
    stopWitness: () => started(witness).stop(),
    openSink: ({ udpPort, tcpPort }) => {
      sink = openDatagramSink(machine, udpPort, tcpPort)
      return {}
    },
    resetSink: () => {
      started(sink).reset()
      return {}
    },
    readSink: ({ sent }) => started(sink).read(sent),
    startSending: ({ address, port, perSecond }) => {
      sender = startDatagramSender(address, port, perSecond)
      return {}
    },
    countSent: () => ({ sent: started(sender).sent() }),
    stopSending: async () => ({ sent: await started(sender).stop() }),
    startKnocking: ({ address, port, perSecond }) => {
      knocker = startAsker(machine, { address, port, protocol: "TCP" }, perSecond)
      return {}
    },
    stopKnocking: () => started(knocker).stop(),
    openStreams: async ({ addresses, port, each }) => {
      streams = await openStreams(addresses, port, each)
      return {}
    },
    closeStreams: () => started(streams).stop(),
    startColdClient: ({ addresses, port, perSecond }) => {
      cold = startColdClient(machine, { addresses, port, perSecond })
      return {}
    },
    stopColdClient: () => started(cold).stop(),
  }
}

const started = <T>(thing: T | undefined): T => {
  if (thing === undefined) throw new Error("this was told to stop before it was told to start")
  return thing
}

if (import.meta.main) {
  const [machine = "", own = ""] = process.argv.slice(2)
  const handlers = handlersOf(machine, own)
  const lines = createInterface({ input: process.stdin })
  lines.on("close", () => process.exit(0))
  for await (const line of lines) {
    const { call, input } = JSON.parse(line) as { call: ActorCall; input: never }
    const handle = handlers[call] as (input: never) => Promise<unknown>
    process.stdout.write(`${JSON.stringify(await handle(input))}\n`)
  }
}
