import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { connectControl, type ControlClient, type ControlHandlers, LabSilence, serveControl } from "./control.ts"

void test("a call comes back with what the lab answered", async () => {
  await withLab({ break: async ({ fault }) => ({ kind: "done", says: fault }) }, async (lab) => {
    assert.deepEqual(await lab.call("break", { machine: "w1", fault: "power" }), { kind: "done", says: "power" })
  })
})

void test("calls that overlap get each its own answer", async () => {
  const slowFirst = async ({ asker }: { asker: number }) => {
    await new Promise((resolve) => setTimeout(resolve, asker === 1 ? 20 : 0))
    return { asked: asker } as never
  }
  await withLab({ readAsker: slowFirst }, async (lab) => {
    const reports = await Promise.all([1, 2].map((asker) => lab.call("readAsker", { asker })))
    assert.deepEqual(
      reports.map(({ asked }) => asked),
      [1, 2],
    )
  })
})

void test("what goes wrong in the lab fails the call with its words", async () => {
  await withLab({ services: () => Promise.reject(new Error("the API is away")) }, async (lab) => {
    await assert.rejects(lab.call("services", {}), /the API is away/)
  })
})

void test("a call that this lab does not know says so", async () => {
  await withLab({}, async (_, __, path) => {
    const lab = connectControl(path, each(5000))
    try {
      await assert.rejects(lab.call("services", {}), /knows no call services/)
      await assert.rejects(lab.call("toString" as never, {} as never), /knows no call toString/)
    } finally {
      lab.close()
    }
  })
})

void test("a lab that ends fails the calls it still owes", async () => {
  await withLab({ services: () => new Promise(() => undefined) }, async (lab, end) => {
    const owed = lab.call("services", {})
    setTimeout(end, 10)
    await assert.rejects(owed, /the lab may have ended/)
    await assert.rejects(lab.call("services", {}), /the lab may have ended/)
  })
})

void test("a lab that stands still fails a call when its time is over, and others are answered meanwhile", async () => {
  const still = { services: () => new Promise<never>(() => undefined), status: async () => ({}) as never }
  await withLab(still, async (_, __, path) => {
    const lab = connectControl(path, each(30))
    try {
      const owed = lab.call("services", {})
      await lab.call("status", {})
      await assert.rejects(
        owed,
        (error) => error instanceof LabSilence && /no answer to services within 0.03 s/.test(error.message),
      )
    } finally {
      lab.close()
    }
  })
})

/** The same patience with every call. */
const each = (ms: number): Parameters<typeof connectControl>[1] & object =>
  new Proxy({} as never, { get: () => () => ms })

const withLab = async (
  handlers: Partial<ControlHandlers>,
  story: (lab: ControlClient, end: () => void, path: string) => Promise<void>,
): Promise<void> => {
  const directory = mkdtempSync(join(tmpdir(), "porchlight-control-"))
  const path = join(directory, "control.sock")
  const server = serveControl(path, handlers as ControlHandlers)
  const lab = connectControl(path)
  const ends: (() => void)[] = []
  server.on("connection", (socket) => ends.push(() => socket.destroy()))
  try {
    await story(
      lab,
      () => {
        for (const end of ends) end()
      },
      path,
    )
  } finally {
    lab.close()
    server.close()
    rmSync(directory, { recursive: true, force: true })
  }
}
