import assert from "node:assert/strict"
import { mkdtempSync, rmSync } from "node:fs"
import { createServer, type RequestListener, type Server } from "node:http"
import { createServer as createTlsServer } from "node:https"
import { createServer as createTcpServer, type AddressInfo, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterEach, describe, test } from "node:test"
import { gzipSync } from "node:zlib"
import { createApi, type Api } from "./api.ts"
import { nobody, type ApiTarget, type Credentials } from "./api-target.ts"
import {
  clientIdentity,
  expiredIdentity,
  goodIdentity,
  selfIdentity,
  testCa,
  wrongIdentity,
  type Identity,
} from "./recorded-certificates.ts"
import type { ApiEvent, ApiRequest } from "../kubernetes/http.ts"

describe("a plain request", () => {
  test("says method, path, query, body and who it is, and delivers the JSON", async () => {
    const port = await serve((request, response) => {
      let body = ""
      request.on("data", (chunk: Buffer) => (body += chunk.toString()))
      request.on("end", () => {
        const { authorization, "content-type": type } = request.headers
        response
          .setHeader("retry-after", "7")
          .end(JSON.stringify([request.method, request.url, authorization, type, body]))
      })
    })
    const patch = {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { a: "ü" },
      query: { limit: "5" },
    } as const
    const answer = await ask(plain(port, { token: "secret" }), patch)
    assert.deepEqual(answer, {
      kind: "response",
      id: 1,
      status: 200,
      retryAfter: "7",
      body: ["PATCH", "/api/v1/services?limit=5", "Bearer secret", "application/merge-patch+json", '{"a":"ü"}'],
    })
  })

  test("an API server behind a proxy's path is asked there", async () => {
    const port = await serve((request, response) => response.end(JSON.stringify([request.url])))
    const { server, credentials } = plain(port)
    assert.ok(server.kind === "tcp")
    const answer = await ask({ server: { ...server, prefix: "/k8s/clusters/c-1" }, credentials })
    assert.deepEqual(answer.kind === "response" && answer.body, ["/k8s/clusters/c-1/api/v1/services"])
  })

  test("uses one connection for requests after each other", async () => {
    const ports = new Set<number | undefined>()
    const port = await serve((request, response) =>
      response.end(JSON.stringify([ports.add(request.socket.remotePort).size])),
    )
    const talk = connect(plain(port))
    for (let id = 1; id <= 5; id += 1) await talk.ask({ id })
    assert.equal(ports.size, 1)
  })

  test("never follows a redirect: another host must not see the token (145)", async () => {
    let asked = 0
    const elsewhere = await serve((_, response) => response.end(String((asked += 1))))
    const port = await serve((_, response) =>
      response.writeHead(302, { location: `http://127.0.0.1:${elsewhere}/` }).end(),
    )
    const answer = await ask(plain(port, { token: "secret" }))
    assert.deepEqual([answer.kind === "response" && answer.status, asked], [302, 0])
  })

  test("an HTML page is an answer without a body (143)", async () => {
    const port = await serve((_, response) => response.writeHead(502).end("<html>Bad Gateway</html>"))
    assert.deepEqual(await ask(plain(port)), {
      kind: "response",
      id: 1,
      status: 502,
      retryAfter: undefined,
      body: undefined,
    })
  })

  test("a body that is cut off, or shorter than it said, is a failure (144)", async () => {
    const port = await raw('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"items":[]}')
    assert.equal(codeOf(await ask(plain(port))), "ECONNRESET")
    const chunked = await raw('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{"a":\r\n')
    assert.equal(codeOf(await ask(plain(chunked))), "ECONNRESET")
  })

  test("a body longer than it said is a failure, not half a value (144)", async () => {
    const port = await raw('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"a":1}')
    assert.match(codeOf(await ask(plain(port))), /^HPE_/)
  })

  test("a compressed answer that nobody asked for is refused, so there is no bomb (144)", async () => {
    const bomb = gzipSync(Buffer.alloc(50_000_000))
    const port = await serve((_, response) => response.writeHead(200, { "content-encoding": "gzip" }).end(bomb))
    assert.equal(codeOf(await ask(plain(port))), "bad-encoding")
  })

  test("fails when there is no answer in time, and when nobody listens", async () => {
    const mute = await serve(() => undefined)
    assert.equal(codeOf(await ask(plain(mute), { timeoutMs: 50 })), "timeout")
    const closed = await raw("")
    const gone = servers.pop()!
    await new Promise<void>((resolve) => gone.close(resolve))
    const answer = await ask(plain(closed))
    assert.equal(codeOf(answer), "ECONNREFUSED")
    assert.match(answer.kind === "failed" ? answer.message : "", /nobody listens at http:\/\/127.0.0.1:\d+/)
  })

  test("says nothing more once given up", async () => {
    const port = await serve((_, response) => setTimeout(() => response.end("{}"), 30))
    const talk = connect(plain(port))
    talk.api.perform({ kind: "request", request: { ...usual, id: 1 } })
    talk.api.perform({ kind: "abort", id: 1 })
    await talk.ask({ id: 2 })
    assert.deepEqual(
      talk.events.map(({ id }) => id),
      [2],
    )
  })

  test("reaches a server behind a unix socket", async () => {
    const folder = mkdtempSync(join(tmpdir(), "porchlight-api-"))
    const path = join(folder, "api.sock")
    const server = createServer((_, response) => response.end('{"ok":true}'))
    await new Promise<void>((resolve) => server.listen(path, resolve))
    servers.push(server)
    const answer = await ask({ server: { kind: "unix", path }, credentials: async () => nobody })
    assert.deepEqual(answer.kind === "response" && answer.body, { ok: true })
    rmSync(folder, { recursive: true })
  })

  test("takes a new token with the next request (fault 44)", async () => {
    const port = await serve((request, response) => response.end(JSON.stringify([request.headers.authorization])))
    let token = "old"
    const talk = connect({ ...plain(port), credentials: async () => ({ ...nobody, token }) })
    await talk.ask({ id: 1 })
    token = "new"
    await talk.ask({ id: 2 })
    assert.deepEqual(
      talk.events.map((event) => event.kind === "response" && event.body),
      [["Bearer old"], ["Bearer new"]],
    )
  })

  test("credentials that cannot be read fail the request with their own sentence", async () => {
    const target = { ...plain(1), credentials: async () => Promise.reject(new Error("the plugin failed")) }
    const answer = await ask(target)
    assert.equal(answer.kind === "failed" && answer.message, "the plugin failed")
  })
})

