import assert from "node:assert/strict"
import { test } from "node:test"
import { after } from "../time/instant.ts"
import { type Alarm, openAlarm } from "./alarm.ts"
import { entropy, openClock } from "./clock.ts"
import { openKernelAlarm } from "./link/kernel-alarm.ts"
import { bootTimeMs } from "./link/libc.ts"

const clocks = {
  "Node's timer": { clock: openClock(), open: (wake: () => void) => openAlarm(openClock(), wake) },
  "the kernel's timer": { clock: openClock(bootTimeMs), open: (wake: () => void) => kernelAlarm(wake) },
}

for (const [name, { clock, open }] of Object.entries(clocks)) {
  test(`${name} rings once, never before its deadline, at once for one that is past`, async () => {
    for (const ms of [5, 0.3, -100]) {
      const deadline = after(clock.now(), ms)
      await rung(open, (alarm) => alarm.set(deadline))
      assert.ok(clock.now() >= deadline)
    }
  })

  test(`${name} follows the last word: an earlier deadline replaces a later one, none is none`, async () => {
    const start = clock.now()
    await rung(open, (alarm) => {
      alarm.set(after(start, 60_000))
      alarm.set(undefined)
      alarm.set(after(start, 10))
    })
    assert.ok(clock.now() < start + 30_000)
  })

  test(`${name} can be set again from the ring itself`, async () => {
    let rings = 0
    await new Promise<void>((resolve) => {
      const alarm: Alarm = open(() => {
        rings++
        if (rings < 3) return alarm.set(after(clock.now(), 1))
        alarm.close()
        resolve()
      })
      alarm.set(clock.now())
    })
    assert.equal(rings, 3)
  })
}

test("an alarm on a clock that runs slower than Node's timers still does not ring early", async () => {
  const start = performance.now()
  const slow = openClock(() => (performance.now() - start) / 4)
  await rung(
    (wake) => openAlarm(slow, wake),
    (alarm) => alarm.set(after(slow.now(), 5)),
  )
  assert.ok(slow.now() >= 5)
})

test("the kernel's clock counts from boot and never goes back", () => {
  let before = bootTimeMs()
  for (let i = 0; i < 1000; i++) {
    const now = bootTimeMs()
    assert.ok(now >= before)
    before = now
  }
})

test("entropy is a 32-bit number, fresh each time", () => {
  const numbers = new Set(Array.from({ length: 5000 }, entropy))
  assert.ok(numbers.size > 4990)
  for (const number of numbers) assert.ok(Number.isInteger(number) && number >= 0 && number < 2 ** 32)
})

function kernelAlarm(wake: () => void): Alarm {
  const alarm = openKernelAlarm(wake)
  if ("kind" in alarm) throw new Error(alarm.message)
  return alarm
}

async function rung(open: (wake: () => void) => Alarm, start: (alarm: Alarm) => void): Promise<void> {
  let alarm: Alarm | undefined
  await new Promise<void>((resolve) => {
    alarm = open(resolve)
    start(alarm)
  })
  alarm?.close()
}
