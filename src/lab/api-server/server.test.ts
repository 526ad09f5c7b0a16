import assert from "node:assert/strict"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import type { IncomingMessage } from "node:http"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, test } from "node:test"
import type { ApiFault } from "./faults.ts"
import { BODY_BYTES_MAX } from "./request-body.ts"
import type { ApiServer, ApiServerOptions } from "./server.ts"
import { startApiServer } from "./server.ts"

const MAPS = "/api/v1/namespaces/default/configmaps"
const folder = mkdtempSync(join(tmpdir(), "porchlight-api-"))
const socket = join(folder, "api.sock")
let started: ApiServer | undefined

afterEach(async () => {
  await started?.close()
  started = undefined
})
process.on("exit", () => rmSync(folder, { recursive: true, force: true }))

test("a port for people and a socket for programs show one store", async () => {
  writeFileSync(socket, "left behind by somebody who was killed")
  const server = await start({ listen: [{ port: 0 }, { path: socket }] })
  assert.match(server.urls[0] ?? "", /^http:\/\/127\.0\.0\.1:\d+$/)
  assert.equal(server.urls[1], `unix:${socket}`)
  assert.equal((await ask(server, "POST", MAPS, { metadata: { name: "a" } })).status, 201)
  const read = await askAt({ socketPath: socket }, "GET", `${MAPS}/a`)
  assert.equal(read.status, 200)
})

test("says that it lives, and which release it speaks", async () => {
  const server = await start({ listen: { port: 0 } })
  for (const path of ["/healthz", "/livez", "/readyz"]) assert.equal((await ask(server, "GET", path)).text, "ok")
  assert.match((await ask(server, "GET", "/version")).text, /"minor":"35"/)
})

test("a port that somebody has is said at once, and nothing stays open", async () => {
  const server = await start({ listen: { port: 0 } })
  const port = Number(new URL(server.url).port)
  await assert.rejects(startApiServer({ listen: [{ path: socket }, { port }] }), { code: "EADDRINUSE" })
  await assert.rejects(askAt({ socketPath: socket }, "GET", "/version"))
})

test("a watch gets each frame as one line, separators in texts escaped", async () => {
  const server = await start({ listen: { port: 0 } })
  const watch = await open(server, `${MAPS}?watch=true`)
  await ask(server, "POST", MAPS, { metadata: { name: "a" }, data: { text: "one\u2028two\u2029three" } })
  const [line = ""] = await watch.lines(1)
  assert.ok(line.includes(String.raw`one\u2028two\u2029three`))
  assert.equal((JSON.parse(line) as { object: { data: { text: string } } }).object.data.text, "one\u2028two\u2029three")
  watch.end()
})

test("closing ends open watches", async () => {
  const server = await start({ listen: { port: 0 } })
  const watch = await open(server, `${MAPS}?watch=true`)
  await server.close()
  await watch.ended
})

const BAD: readonly (readonly [string, string | undefined, string, number])[] = [
  ["no JSON", "{", "application/json", 400],
  ["nothing at all", undefined, "application/json", 400],
  ["a list", "[]", "application/json", 400],
  ["a text", '"x"', "application/json", 400],
  ["what nests too deep", `{"data":${'{"a":'.repeat(50_000)}1${"}".repeat(50_001)}`, "application/json", 400],
  ["lists that nest too deep", "[".repeat(50_000) + "]".repeat(50_000), "application/json", 400],
  ["YAML", "a: b", "application/yaml", 415],
  ["protobuf without its mark", "abc", "application/vnd.kubernetes.protobuf", 400],
  ["more than a server takes", `"${"x".repeat(BODY_BYTES_MAX)}"`, "application/json", 413],
]

for (const [what, body, type, status] of BAD)
  test(`${what} for a body is refused, and the next request is answered`, async () => {
    const server = await start({ listen: { port: 0 } })
    const answer = await ask(server, "POST", MAPS, body, type)
    assert.equal(answer.status, status)
    assert.equal((JSON.parse(answer.text) as { kind: string }).kind, "Status")
    assert.equal((await ask(server, "GET", MAPS)).status, 200)
  })

test("paths and queries that are no URL's are answered", async () => {
  const server = await start({ listen: { port: 0 } })
  for (const path of ["/api/v1/%", "//", "/api/v1/namespaces/%2e%2e/services", "/?%", `${MAPS}?limit=x&continue=%00`])
    assert.ok((await ask(server, "GET", path)).status >= 200, path)
  assert.equal((await ask(server, "OPTIONS", MAPS)).status, 405)
})

test("openapi v2 is JSON unless protobuf is asked for", async () => {
  const server = await start({ listen: { port: 0 } })
  const plain = await ask(server, "GET", "/openapi/v2")
  assert.equal((JSON.parse(plain.text) as { swagger: string }).swagger, "2.0")
  const accept = "application/com.github.proto-openapi.spec.v2@v1.0+protobuf"
  const response = await fetch(`${server.url}/openapi/v2`, { headers: { accept } })
  assert.match(response.headers.get("content-type") ?? "", /protobuf/)
  assert.match(await response.text(), /2\.0/)
})

