/** The program that asks from one machine of the lab: orders in on standard input, outcomes out, one JSON line each. */
import { createInterface } from "node:readline"
import type { AskerReport } from "../../src/lab/actors/asker-report.ts"
import { type ArpAsker, type ArpTimes, openArpAsker } from "./arp-asker.ts"
import { type DatagramAsker, startDatagramAsker } from "./datagram-asker.ts"

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
  /** Resolves with what each asker saw, once each address was away and is back. */
  readonly startAsking: { readonly input: { readonly addresses: readonly string[] }; readonly output: object }
  readonly untilBack: { readonly input: { readonly patienceMs: number }; readonly output: readonly AskerReport[] }
}

export type ActorCall = keyof ActorCalls

const port = 7
let askers: readonly DatagramAsker[] = []

const handle = async (arp: ArpAsker, call: ActorCall, input: never): Promise<unknown> => {
  switch (call) {
    case "race": {
      const { addresses, count, to } = input as ActorCalls["race"]["input"]
      return arp.race(addresses, count, to)
    }
    case "untilAnswered": {
      const { address, patienceMs } = input as ActorCalls["untilAnswered"]["input"]
      return { atMs: await arp.untilAnswered(address, patienceMs) }
    }
    case "longestSilence": {
      const { address, forMs } = input as ActorCalls["longestSilence"]["input"]
      return { ms: await arp.longestSilence(address, forMs) }
    }
    case "startAsking":
      askers = (input as ActorCalls["startAsking"]["input"]).addresses.map((to) => startDatagramAsker(to, port))
      return {}
    case "untilBack": {
      const { patienceMs } = input as ActorCalls["untilBack"]["input"]
      await Promise.all(askers.map((asker) => asker.untilBack(patienceMs)))
      return Promise.all(askers.map((asker) => asker.stop()))
    }
  }
}

if (import.meta.main) {
  const arp = openArpAsker(process.argv[2] ?? "")
  const lines = createInterface({ input: process.stdin })
  lines.on("close", () => process.exit(0))
  for await (const line of lines) {
    const { call, input } = JSON.parse(line) as { call: ActorCall; input: never }
    process.stdout.write(`${JSON.stringify(await handle(arp, call, input))}\n`)
  }
}
