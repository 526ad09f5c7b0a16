import assert from "node:assert/strict"
import { execFile } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { request } from "node:http"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { test } from "node:test"
import { promisify } from "node:util"
import { findKubectl } from "../../tools/kubectl.ts"
import { type ApiDoor, openApiDoor } from "./api-door.ts"
import { type ApiServer, startApiServer } from "./api-server/server.ts"
import { printKubeconfig } from "./kubeconfig.ts"

test("who does not know the secret is answered 401, whatever else he says, and changes nothing", () =>
  withDoor(async ({ door, server }) => {
    for (const path of [
      "/api/v1/secrets",
      "/",
      "/0123456789abcdef0123456789abcdef/api/v1/secrets",
      `${secretOf(door)}0/`,
    ])
      for (const method of ["GET", "DELETE"]) {
        const { status, body } = await ask(door, path, { method, authorization: "Bearer x" })
        assert.deepEqual([status, body.kind, body.reason], [401, "Status", "Unauthorized"], path)
      }
    assert.equal((await ask(door, "/api/v1/namespaces/default", { method: "DELETE" })).status, 401)
    assert.equal(server.ask({ method: "GET", path: "/api/v1/namespaces/default" }).status, 200)
  }))

test("who knows it is let in, and not where the request is for another host", () =>
  withDoor(async ({ door }) => {
    const path = `${secretOf(door)}/api/v1/namespaces/default`
    for (const host of ["127.0.0.1", `localhost:${door.port}`, `127.0.0.1:${door.port}`])
      assert.equal((await ask(door, path, { host })).status, 200, host)
    for (const host of ["rebound.example", `rebound.example:${door.port}`, "127.0.0.1.rebound.example"])
      assert.equal((await ask(door, path, { host })).status, 401, host)
  }))

test("two doors have two secrets", () =>
  withDoor(({ door }) => withDoor(async (other) => assert.notEqual(secretOf(door), secretOf(other.door)))))

test("an answer that the server cuts in half is cut through the door as well", () =>
  withDoor(async ({ door, server }) => {
    server.faults.set({ kind: "reset" })
    await assert.rejects(ask(door, `${secretOf(door)}/api/v1/namespaces`, {}))
  }))

const kubectl = await findKubectl()
const missing = "missing" in kubectl ? kubectl.missing : false

test(
  "kubectl with the lab's kubeconfig creates, reads and deletes; without its secret it is refused",
  { skip: missing },
  () =>
    withDoor(async ({ door, folder }) => {
      const run = async (url: string, ...words: readonly string[]): Promise<string> => {
        const config = join(folder, "kubeconfig")
        writeFileSync(config, printKubeconfig("lab", url), { mode: 0o600 })
        const common = [`--kubeconfig=${config}`, `--cache-dir=${join(folder, "cache")}`]
        return (await promisify(execFile)("path" in kubectl ? kubectl.path : "", [...common, ...words])).stdout
      }
      assert.match(await run(door.url, "create", "configmap", "words", "--from-literal=a=b"), /created/)
      assert.equal(await run(door.url, "get", "cm", "words", "-o", "jsonpath={.data.a}"), "b")
      assert.match(await run(door.url, "delete", "cm", "words"), /deleted/)
      await assert.rejects(run(new URL(door.url).origin, "get", "secrets"), /kubeconfig/)
    }),
)

type Story = { readonly door: ApiDoor; readonly server: ApiServer; readonly folder: string }

const withDoor = async (story: (world: Story) => Promise<void>): Promise<void> => {
  const folder = mkdtempSync(join(tmpdir(), "porchlight-door-"))
  const path = join(folder, "api.sock")
  const server = await startApiServer({ listen: { path } })
  const door = await openApiDoor(path, undefined)
  assert.ok(typeof door !== "string")
  try {
    await story({ door, server, folder })
  } finally {
    door.close()
    await server.close()
    rmSync(folder, { recursive: true })
  }
}

const secretOf = (door: ApiDoor): string => new URL(door.url).pathname

type Asked = { readonly method?: string; readonly host?: string; readonly authorization?: string }
type Said = { readonly status: number | undefined; readonly body: { readonly kind?: string; readonly reason?: string } }

const ask = ({ port }: ApiDoor, path: string, { method = "GET", ...headers }: Asked): Promise<Said> =>
  new Promise((resolve, reject) => {
    const asked = request({ host: "127.0.0.1", port, path, method, headers, agent: false }, (answer) => {
      let text = ""
      answer.setEncoding("utf8").on("data", (more: string) => (text += more))
      answer.once("error", reject)
      answer.once("end", () => resolve({ status: answer.statusCode, body: JSON.parse(text) as Said["body"] }))
    })
    asked.once("error", reject)
    asked.end()
  })
