import type { ChildProcess } from "node:child_process"
import { join } from "node:path"
import { createInterface } from "node:readline"
import type { BenchLab } from "./bench-lab.ts"
import { root } from "./bundle.ts"
import type { ActorCall, ActorCalls } from "./wire/actor.ts"

/** A program on a machine of the lab that asks, in a process of its own: the lab's own work blurs no figure. */
export type BenchActor = {
  /** One call at a time. */
  readonly call: <Name extends ActorCall>(
    name: Name,
    input: ActorCalls[Name]["input"],
  ) => Promise<ActorCalls[Name]["output"]>
  readonly end: () => void
}

/** Where a program of ours may run: the two clients, the gateway, and the namespace of the lab's one pod. */
export const places = {
  east: { machine: "east", address: "10.80.0.21" },
  west: { machine: "west", address: "10.80.0.22" },
  router: { machine: "router", address: "10.80.0.1" },
  pod: { machine: "pod.bench.echo-0", address: "10.244.4.10" },
} as const

export const startActor = (lab: BenchLab, place: keyof typeof places): BenchActor => {
  const program = join(root, "bench", "wire", "actor.ts")
  const { machine, address } = places[place]
  const child: ChildProcess = lab.run(machine, [process.execPath, program, machine, address])
  if (child.stdout === null || child.stdin === null) throw new Error("an actor has pipes")
  const { stdin } = child
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  return {
    call: async (call, input) => {
      stdin.write(`${JSON.stringify({ call, input })}\n`)
      const { value, done } = await lines.next()
      if (done === true) throw new Error(`the asker on ${machine} ended`)
      return JSON.parse(value)
    },
    end: () => stdin.end(),
  }
}
