import assert from "node:assert/strict"
import { createServer } from "node:http"
import type { AddressInfo } from "node:net"
import { test } from "node:test"
import { probeLocalEndpoints, probeProxy, readProxyPage } from "./probe.ts"

const synced = "kubeproxy_sync_proxy_rules_last_timestamp_seconds"
const queued = "kubeproxy_sync_proxy_rules_last_queued_timestamp_seconds"

test("the time of the last sync is read, and of the last wish for one", () => {
  const text = `# HELP ${synced} x\n# TYPE ${synced} gauge\n${synced} 1.7e+09\n${queued} 1.70000000125e+09\n`
  assert.deepEqual(page(text), { is: "synced", syncedAt: 1_700_000_000, queuedAt: 1_700_000_001.25 })
})

test("with both families the older sync counts", () => {
  const text = `${synced}{ip_family="IPv4"} 200\n${synced}{ip_family="IPv6"} 100\n${synced}_bucket{le="1"} 5\n`
  assert.deepEqual(page(text), { is: "synced", syncedAt: 100, queuedAt: undefined })
})

test("before its first sync a proxy says 0, and that is no sync", () => {
  assert.deepEqual(page(`${synced} 0\n`), { is: "not-synced" })
  assert.deepEqual(page(`${synced}{ip_family="IPv4"} 200\n${synced}{ip_family="IPv6"} 0\n`), { is: "not-synced" })
})

test("a page without the metric, or none at all, proves nothing", () => {
  assert.deepEqual(page("something_else 1\n"), { is: "unreadable" })
  assert.deepEqual(page(`${synced} NaN\n`), { is: "unreadable" })
  assert.deepEqual(readProxyPage({ status: 500, text: `${synced} 5\n` }), { is: "unreadable" })
})

test("a port where nobody listens means that there is no proxy to ask", async () => {
  const port = await withServer("", 200, (open) => Promise.resolve(open))
  assert.deepEqual((await probeProxy(port)).evidence, { is: "absent" })
  assert.equal((await probeLocalEndpoints(port)).evidence, "absent")
})

test("the answers of a living proxy come with the time they were read", async () => {
  const before = Date.now() / 1000
  const { evidence, readAt } = await withServer(`${synced} 5\n`, 200, probeProxy)
  assert.deepEqual(evidence, { is: "synced", syncedAt: 5, queuedAt: undefined })
  assert.ok(readAt >= before)
})

test("a Service of policy Local is ready where its health check counts an endpoint", async () => {
  const answers = (status: number, localEndpoints: number) =>
    withServer(JSON.stringify({ service: { name: "x" }, localEndpoints }), status, probeLocalEndpoints)
  assert.equal((await answers(200, 2)).evidence, "endpoints")
  assert.equal((await answers(503, 0)).evidence, "no-endpoints")
  assert.equal((await answers(503, 2)).evidence, "endpoints")
})

function page(text: string) {
  return readProxyPage({ status: 200, text })
}

async function withServer<T>(text: string, status: number, act: (port: number) => Promise<T>): Promise<T> {
  const server = createServer((_, response) => response.writeHead(status).end(text))
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  try {
    return await act((server.address() as AddressInfo).port)
  } finally {
    await new Promise((resolve) => server.close(resolve))
  }
}
