import assert from "node:assert/strict"
import type { ChildProcess } from "node:child_process"
import { spawn } from "node:child_process"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { after, before, test } from "node:test"
import { findKubectl } from "../../../tools/kubectl.ts"
import type { ApiServer } from "./server.ts"
import { startApiServer } from "./server.ts"

const kubectl = await findKubectl()
const skip = "missing" in kubectl ? kubectl.missing : false
const folder = mkdtempSync(join(tmpdir(), "porchlight-kubectl-"))
const CRDS = join(import.meta.dirname, "../../../deploy/crds")
let server: ApiServer

before(async () => {
  server = await startApiServer({ listen: { port: 0 }, serviceCidrs: ["10.96.0.0/16", "fd00:10:96::/112"] })
  if (skip !== false) return
  await run("create", "-f", CRDS)
  await run("create", "namespace", "metallb-system")
})

after(async () => {
  await server.close()
  rmSync(folder, { recursive: true, force: true })
})

test("version and what there is", { skip }, async () => {
  assert.match(await run("version"), /Server Version: v1\.35/)
  const resources = await run("api-resources")
  for (const kind of ["services", "nodes", "ipaddresspools", "addressledgers"])
    assert.match(resources, new RegExp(`^${kind} `, "m"))
  assert.match(await run("auth", "can-i", "create", "services"), /yes/)
})

test("get shows the columns that people know", { skip }, async () => {
  await run("create", "service", "loadbalancer", "shown", "--tcp=80:8080")
  const [header, row] = (await run("get", "svc", "shown", "-o", "wide")).split("\n")
  assert.match(header ?? "", /^NAME +TYPE +CLUSTER-IP +EXTERNAL-IP +PORT\(S\) +AGE +SELECTOR$/)
  assert.match(row ?? "", /^shown +LoadBalancer +10\.96\.\d+\.\d+ +<pending> +80:3\d{4}\/TCP +\d+s +app=shown$/)
  assert.match(await run("get", "all"), /service\/shown/)
  assert.match(await run("get", "svc", "shown", "-o", "name"), /^service\/shown$/m)
})

test("says what this lab has not, and what does instead", { skip }, async () => {
  assert.match(await refused("create", "deployment", "web", "--image=web"), /this lab has no apps\/v1 Deployment/)
  await apply({ apiVersion: "v1", kind: "Pod", metadata: { name: "still" }, spec: { containers: [{ name: "a" }] } })
  assert.match(await refused("logs", "still"), /porchlight lab exec/)
  assert.match(await refused("exec", "still", "--", "date"), /porchlight lab exec/)
  assert.match(await refused("delete", "configmaps", "-l", "(((("), /found '\(', expected/)
})

test("explain shows the fields of our own kinds", { skip }, async () => {
  assert.match(await run("explain", "network.spec.subnets.dhcp"), /reservations.*\[\]Object/)
  assert.match(await run("explain", "speaker.status"), /holdCount.*integer[\s\S]*moves.*\[\]Object/)
})

test("create reads protobuf of the kinds it makes", { skip }, async () => {
  await run("create", "namespace", "made")
  await run("create", "configmap", "words", "-n", "made", "--from-literal=a=ü")
  await run("create", "secret", "generic", "key", "-n", "made", "--from-literal=word=x")
  await run("create", "service", "clusterip", "web", "-n", "made", "--tcp=80:8080")
  assert.equal(await run("get", "cm", "words", "-n", "made", "-o", "jsonpath={.data.a}"), "ü")
  assert.equal(await run("get", "secret", "key", "-n", "made", "-o", "jsonpath={.data.word}"), "eA==")
  assert.equal(await run("get", "svc", "web", "-n", "made", "-o", "jsonpath={.spec.ports[0].targetPort}"), "8080")
})

