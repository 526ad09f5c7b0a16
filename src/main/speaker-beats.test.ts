import assert from "node:assert/strict"
import { test, type TestContext } from "node:test"
import { type Failure, failure } from "../edge/failure.ts"
import type { BeatDatagram, BeatSocket } from "../edge/udp.ts"
import { parseAddress } from "../net/address.ts"
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

for (const code of ["EPERM", "ENOBUFS", "ENOMEM"])
  test(`${code}: beats that the kernel does not send are said once, and make the speaker unready while it lasts`, (t) => {
    const { beats, kernel, said, pass } = world(t, undefined)
    pass(100)
    kernel.sending = code
    for (let i = 0; i < 50; i++) {
      assert.equal(beats.send(beat), code)
      pass(100)
    }
    assert.deepEqual([said, beats.refusal()?.code], [[`send-${code}`], `send-${code}`])
    kernel.sending = undefined
    pass(2000)
    assert.deepEqual([beats.send(beat), beats.refusal()], [undefined, undefined])
  })

test("a peer that cannot be reached is no trouble of this speaker's", (t) => {
  const { beats, kernel, said, pass } = world(t, undefined)
  pass(100)
  kernel.sending = "EHOSTUNREACH"
  assert.equal(beats.send(beat), "EHOSTUNREACH")
  assert.deepEqual([said, beats.refusal()], [[], undefined])
})

type World = {
  readonly beats: Beats
  readonly kernel: { refuses: string | undefined; sending: string | undefined }
  readonly said: readonly string[]
  readonly pass: (ms: number) => void
}

/** Time stands still but for `pass`. */
function world(t: TestContext, refuses: string | undefined): World {
  let nowMs = 5_000_000
  t.mock.timers.enable({ apis: ["setTimeout", "setImmediate"] })
  t.mock.method(performance, "now", () => nowMs)
  const kernel: World["kernel"] = { refuses, sending: undefined }
  const said: string[] = []
  const openSocket = (): BeatSocket | Failure =>
    kernel.refuses === undefined
      ? { send: () => kernel.sending, drain: () => 0, families: [4], close: () => {} }
      : failure(kernel.refuses, `refused (${kernel.refuses})`)
  const options = {
    inspectSocket: undefined,
    onDatagram: () => {},
    onBound: () => {},
    onInherited: () => {},
    onTrouble: ({ code }: Failure) => void said.push(code),
  }
  const beats = openBeats(options, openSocket)
  const pass = (ms: number): void => {
    for (let passed = 0; passed < ms; passed += 10) {
      nowMs += 10
      t.mock.timers.tick(10)
    }
  }
  return { beats, kernel, said, pass }
}

const address = parseAddress("192.168.40.12")!
const beat: BeatDatagram = { bytes: new Uint8Array(3), from: address, to: address, linkIndex: 2 }
