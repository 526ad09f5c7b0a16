import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { type Failure, failure } from "../edge/failure.ts"
import type { BeatSocket } from "../edge/udp.ts"
import { type Beats, openBeats } from "./speaker-beats.ts"

for (const code of ["EMFILE", "ENOBUFS", "ENOMEM", "EPERM"])
  test(`${code}: without a beat port the speaker says so once and is not ready, until the kernel relents`, (t) => {
    const { beats, kernel, said, pass } = world(t, code)
    pass(1000)
    assert.deepEqual([said, beats.refusal()?.code, beats.isBound()], [[code], code, false])
    kernel.refuses = undefined
    pass(100)
    assert.deepEqual([beats.refusal(), beats.isBound()], [undefined, true])
  })

test("a port that another speaker of this node has makes this one wait, but not unready: it is ready for its turn", (t) => {
  const { beats, kernel, said, pass } = world(t, "EADDRINUSE")
  pass(1000)
  assert.deepEqual([said, beats.refusal(), beats.isBound()], [["EADDRINUSE"], undefined, false])
  kernel.refuses = "EMFILE"
  pass(100)
  assert.deepEqual([said, beats.refusal()?.code], [["EADDRINUSE", "EMFILE"], "EMFILE"])
})

type World = {
  readonly beats: Beats
  readonly kernel: { refuses: string | undefined }
  readonly said: readonly string[]
  readonly pass: (ms: number) => void
}

/** Time stands still but for `pass`. */
function world(t: TestContext, refuses: string): World {
  t.mock.timers.enable({ apis: ["setTimeout", "setImmediate"] })
  const kernel: World["kernel"] = { refuses }
  const said: string[] = []
  const openSocket = (): BeatSocket | Failure =>
    kernel.refuses === undefined ? socket : failure(kernel.refuses, `refused (${kernel.refuses})`)
  const options = {
    inspectSocket: undefined,
    onDatagram: () => {},
    onBound: () => {},
    onInherited: () => {},
    onTrouble: ({ code }: Failure) => void said.push(code),
  }
  const beats = openBeats(options, openSocket)
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) t.mock.timers.tick(10)
  }
  return { beats, kernel, said, pass }
}

const socket: BeatSocket = { send: () => undefined, drain: () => 0, families: [4], close: () => {} }