describe("a watch", () => {
  test("opens, tells whole frames however they are cut, and closes (133)", async () => {
    const bytes = Buffer.from('{"n":"grüße"}\n{"n":2}\n')
    const port = await serve((_, response) => {
      response.write(bytes.subarray(0, 8))
      setTimeout(() => response.end(bytes.subarray(8)), 20)
    })
    const talk = connect(plain(port))
    await talk.ask({ id: 1, stream: true })
    assert.deepEqual(talk.events, [
      { kind: "opened", id: 1 },
      { kind: "frames", id: 1, frames: [{ n: "grüße" }, { n: 2 }] },
      { kind: "closed", id: 1 },
    ])
  })

  test("tells the first of many frames at once and the others in order, few at a time, before its end", async () => {
    const port = await serve((_, response) => {
      const write = (n: number): void => {
        response.write(`{"n":${n}}\n`)
        if (n === 40) response.end()
        else setTimeout(write, 1, n + 1)
      }
      write(1)
    })
    const talk = connect(plain(port))
    await talk.ask({ id: 1, stream: true })
    const told = talk.events.flatMap((event) => (event.kind === "frames" ? [event.frames] : []))
    assert.deepEqual(
      told.flat(),
      Array.from({ length: 40 }, (_, index) => ({ n: index + 1 })),
    )
    assert.deepEqual(told[0], [{ n: 1 }])
    assert.ok(told.length < 40, `${told.length} events`)
    assert.equal(talk.events.at(-1)?.kind, "closed")
  })

  test("of 10,000 events at once tells all in order, and lets timers run between them (154)", async () => {
    const lines = Array.from({ length: 10_000 }, (_, n) => `{"n":${n},"is":"${"x".repeat(500)}"}\n`)
    const port = await serve((_, response) => response.end(lines.join("")))
    let turns = 0
    const turning = setInterval(() => turns++, 1)
    try {
      const talk = connect(plain(port))
      await talk.ask({ id: 1, stream: true })
      const told = talk.events.flatMap((event) => (event.kind === "frames" ? [event.frames] : []))
      const numbers = told.flat().map((frame) => (frame as { readonly n: number }).n)
      assert.deepEqual(numbers, [...numbers.keys()])
      assert.equal(numbers.length, 10_000)
      assert.ok(told.length > 1 && turns > 1, `${told.length} times, ${turns} turns`)
    } finally {
      clearInterval(turning)
    }
  })

  test("is opened before its first event", async () => {
    const port = await serve((_, response) => response.flushHeaders())
    const talk = connect(plain(port))
    talk.api.perform({ kind: "request", request: { ...usual, stream: true } })
    assert.deepEqual(await talk.next(), { kind: "opened", id: 1 })
  })

  test("delivers what came before a line that is no JSON, then fails (135)", async () => {
    const port = await serve((_, response) => response.end('{"n":1}\nnonsense\n{"n":2}\n'))
    const talk = connect(plain(port))
    await talk.ask({ id: 1, stream: true })
    assert.deepEqual(
      talk.events.slice(1).map((event) => (event.kind === "failed" ? event.code : event.kind)),
      ["frames", "bad-json"],
    )
  })

  test("a line without an end fails before it fills the memory (134)", async () => {
    const megabyte = Buffer.alloc(1 << 20, "x")
    const port = await serve((_, response) => {
      const pour = (): void => {
        if (!response.destroyed) response.write(megabyte, (error) => void (error ?? setImmediate(pour)))
      }
      pour()
    })
    assert.equal(codeOf(await ask(plain(port), { stream: true })), "line-too-long")
  })

  test("that ends within a line has failed, not closed (144)", async () => {
    const port = await serve((_, response) => response.end('{"n":1}\n{"n"'))
    assert.equal(codeOf(await ask(plain(port), { stream: true })), "truncated")
  })

  test("that is refused is a response with its Retry-After (142)", async () => {
    const port = await serve((_, response) => response.writeHead(429, { "retry-after": "1" }).end("{}"))
    const answer = await ask(plain(port), { stream: true })
    assert.deepEqual(answer, { kind: "response", id: 1, status: 429, retryAfter: "1", body: {} })
  })

  test("stays open beyond the time it had to open", async () => {
    const port = await serve((_, response) => {
      response.flushHeaders()
      setTimeout(() => response.end('{"late":true}\n'), 120)
    })
    const talk = connect(plain(port))
    await talk.ask({ id: 1, stream: true, timeoutMs: 60 })
    assert.deepEqual(
      talk.events.map(({ kind }) => kind),
      ["opened", "frames", "closed"],
    )
  })
})