test("what only a kubelet could do is refused with a way that works", async () => {
  const server = await start({ listen: { port: 0 } })
  const pods = "/api/v1/namespaces/default/pods"
  await ask(server, "POST", pods, { metadata: { name: "web-1" }, spec: { containers: [] } })
  for (const [method, what] of [
    ["GET", "log"],
    ["GET", "exec"],
    ["POST", "exec"],
    ["POST", "attach"],
  ] as const) {
    const answer = await ask(server, method, `${pods}/web-1/${what}`)
    assert.equal(answer.status, 400)
    assert.match(answer.text, /no containers.*porchlight lab exec/)
  }
  assert.match((await ask(server, "GET", `${pods}/web-2/log`)).text, /pods \\"web-2\\" not found/)
})

test("warnings are said in headers that can hold them", async () => {
  const server = await start({ listen: { port: 0 } })
  const answer = await ask(server, "POST", MAPS, { metadata: { name: "a" }, 'qu"oted\nü': 1 })
  assert.equal(answer.headers["warning"], String.raw`299 - "unknown field \"qu\"oted??\""`)
})

const ANSWERED: readonly (readonly [ApiFault, string, number, RegExp])[] = [
  [{ kind: "too-many", retryAfter: "garbage" }, MAPS, 429, /TooManyRequests/],
  [{ kind: "server-error", status: 503 }, MAPS, 503, /<html>/],
  [{ kind: "expired", how: "status" }, `${MAPS}?watch=true`, 410, /Expired/],
  [{ kind: "expired", how: "in-frame" }, `${MAPS}?watch=true`, 200, /"type":"ERROR".*"code":410/],
  [{ kind: "expired", how: "status" }, MAPS, 200, /ConfigMapList/],
  [{ kind: "slow", delayMs: 1 }, MAPS, 200, /ConfigMapList/],
]

for (const [fault, path, status, said] of ANSWERED)
  test(`while it is ${fault.kind}, ${path.includes("watch") ? "a watch" : "a list"} is answered ${status}; mended, 200`, async () => {
    const server = await start({ listen: { port: 0 } })
    server.faults.set(fault)
    const answer = await ask(server, "GET", path)
    assert.equal(answer.status, status)
    assert.match(answer.text, said)
    if (fault.kind === "too-many") assert.equal(answer.headers["retry-after"], "garbage")
    server.faults.set(undefined)
    assert.equal((await ask(server, "GET", MAPS)).status, 200)
  })

test("while it is gone it takes connections and says nothing", async () => {
  const server = await start({ listen: { port: 0 } })
  server.faults.set({ kind: "gone" })
  await assert.rejects(ask(server, "GET", MAPS), { code: "ECONNRESET" })
})

test("a reset cuts an answer in the middle", async () => {
  const server = await start({ listen: { port: 0 } })
  server.faults.set({ kind: "reset" })
  await assert.rejects(ask(server, "GET", "/version"), { code: "ECONNRESET" })
})

test("a mute watch says nothing more, even when mended; a new one does", async () => {
  const server = await start({ listen: { port: 0 } })
  const before = await open(server, `${MAPS}?watch=true`)
  server.faults.set({ kind: "mute" })
  const during = await open(server, `${MAPS}?watch=true`)
  server.faults.set(undefined)
  const next = await open(server, `${MAPS}?watch=true`)
  server.ask({ method: "POST", path: MAPS, body: { metadata: { name: "a" } } })
  assert.match((await next.lines(1))[0] ?? "", /"ADDED"/)
  assert.deepEqual([before.heard(), during.heard()], ["", ""])
  for (const watch of [before, during, next]) watch.end()
})

const start = async (options: ApiServerOptions): Promise<ApiServer> => (started = await startApiServer(options))

type Heard = { readonly status: number; readonly text: string; readonly headers: IncomingMessage["headers"] }
type Place = { readonly socketPath: string } | { readonly port: string; readonly host: string }

const placeOf = (server: ApiServer): Place => {
  const { port, hostname } = new URL(server.url)
  return { port, host: hostname }
}

const ask = (server: ApiServer, method: string, path: string, body?: unknown, type?: string): Promise<Heard> =>
  askAt(placeOf(server), method, path, body, type)

const askAt = (place: Place, method: string, path: string, body?: unknown, type = "application/json"): Promise<Heard> =>
  new Promise((resolve, reject) => {
    const sent = request({ ...place, method, path, headers: { "content-type": type }, agent: false }, (response) => {
      let text = ""
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk))
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text, headers: response.headers }))
      response.on("error", reject)
    })
    sent.on("error", reject)
    sent.end(body === undefined || typeof body === "string" ? body : JSON.stringify(body))
  })

type Watching = {
  readonly heard: () => string
  readonly lines: (count: number) => Promise<readonly string[]>
  readonly ended: Promise<void>
  readonly end: () => void
}

const open = (server: ApiServer, path: string): Promise<Watching> =>
  new Promise((resolve, reject) => {
    const sent = request({ ...placeOf(server), path, agent: false }, (response) => {
      let text = ""
      let wake = (): void => undefined
      response.setEncoding("utf8").on("data", (chunk: string) => {
        text += chunk
        wake()
      })
      const ended = new Promise<void>((done) => response.on("close", done))
      response.on("error", () => undefined)
      const lines = async (count: number): Promise<readonly string[]> => {
        while (text.split("\n").length <= count) await new Promise<void>((next) => (wake = next))
        return text.split("\n").slice(0, count)
      }
      resolve({ heard: () => text, lines, ended, end: () => sent.destroy() })
    })
    sent.on("error", reject).end()
  })