test("apply creates, changes, leaves alone, and takes out what left the file", { skip }, async () => {
  assert.match(
    await apply(
      service("applied", [
        { name: "a", port: 80 },
        { name: "b", port: 81 },
      ]),
    ),
    /created/,
  )
  assert.match(
    await apply(
      service("applied", [
        { name: "a", port: 80 },
        { name: "b", port: 81 },
      ]),
    ),
    /unchanged/,
  )
  assert.match(
    await apply(
      service("applied", [
        { name: "b", port: 81 },
        { name: "c", port: 82 },
      ]),
    ),
    /configured/,
  )
  assert.equal(await run("get", "svc", "applied", "-o", "jsonpath={.spec.ports[*].name}"), "b c")
  assert.match(
    await apply(
      service("applied", [
        { name: "b", port: 81 },
        { name: "c", port: 82 },
      ]),
    ),
    /unchanged/,
  )
})

test("apply of a pool, its columns, and what it says of a mistake", { skip }, async () => {
  assert.match(await apply(pool({ addresses: ["192.168.40.200-192.168.40.220"] })), /created/)
  assert.match(await apply(pool({ addresses: ["192.168.40.200-192.168.40.220"] })), /unchanged/)
  const table = await run("get", "ipaddresspools", "-n", "metallb-system", "-o", "wide")
  assert.match(table, /^NAME +AUTO ASSIGN +AVOID BUGGY IPS +ADDRESSES$/m)
  assert.match(table, /^porch +true +false +\["192\.168\.40\.200-192\.168\.40\.220"\]$/m)
  assert.match(
    await refused("apply", "-f", file(pool({ addresses: ["a"], autoAsign: true }))),
    /unknown field "spec.autoAsign"/,
  )
  assert.match(await refused("apply", "-f", file(pool({ addresses: "a" }))), /spec\.addresses/)
})

test("patch in its three forms, label, annotate and edit", { skip }, async () => {
  await apply(service("patched", [{ name: "a", port: 80 }]))
  await run("patch", "svc", "patched", "-p", '{"spec":{"ports":[{"name":"b","port":81}]}}')
  await run(
    "patch",
    "svc",
    "patched",
    "--type=json",
    "-p",
    '[{"op":"add","path":"/spec/externalIPs","value":["1.2.3.4"]}]',
  )
  await run("patch", "svc", "patched", "--type=merge", "-p", '{"spec":{"sessionAffinity":"ClientIP"}}')
  await run("label", "svc", "patched", "tier=web")
  await run("annotate", "svc", "patched", "why=test")
  await run("edit", "svc", "patched")
  const shown =
    "{.spec.ports[*].port} {.spec.externalIPs[0]} {.spec.sessionAffinity} {.metadata.labels.tier} {.metadata.annotations.why}"
  assert.equal(await run("get", "svc", "patched", "-o", `jsonpath=${shown}`), "81 80 1.2.3.4 ClientIP web edited")
  const strategic = await refused(
    "patch",
    "ipaddresspool",
    "porch",
    "-n",
    "metallb-system",
    "--type=strategic",
    "-p",
    '{"spec":{}}',
  )
  assert.match(strategic, /application\/merge-patch\+json/)
})

test("patch of a status", { skip }, async () => {
  await apply(service("stated", [{ port: 80 }], "LoadBalancer"))
  const status = '{"status":{"loadBalancer":{"ingress":[{"ip":"192.168.40.200"}]}}}'
  await run("patch", "svc", "stated", "--subresource=status", "--type=merge", "-p", status)
  assert.match(await run("get", "svc", "stated"), /192\.168\.40\.200/)
})

test("replace is refused when somebody was faster", { skip }, async () => {
  await apply(service("replaced", [{ port: 80 }]))
  const old = await run("get", "svc", "replaced", "-o", "json")
  await run("label", "svc", "replaced", "a=b")
  assert.match(await refused("replace", "-f", file(JSON.parse(old))), /Conflict|has been modified/)
  await run("replace", "--force", "-f", file(service("replaced", [{ port: 81 }])))
  assert.equal(await run("get", "svc", "replaced", "-o", "jsonpath={.spec.ports[0].port}"), "81")
})

