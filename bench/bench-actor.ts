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

const machines = { east: "10.80.0.21", west: "10.80.0.22" } as const

export const startActor = (lab: BenchLab, machine: keyof typeof machines): BenchActor => {
  const program = join(root, "bench", "wire", "actor.ts")
  const child: ChildProcess = lab.run(machine, [process.execPath, program, machines[machine]])
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