describe("TLS", () => {
  test("speaks to a server of our CA, and shows its own certificate", async () => {
    const port = await serveTls(goodIdentity)
    const { certificate, key } = clientIdentity
    const answer = await ask(secure(port, { ca: testCa, certificate, key }))
    assert.deepEqual(answer.kind === "response" && answer.body, ["client"])
  })

  for (const [what, identity, ca, code] of [
    ["an expired certificate", expiredIdentity, testCa, "CERT_HAS_EXPIRED"],
    ["a certificate for another name", wrongIdentity, testCa, "ERR_TLS_CERT_ALTNAME_INVALID"],
    ["a certificate signed by itself", selfIdentity, testCa, "DEPTH_ZERO_SELF_SIGNED_CERT"],
    ["a CA we were not told of", goodIdentity, undefined, "SELF_SIGNED_CERT_IN_CHAIN"],
  ] as const)
    test(`refuses ${what} before it says a word (146)`, async () => {
      let asked = 0
      const port = await serveTls(identity, () => (asked += 1))
      const answer = await ask(secure(port, { ca, token: "secret" }))
      assert.deepEqual([codeOf(answer), asked], [code, 0])
      assert.match(answer.kind === "failed" ? answer.message : "", /^the certificate of https:\/\/127.0.0.1:\d+ .*: /)
    })

  test("expects the name that the kubeconfig says", async () => {
    const port = await serveTls(wrongIdentity)
    const { server, credentials } = secure(port, { ca: testCa })
    assert.ok(server.kind === "tcp")
    const answer = await ask({ server: { ...server, serverName: "somebody.example" }, credentials })
    assert.equal(answer.kind, "response")
  })

  test("a new CA is believed from the next request on (fault 44)", async () => {
    const port = await serveTls(goodIdentity)
    let credentials: Credentials = { ...nobody, ca: selfIdentity.certificate }
    const talk = connect({ ...secure(port, {}), credentials: async () => credentials })
    await talk.ask({ id: 1 })
    credentials = { ...nobody, ca: testCa }
    await talk.ask({ id: 2 })
    assert.deepEqual(
      talk.events.map(({ kind }) => kind),
      ["failed", "response"],
    )
  })
})

