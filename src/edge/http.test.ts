import assert from "node:assert/strict"
import { test } from "node:test"
import { type Readiness, serveStatus, type StatusServer } from "./http.ts"

test("metrics, health and readiness are served; readiness says why not", async () => {
  let readiness: Readiness = { ready: false, because: ["no configuration yet"] }
  const server = await serve(0, () => readiness)
  assert.ok("port" in server)
  try {
    assert.deepEqual(await ask(server, "/metrics"), [200, "a_number 1\n"])
    assert.deepEqual(await ask(server, "/healthz"), [200, "ok\n"])
    assert.deepEqual(await ask(server, "/readyz?verbose"), [503, "not ready\nno configuration yet\n"])
    readiness = { ready: true, because: [] }
    assert.deepEqual(await ask(server, "/readyz"), [200, "ready\n"])
    assert.equal((await ask(server, "/elsewhere"))[0], 404)
    assert.equal((await fetch(`http://127.0.0.1:${server.port}/metrics`, { method: "POST" })).status, 405)
  } finally {
    await server.close()
  }
})

test("a port that is taken is told with a sentence, and harms nothing", async () => {
  const first = await serve(0)
  assert.ok("port" in first)
  try {
    const second = await serve(first.port)
    assert.ok("kind" in second)
    assert.equal(second.code, "EADDRINUSE")
    assert.match(second.message, new RegExp(`port ${first.port} on 127.0.0.1 is taken`))
    assert.deepEqual(await ask(first, "/healthz"), [200, "ok\n"])
  } finally {
    await first.close()
  }
})

function serve(port: number, readiness: () => Readiness = () => ({ ready: true, because: [] })) {
  const metrics = () => Promise.resolve({ contentType: "text/plain", text: "a_number 1\n" })
  return serveStatus({ host: "127.0.0.1", port, metrics, readiness })
}

async function ask({ port }: StatusServer, path: string): Promise<[number, string]> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`)
  return [response.status, await response.text()]
}
