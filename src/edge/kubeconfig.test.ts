import assert from "node:assert/strict"
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, describe, test } from "node:test"
import { inClusterTarget, rereadCredentials, nobody } from "./api-target.ts"
import { findConnection, type Connection } from "./kubeconfig.ts"
import type { Failure } from "./failure.ts"

describe("a kubeconfig", () => {
  test("leads to the server of its current context, with data in base64", async () => {
    const path = file(
      "data",
      config({ user: { "client-certificate-data": b64("CERT"), "client-key-data": b64("KEY") } }),
    )
    const { target, context, namespace } = connected(findConnection({ path }, {}))
    assert.deepEqual([context, namespace], ["home", "media"])
    assert.deepEqual(target.server, {
      kind: "tcp",
      protocol: "https:",
      host: "10.0.0.1",
      port: 6443,
      prefix: "/k8s",
      serverName: undefined,
      verify: true,
    })
    assert.deepEqual(await target.credentials(), { ca: "CA", certificate: "CERT", key: "KEY", token: undefined })
  })

  test("takes another context when asked, and names those there are when it has none of that name", () => {
    const path = file("contexts", config({}))
    const answer = findConnection({ path, context: "office" }, {})
    assert.ok(answer.kind === "failed")
    assert.match(answer.message, /has no context "office"; it has home$/)
  })

  test("is no device that never ends", () => {
    const answer = findConnection({ path: "/dev/zero" }, {})
    assert.ok(answer.kind === "failed")
    assert.match(answer.message, /\/dev\/zero is no kubeconfig: it is larger than 16 MiB/)
  })

  test("finds files beside itself, not beside the current folder", async () => {
    file("ca.crt", "CA FROM FILE")
    file("token", "TOKEN FROM FILE\n")
    const cluster = { server: "https://[fd00::1]:6443", "certificate-authority": "ca.crt" }
    const { target } = connected(
      findConnection({ path: file("files", config({ cluster, user: { tokenFile: "token" } })) }, {}),
    )
    assert.equal(target.server.kind === "tcp" && target.server.host, "fd00::1")
    assert.deepEqual(await target.credentials(), { ...nobody, ca: "CA FROM FILE", token: "TOKEN FROM FILE" })
  })

  test("may name a unix socket, as the lab's does", () => {
    const path = file("unix", config({ cluster: { server: "unix:///run/lab/api.sock" } }))
    assert.deepEqual(connected(findConnection({ path }, {})).target.server, { kind: "unix", path: "/run/lab/api.sock" })
  })

  test("of several in $KUBECONFIG the first that says something counts", () => {
    const first = file("first", { "current-context": "home" })
    const KUBECONFIG = [
      first,
      join(folder, "absent"),
      file("second", config({})),
      file("third", config({ cluster: { server: "http://x" } })),
    ].join(":")
    const { target } = connected(findConnection({}, { KUBECONFIG }))
    assert.equal(target.server.kind === "tcp" && target.server.host, "10.0.0.1")
  })

  test("asks a plugin once until its credentials run out, and says which one failed", async () => {
    const plugin = (script: string) => {
      const command = file("plugin.sh", `#!/bin/sh\n${script}\n`)
      chmodSync(command, 0o700)
      return {
        exec: {
          command: "./plugin.sh",
          env: [{ name: "WHO", value: "me" }],
          apiVersion: "client.authentication.k8s.io/v1",
        },
      }
    }
    const calls = join(folder, "calls")
    const user = plugin(`echo x >> ${calls}; echo '{"status":{"token":"'$WHO'"}}'`)
    const { target } = connected(findConnection({ path: file("exec", config({ user })) }, {}))
    assert.equal((await target.credentials()).token, "me")
    assert.equal(await target.credentials(), await target.credentials())
    const broken = connected(findConnection({ path: file("broken", config({ user: plugin("exit 3") })) }, {}))
    await assert.rejects(broken.target.credentials(), /the credential plugin .*plugin.sh of the kubeconfig failed/)
  })

  test("says what is wrong with it, and where", () => {
    const faults: readonly (readonly [string, unknown, RegExp])[] = [
      ["no server", config({ cluster: {} }), /cluster "c": server is "", but must be https/],
      ["ftp", config({ cluster: { server: "ftp://x" } }), /server is "ftp:\/\/x"/],
      [
        "proxy",
        config({ cluster: { server: "https://x", "proxy-url": "http://p" } }),
        /proxy-url, which is not supported/,
      ],
      ["no file", config({ user: { tokenFile: "nowhere" } }), /nowhere/],
      ["auth-provider", config({ user: { "auth-provider": {} } }), /auth-provider is not supported/],
      ["no context", { ...config({}), "current-context": "" }, /names no current-context/],
      ["a list", "- a", /has no context|is no kubeconfig|no current-context/],
      ["nothing", "", /is no kubeconfig/],
    ]
    for (const [what, content, sentence] of faults) {
      const answer = findConnection({ path: file(what, content) }, {})
      assert.ok(answer.kind === "failed", what)
      assert.match(answer.message, sentence, what)
    }
  })

  test("that is not there is a failure that says how to name one", () => {
    const answer = findConnection({}, { HOME: join(folder, "nobody") })
    assert.match(
      answer.kind === "failed" ? answer.message : "",
      /there is no kubeconfig at .*: give --kubeconfig FILE or set KUBECONFIG/,
    )
  })
})

describe("in a pod", () => {
  test("the cluster is the one it runs in, with a token that is read again", async () => {
    file("ca.crt", "CA")
    file("token", "one")
    const target = inClusterTarget({ KUBERNETES_SERVICE_HOST: "10.96.0.1", KUBERNETES_SERVICE_PORT: "443" }, folder)!
    assert.deepEqual(await target.credentials(), { ...nobody, ca: "CA", token: "one" })
    assert.equal(inClusterTarget({}, folder), undefined)
  })

  test("files are looked at every ten seconds, and unchanged ones are the same credentials", async () => {
    let [now, token] = [0, "one"]
    const credentials = rereadCredentials(
      () => ({ ...nobody, token }),
      () => now,
    )
    const first = await credentials()
    token = "two"
    assert.equal(await credentials(), first)
    now = 10_000
    assert.equal((await credentials()).token, "two")
    now = 30_000
    assert.equal(await credentials(), await credentials())
  })
})

const folder = mkdtempSync(join(tmpdir(), "porchlight-kubeconfig-"))
after(() => rmSync(folder, { recursive: true }))

const file = (name: string, content: unknown): string => {
  const path = join(folder, name)
  writeFileSync(path, typeof content === "string" ? content : JSON.stringify(content))
  return path
}

type Parts = { readonly cluster?: unknown; readonly user?: unknown }

const config = ({ cluster, user }: Parts) => ({
  "current-context": "home",
  contexts: [{ name: "home", context: { cluster: "c", user: "u", namespace: "media" } }],
  clusters: [
    {
      name: "c",
      cluster: cluster ?? { server: "https://10.0.0.1:6443/k8s/", "certificate-authority-data": b64("CA") },
    },
  ],
  users: [{ name: "u", user: user ?? {} }],
})

const b64 = (text: string): string => Buffer.from(text).toString("base64")

const connected = (answer: Connection | Failure): Connection => {
  assert.equal(answer.kind, "connection", answer.kind === "failed" ? answer.message : "")
  return answer
}