const servers: { readonly close: (done?: () => void) => unknown }[] = []
const apis: Api[] = []

afterEach(async () => {
  for (const api of apis.splice(0)) api.close()
  for (const server of servers.splice(0)) {
    if ("closeAllConnections" in server) (server as Server).closeAllConnections()
    await new Promise<void>((resolve) => server.close(resolve))
  }
})

const listen = async (server: Server | ReturnType<typeof createTcpServer>): Promise<number> => {
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve))
  return (server.address() as AddressInfo).port
}

const serve = (listener: RequestListener): Promise<number> => listen(createServer(listener))

/** Answers with the name on the client's certificate. */
const serveTls = ({ certificate, key }: Identity, asked: () => void = () => undefined): Promise<number> => {
  const options = { cert: certificate, key, ca: testCa, requestCert: true, rejectUnauthorized: false }
  const server = createTlsServer(options, (request, response) => {
    asked()
    const name = (
      request.socket as unknown as { getPeerCertificate: () => { subject?: { CN: string } } }
    ).getPeerCertificate()
    response.end(JSON.stringify([name.subject?.CN ?? "nobody"]))
  })
  return listen(server)
}

/** Says these bytes to whoever asks, and closes. */
const raw = (bytes: string): Promise<number> =>
  listen(
    createTcpServer((socket: Socket) => void socket.on("error", () => undefined).once("data", () => socket.end(bytes))),
  )

const plain = (port: number, credentials: Partial<Credentials> = {}): ApiTarget => ({
  server: { kind: "tcp", protocol: "http:", host: "127.0.0.1", port, prefix: "", serverName: undefined, verify: true },
  credentials: fixed({ ...nobody, ...credentials }),
})
const secure = (port: number, credentials: Partial<Credentials>): ApiTarget => ({
  server: { kind: "tcp", protocol: "https:", host: "127.0.0.1", port, prefix: "", serverName: undefined, verify: true },
  credentials: fixed({ ...nobody, ...credentials }),
})
const fixed = (credentials: Credentials) => async () => credentials

const usual: ApiRequest = { id: 1, method: "GET", path: "/api/v1/services", query: {}, stream: false, timeoutMs: 5000 }

const connect = (target: ApiTarget) => {
  const events: ApiEvent[] = []
  let heard: (event: ApiEvent) => void = () => undefined
  const api = createApi(target, (event) => {
    events.push(event)
    heard(event)
  })
  apis.push(api)
  const next = (last: (event: ApiEvent) => boolean = () => true): Promise<ApiEvent> =>
    new Promise((resolve) => (heard = (event) => void (last(event) && resolve(event))))
  const ask = (request: Partial<ApiRequest>): Promise<ApiEvent> => {
    const answer = next(({ kind }) => kind !== "opened" && kind !== "frames")
    api.perform({ kind: "request", request: { ...usual, ...request } })
    return answer
  }
  return { api, events, next, ask }
}

const ask = (target: ApiTarget, request: Partial<ApiRequest> = {}): Promise<ApiEvent> => connect(target).ask(request)
const codeOf = (event: ApiEvent): string => (event.kind === "failed" ? event.code : event.kind)
