import { spawn } from "node:child_process"
import { setTimeout as pause } from "node:timers/promises"
import { knock } from "../../src/lab/actors/ask.ts"

export type ColdReport = { readonly asked: number; readonly failed: number; readonly slowestMs: number }

/** A client that has forgotten the way each time: its neighbour entry is removed, then it connects. */
export type ColdClient = { readonly stop: () => Promise<ColdReport> }

export type ColdOrder = { readonly addresses: readonly string[]; readonly port: number; readonly perSecond: number }

/** Until `ip` has removed the entry. */
const removedMs = 2
/** The kernel asks three times, a second apart. */
const patienceMs = 4000

/** Each question is for the next address; none while one for the same is still out. */
export const startColdClient = (machine: string, { addresses, port, perSecond }: ColdOrder): ColdClient => {
  const forgetting = spawn("ip", ["-force", "-batch", "-"], { stdio: ["pipe", "ignore", "ignore"] })
  const out = new Set<Promise<void>>()
  const busy = new Set<string>()
  let [asked, failed, slowestMs, turn] = [0, 0, 0, 0]
  const ask = async (address: string): Promise<void> => {
    busy.add(address)
    forgetting.stdin.write(`neighbour delete ${address} dev eth0\n`)
    await pause(removedMs)
    const answer = await knock(machine, { address, port, protocol: "TCP" }, patienceMs)
    asked++
    if (answer.kind === "answered") slowestMs = Math.max(slowestMs, answer.tookMs)
    else failed++
    busy.delete(address)
  }
  const timer = setInterval(() => {
    const address = addresses[turn++ % addresses.length]!
    if (busy.has(address)) return
    const one = ask(address).finally(() => out.delete(one))
    out.add(one)
  }, 1000 / perSecond)
  return {
    stop: async () => {
      clearInterval(timer)
      await Promise.all(out)
      forgetting.stdin.end()
      return { asked, failed, slowestMs }
    },
  }
}