test("describe tells the object, its endpoints and its events", { skip }, async () => {
  await apply(service("described", [{ port: 80 }]))
  const metadata = { name: "described.1", namespace: "default" }
  const involvedObject = {
    apiVersion: "v1",
    kind: "Service",
    name: "described",
    namespace: "default",
    uid: await run("get", "svc", "described", "-o", "jsonpath={.metadata.uid}"),
  }
  const event = {
    apiVersion: "v1",
    kind: "Event",
    metadata,
    involvedObject,
    reason: "IPAllocated",
    message: "it is so",
    type: "Normal",
    count: 1,
  }
  const slice = {
    apiVersion: "discovery.k8s.io/v1",
    kind: "EndpointSlice",
    metadata: { name: "described-1", labels: { "kubernetes.io/service-name": "described" } },
    addressType: "IPv4",
    endpoints: [{ addresses: ["10.244.1.7"], conditions: { ready: true } }],
    ports: [{ port: 80, protocol: "TCP", name: "" }],
  }
  await apply(event, slice)
  const text = await run("describe", "svc", "described")
  assert.match(text, /Endpoints: +10\.244\.1\.7:80/)
  assert.match(text, /Normal +IPAllocated +.*it is so/)
  assert.match(await run("events", "--for", "service/described"), /IPAllocated/)
  assert.match(await run("get", "events"), /LAST SEEN +TYPE +REASON +OBJECT +MESSAGE\n.*service\/described/)
})

test("wait sees what is so already, and what becomes so", { skip }, async () => {
  await apply(service("awaited", [{ port: 80 }], "LoadBalancer"))
  const waiting = run("wait", "svc/awaited", "--for=jsonpath={.status.loadBalancer.ingress[0].ip}", "--timeout=20s")
  await run(
    "patch",
    "svc",
    "awaited",
    "--subresource=status",
    "--type=merge",
    "-p",
    '{"status":{"loadBalancer":{"ingress":[{"ip":"1.2.3.4"}]}}}',
  )
  assert.match(await waiting, /condition met/)
  assert.match(
    await run("wait", "crd/speakers.porchlight.dev", "--for=condition=Established", "--timeout=5s"),
    /condition met/,
  )
  const gone = run("wait", "svc/awaited", "--for=delete", "--timeout=20s")
  await run("delete", "svc", "awaited")
  await gone
})

test("get -w prints rows as they change", { skip }, async () => {
  await apply(service("watched", [{ port: 80 }]))
  const watch = start("get", "svc", "watched", "-w")
  await seen(watch, /watched +ClusterIP/)
  await run("patch", "svc", "watched", "-p", '{"spec":{"type":"NodePort"}}')
  const text = await seen(watch, /watched +NodePort/)
  watch.child.kill()
  assert.equal(text.match(/^NAME/gm)?.length, 1)
})

test("delete waits for a finalizer, and a deleted namespace is empty", { skip }, async () => {
  await run("create", "namespace", "gone")
  await apply({
    ...service("kept", [{ port: 80 }]),
    metadata: { name: "kept", namespace: "gone", finalizers: ["attic.example/keep"] },
  })
  const deleting = run("delete", "namespace", "gone", "--timeout=30s")
  await run("wait", "svc/kept", "-n", "gone", "--for=jsonpath={.metadata.deletionTimestamp}", "--timeout=20s")
  await run("patch", "svc", "kept", "-n", "gone", "--type=merge", "-p", '{"metadata":{"finalizers":null}}')
  assert.match(await deleting, /deleted/)
  assert.match(await refused("get", "namespace", "gone"), /namespaces "gone" not found/)
  assert.match(await refused("get", "svc", "kept", "-n", "gone"), /NotFound/)
})

