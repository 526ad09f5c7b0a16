import assert from "node:assert/strict"
import { createServer, type IncomingMessage, type ServerResponse } from "node:http"
import type { AddressInfo } from "node:net"
import { test } from "node:test"
import { nobody, parseServer } from "../../edge/api-target.ts"
import type { Json } from "../../kubernetes/http.ts"
import { readLive } from "./live-facts.ts"

test("a long list is read page by page", async () => {
  const found = await askingServer((url, answer) => {
    if (!url.pathname.endsWith("/services")) return answer(200, list([]))
    const next = url.searchParams.get("continue")
    return answer(200, next === null ? list(["a", "b"], "more") : list(["c"]))
  })
  assert.equal(found.kind, "objects")
  assert.deepEqual(found.kind === "objects" && found.objects.map((object) => (object["metadata"] as never)["name"]), [
    "a",
    "b",
    "c",
  ])
})

test("what may not be listed is told apart from what is not there, and the rest is answered", async () => {
  const found = await askingServer((url, answer) => {
    if (url.pathname.endsWith("/nodes")) return answer(403, { kind: "Status", message: "forbidden for dev" })
    if (url.pathname.endsWith("/speakers")) return answer(404, { kind: "Status", message: "not found" })
    return answer(200, list(url.pathname.endsWith("/services") ? ["a"] : []))
  })
  assert.ok(found.kind === "objects")
  assert.equal(found.objects.length, 1)
  assert.deepEqual(found.withheld, [
    { kind: "Node", why: "forbidden", says: "forbidden for dev" },
    { kind: "Speaker", why: "absent", says: "not found" },
  ])
})

test("who may list pools in MetalLB's namespace only, lists them there", async () => {
  const found = await askingServer((url, answer) => {
    if (url.pathname === "/apis/metallb.io/v1beta1/ipaddresspools") return answer(403, { message: "no" })
    return answer(200, list(url.pathname.endsWith("namespaces/metallb-system/ipaddresspools") ? ["porch"] : []))
  })
  assert.ok(found.kind === "objects")
  assert.deepEqual(found.withheld, [])
  assert.equal(found.objects.length, 1)
})

test("a server that nobody runs, that does not know us, or that never answers is unreachable", async () => {
  const refused = await readLive(targetOf(1), "metallb-system", 1000)
  assert.ok(refused.kind === "unreachable" && refused.failure.reason === "unreachable")
  const unknown = await askingServer((_, answer) => answer(401, { message: "Unauthorized" }))
  assert.ok(unknown.kind === "unreachable" && unknown.failure.reason === "unauthorized")
  const mute = await askingServer(() => undefined, 50)
  assert.ok(mute.kind === "unreachable" && mute.failure.reason === "unreachable")
})

test("a list that never ends is given up", async () => {
  const found = await askingServer((_, answer) => answer(200, list([], "again")))
  assert.ok(found.kind === "objects" && found.withheld.every(({ why }) => why === "failed"))
})

type Answer = (status: number, body: Json) => void

const list = (names: readonly string[], next?: string): Json => ({
  metadata: { resourceVersion: "5", ...(next !== undefined && { continue: next }) },
  items: names.map((name) => ({ metadata: { name } })),
})

const targetOf = (port: number): Parameters<typeof readLive>[0] => ({
  server: parseServer(`http://127.0.0.1:${port}`, undefined, true)!,
  credentials: () => Promise.resolve(nobody),
})

const askingServer = async (
  serve: (url: URL, answer: Answer) => void,
  timeoutMs = 5000,
): ReturnType<typeof readLive> => {
  const server = createServer((request: IncomingMessage, response: ServerResponse) =>
    serve(new URL(request.url ?? "/", "http://x"), (status, body) => {
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body))
    }),
  )
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    return await readLive(targetOf((server.address() as AddressInfo).port), "metallb-system", timeoutMs)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}