test("a node is cordoned, drained of its pods and uncordoned", { skip }, async () => {
  await apply({ apiVersion: "v1", kind: "Node", metadata: { name: "attic-1" } })
  await apply({
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name: "lamp" },
    spec: { nodeName: "attic-1", containers: [{ name: "a", image: "b" }] },
  })
  await run("drain", "attic-1", "--force", "--timeout=30s")
  assert.match(await run("get", "nodes"), /attic-1 +Unknown,SchedulingDisabled/)
  assert.match(await refused("get", "pod", "lamp"), /NotFound/)
  await run("uncordon", "attic-1")
  await run("taint", "node", "attic-1", "a=b:NoSchedule")
  assert.equal(await run("get", "node", "attic-1", "-o", "jsonpath={.spec.taints[*].key} {.spec.unschedulable}"), "a ")
})

test("explain tells fields of ours", { skip }, async () => {
  assert.match(await run("explain", "ipaddresspool.spec.autoAssign"), /autoAssign <boolean>/)
  assert.match(await run("explain", "svc.spec.loadBalancerClass"), /loadBalancerClass <string>/)
})

test("dry runs of both sides change nothing, diff of no change is none", { skip }, async () => {
  const manifest = file(service("dry", [{ port: 80 }]))
  assert.match(await run("apply", "--dry-run=server", "-f", manifest), /created \(server dry run\)/)
  assert.match(await run("create", "--dry-run=client", "-f", manifest), /created \(dry run\)/)
  assert.match(await refused("get", "svc", "dry"), /NotFound/)
})

test("server-side apply is refused, and says what to do", { skip }, async () => {
  const said = await refused("apply", "--server-side", "-f", file(service("side", [{ port: 80 }])))
  assert.match(said, /kubectl apply without --server-side/)
})

test("what Kubernetes refuses is refused in its words", { skip }, async () => {
  assert.match(
    await refused("create", "-f", file(service("bad", []))),
    /The Service "bad" is invalid: spec\.ports: Required value/,
  )
  assert.match(await refused("create", "deployment", "x", "--image=y"), /./)
})

const service = (name: string, ports: readonly object[], type = "ClusterIP"): object => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name },
  spec: { type, ports, selector: { app: name } },
})

const pool = (spec: object): object => ({
  apiVersion: "metallb.io/v1beta1",
  kind: "IPAddressPool",
  metadata: { name: "porch", namespace: "metallb-system" },
  spec,
})

let files = 0
const file = (...objects: readonly object[]): string => {
  const path = join(folder, `${(files += 1)}.json`)
  writeFileSync(
    path,
    JSON.stringify(objects.length === 1 ? objects[0] : { apiVersion: "v1", kind: "List", items: objects }),
  )
  return path
}

const apply = (...objects: readonly object[]): Promise<string> => run("apply", "-f", file(...objects))

type Running = { readonly child: ChildProcess; readonly text: () => string; readonly done: Promise<number | null> }

/** The editor of `kubectl edit` changes one word of the file it is given. */
const EDITOR = "sed -i s/why:.test/why:\\ edited/"

const start = (...args: readonly string[]): Running => {
  const path = "path" in kubectl ? kubectl.path : ""
  const common = ["--kubeconfig=/dev/null", `--cache-dir=${join(folder, "cache")}`, "-s", server.url]
  const child = spawn(path, [...common, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { HOME: folder, PATH: process.env["PATH"] ?? "", KUBE_EDITOR: EDITOR },
  })
  let text = ""
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk.toString()))
  return { child, text: () => text, done: new Promise((resolve) => child.on("close", resolve)) }
}

const run = async (...args: readonly string[]): Promise<string> => {
  const running = start(...args)
  assert.equal(await running.done, 0, `kubectl ${args.join(" ")}: ${running.text()}`)
  return running.text()
}

const refused = async (...args: readonly string[]): Promise<string> => {
  const running = start(...args)
  assert.notEqual(await running.done, 0, `kubectl ${args.join(" ")} was not refused: ${running.text()}`)
  return running.text()
}

const SEEN_WITHIN_MS = 20_000

const seen = async (running: Running, what: RegExp): Promise<string> => {
  const end = Date.now() + SEEN_WITHIN_MS
  while (!what.test(running.text())) {
    if (Date.now() > end) throw new Error(`not seen ${what} in: ${running.text()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  return running.text()
}
