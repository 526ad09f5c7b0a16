import assert from "node:assert/strict"
import { spawnSync } from "node:child_process"
import { createSocket } from "node:dgram"
import { existsSync, readFileSync } from "node:fs"
import { createConnection } from "node:net"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { textAt } from "../kubernetes/json.ts"
import type { ArpingReport } from "./actors/arping.ts"
import { startPodActor } from "./actors/pod-actor.ts"
import { startEmbeddedApi } from "./embedded-api.ts"
import { readyAnnotation } from "./kubelet/status-report.ts"
import { type Lab, raiseLab } from "./lab.ts"
import { bindSocket, inNamespace } from "./namespace.ts"
import { printActive } from "./fault.ts"
import { packetTest } from "./packet-test.ts"
import { isUnreadable, readScenario } from "./scenario.ts"

const vip = "192.168.40.200"
const whoami = { address: vip, port: 80, protocol: "TCP" } as const
const servicePath = "/api/v1/namespaces/demo/services/whoami"
const podPath = "/api/v1/namespaces/demo/pods/whoami-6d8f9-4kx7q"

packetTest(
  import.meta.url,
  "a Service that has an address answers through the node that answers for it",
  async (directory) => {
    const lab = await raise(directory)
    await giveAddress(lab)
    await lab.damage.break("attic-3", `twin=${vip}`)
    assert.equal(await seenFrom(lab, "laptop"), "10.244.3.0")
  },
)

packetTest(
  import.meta.url,
  "every address of the scenario is that of its Service, its node ports and cluster addresses too",
  async (directory) => {
    const lab = await raise(directory)
    const { body } = await lab.api.request("GET", servicePath)
    assert.equal(textAt(body, "spec", "clusterIP"), "10.96.40.80")
    const answer = await lab.ask("laptop", { address: "192.168.40.31", port: 30080, protocol: "TCP" })
    assert.equal(answer.kind === "answered" && answer.greeting?.seen, "10.244.1.1")
  },
)

packetTest(
  import.meta.url,
  "arping hears one station, and two when another answers for the same address",
  async (directory) => {
    const lab = await raise(directory)
    await lab.damage.break("attic-3", `twin=${vip}`)
    assert.deepEqual(macsOf(await lab.arping("laptop", vip, 200)), ["52:54:00:28:00:03"])
    await lab.damage.break("attic-2", `twin=${vip}`)
    assert.deepEqual(macsOf(await lab.arping("laptop", vip, 200)), ["52:54:00:28:00:02", "52:54:00:28:00:03"])
    await lab.damage.mend("attic-3", undefined)
    assert.deepEqual(macsOf(await lab.arping("laptop", vip, 200)), ["52:54:00:28:00:02"])
  },
)

packetTest(
  import.meta.url,
  "a power cut is a gap for a steady visitor, and ends when the node is back",
  async (directory) => {
    const lab = await raise(directory)
    const node = { address: "192.168.40.33", port: 8080, protocol: "TCP" } as const
    startPodActor("attic-3", "attic-3", "attic-3").listen("TCP", 8080)
    const asker = lab.startAsker("laptop", node, 200)
    await pause(300)
    await lab.damage.break("attic-3", "power")
    await pause(500)
    await lab.damage.mend("attic-3", "power")
    await pause(500)
    const report = await asker.stop()
    assert.ok(report.lost > 0, "nothing was lost while the power was off")
    const ends = report.gaps.map(({ fromMs, lengthMs }) => fromMs + lengthMs)
    assert.ok(Math.max(...ends) < report.lastedMs, "it never came back")
    assert.equal(report.asked, report.answered + report.lost)
  },
)

packetTest(
  import.meta.url,
  "after the grace time a dead node's pods take no visitors, until it is back",
  async (directory) => {
    const lab = await raise(directory, 100)
    await giveAddress(lab)
    await lab.damage.break("attic-3", `twin=${vip}`)
    await lab.damage.break("attic-1", "power")
    await until(async () => (await lab.ask("laptop", whoami, 300)).kind === "refused")
    await lab.damage.mend("attic-1", "power")
    await until(async () => (await lab.ask("laptop", whoami, 300)).kind === "answered")
  },
)

packetTest(import.meta.url, "without carrier a node knows it; with a dead cable it does not", async (directory) => {
  const lab = await raise(directory)
  const operstate = (): string => carrierOf("attic-2")
  await lab.damage.break("attic-2", "cable")
  assert.equal(operstate(), "1")
  assert.equal((await lab.arping("laptop", "192.168.40.32", 1)).answered, 0)
  await lab.damage.break("attic-2", "carrier")
  await until(async () => operstate() === "0")
  await lab.damage.mend("attic-2", undefined)
  await until(async () => (await lab.arping("laptop", "192.168.40.32", 1)).answered === 1)
})

packetTest(
  import.meta.url,
  "with ARP filtered nobody can ask, yet packets to a known neighbour pass",
  async (directory) => {
    const lab = await raise(directory)
    startPodActor("attic-2", "attic-2", "attic-2").listen("TCP", 8080)
    const node = { address: "192.168.40.32", port: 8080, protocol: "TCP" } as const
    assert.equal((await lab.ask("laptop", node)).kind, "answered")
    await lab.damage.break("attic-2", "arp")
    assert.equal((await lab.arping("laptop", "192.168.40.32", 3)).answered, 0)
    assert.equal((await lab.ask("laptop", node)).kind, "answered")
  },
)

packetTest(import.meta.url, "with beats filtered only their port is silent", async (directory) => {
  const lab = await raise(directory)
  const heard = [listenUdp("attic-2", 7947), listenUdp("attic-2", 7946)] as const
  const send = (port: number) => lab.ask("attic-1", { address: "192.168.40.32", port, protocol: "UDP" }, 150)
  await lab.damage.break("attic-2", "beats")
  await Promise.all([send(7947), send(7946)])
  assert.deepEqual(
    heard.map((count) => count()),
    [0, 1],
  )
  await lab.damage.mend("attic-2", "beats")
  await send(7947)
  assert.equal(heard[0](), 1)
})

packetTest(
  import.meta.url,
  "one node loses the API while the others keep it, and all when it is broken for everybody",
  async (directory) => {
    const lab = await raise(directory, undefined, ["sleep", "60"])
    const reaches = async (name: string): Promise<boolean> =>
      canConnect(join(directory, name === "" ? "api.sock" : `api-${name}.sock`))
    await lab.damage.break("attic-2", "api")
    assert.deepEqual([await reaches("attic-1"), await reaches("attic-2")], [true, false])
    await lab.damage.break(undefined, "api")
    assert.deepEqual([await reaches(""), await reaches("attic-1")], [false, false])
    await lab.damage.mend(undefined, "api")
    assert.deepEqual([await reaches(""), await reaches("attic-1"), await reaches("attic-2")], [true, true, false])
  },
)

packetTest(
  import.meta.url,
  "a program that ends is started again, one that was broken only when mended",
  async (directory) => {
    const lab = await raise(directory, undefined, ["sh", "-c", "sleep 60"])
    const [speaker] = lab.programs.filter(({ spec }) => spec.machine === "attic-2")
    assert.ok(speaker !== undefined)
    const first = pidOf(lab, "attic-2")
    process.kill(first, "SIGKILL")
    await until(async () => pidOf(lab, "attic-2") !== first && speaker.state().kind === "running")
    await lab.damage.break("attic-2", "speaker")
    assert.equal(speaker.state().kind, "stopped")
    await lab.damage.mend("attic-2", "speaker")
    assert.equal(speaker.state().kind, "running")
    await lab.damage.break("attic-2", "freeze")
    const stands = async (): Promise<boolean> => / T /.test(readFileSync(`/proc/${pidOf(lab, "attic-2")}/stat`, "utf8"))
    await until(stands)
    await lab.damage.mend("attic-2", "freeze")
    await until(async () => !(await stands()))
  },
)

packetTest(
  import.meta.url,
  "a Pod created later answers, gets an address, and is gone when it is deleted",
  async (directory) => {
    const lab = await raise(directory)
    await lab.api.request("POST", "/api/v1/namespaces/demo/pods", {
      apiVersion: "v1",
      kind: "Pod",
      metadata: { name: "second", labels: { "app.kubernetes.io/name": "whoami" } },
      spec: {
        nodeName: "attic-2",
        containers: [{ name: "whoami", image: "lab/whoami", ports: [{ name: "http", containerPort: 8080 }] }],
      },
    })
    await until(async () => (await endpointsOf(lab)) === 2)
    assert.equal((await lab.ask("attic-2", { address: "10.244.2.100", port: 8080, protocol: "TCP" })).kind, "answered")
    await lab.api.request("DELETE", podPath)
    await until(async () => (await endpointsOf(lab)) === 1)
    assert.equal(existsSync("/run/netns/pod.demo.whoami-6d8f9-4kx7q"), false)
  },
)

packetTest(import.meta.url, "a pod that its annotation calls not ready takes no visitors", async (directory) => {
  const lab = await raise(directory)
  const nodePort = { address: "192.168.40.31", port: 30080, protocol: "TCP" } as const
  assert.equal((await lab.ask("laptop", nodePort)).kind, "answered")
  const annotate = (ready: string) =>
    lab.api.request(
      "PATCH",
      podPath,
      { metadata: { annotations: { [readyAnnotation]: ready } } },
      "application/merge-patch+json",
    )
  await annotate("false")
  await until(async () => (await lab.ask("laptop", nodePort)).kind === "refused")
  await annotate("true")
  await until(async () => (await lab.ask("laptop", nodePort)).kind === "answered")
})

packetTest(import.meta.url, "a fault that cannot be is refused with what can", async (directory) => {
  const lab = await raise(directory)
  const says = async (machine: string | undefined, fault: string): Promise<string> =>
    (await lab.damage.break(machine, fault)).says
  assert.match(await says("attic-9", "power"), /attic-9 is no machine of this lab; there are: router, attic-1/)
  assert.match(await says(undefined, "power"), /power needs a machine/)
  assert.match(await says("laptop", "speaker"), /no program of ours runs on laptop/)
  await lab.damage.break("attic-1", "cable")
  assert.match(await says("attic-1", "cable"), /cable is broken at attic-1 already; mend it first/)
  assert.match((await lab.damage.mend("attic-2", undefined)).says, /nothing of that is broken/)
})

packetTest(import.meta.url, "a fault that takes no effect is not recorded, and leaves nothing", async (directory) => {
  const lab = await raise(directory)
  assert.match((await lab.damage.break("attic-1", "twin=192.168.40.31")).says, /attic-1's own address/)
  assert.match((await lab.damage.break("attic-1", "oneway=attic-1")).says, /attic-1 sends itself nothing/)
  await lab.damage.break("attic-1", "ipv6")
  const refused = await lab.damage.break("attic-1", "twin=fd00:40::77")
  assert.equal(refused.kind, "refused")
  assert.match(refused.says, /^attic-1: twin=fd00:40::77 took no effect and is taken back: .+/)
  assert.deepEqual(lab.damage.active().map(printActive), ["attic-1: ipv6"])
  await lab.damage.mend("attic-1", "ipv6")
  assert.equal((await lab.damage.break("attic-1", "twin=fd00:40::77")).kind, "done")
  assert.deepEqual(lab.damage.active().map(printActive), ["attic-1: twin=fd00:40::77"])
})

const raise = async (
  directory: string,
  nodeGraceMs?: number,
  speaker?: readonly [string, ...string[]],
): Promise<Lab> => {
  const root = join(import.meta.dirname, "../..")
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  const layout = nodeGraceMs === undefined ? scenario.layout : { ...scenario.layout, nodeGraceMs }
  const crds = join(root, "deploy/crds")
  const programs = {
    controller: undefined,
    speaker:
      speaker === undefined
        ? undefined
        : (["sh", "-c", `exec ${speaker.map((word) => `'${word}'`).join(" ")}`] as const),
  }
  const lab = await raiseLab(
    { ...scenario, layout },
    { directory, ...programs, crds, startApi: startEmbeddedApi, report: () => undefined },
  )
  await untilAllAnswer(lab, nodePorts)
  return lab
}

/** Every node's rules are in: its node port, asked from outside, is answered. */
const nodePorts = ["192.168.40.31", "192.168.40.32", "192.168.40.33"].map(
  (address) => ["laptop", { address, port: 30080, protocol: "TCP" }] as const,
)

const untilAllAnswer = async (
  lab: Lab,
  asked: readonly (readonly [string, Parameters<Lab["ask"]>[1]])[],
): Promise<void> => {
  for (const [machine, target] of asked)
    await until(async () => (await lab.ask(machine, target, 300)).kind === "answered")
}

/** What the controller would write. */
const giveAddress = async (lab: Lab): Promise<void> => {
  const status = { loadBalancer: { ingress: [{ ip: vip }] } }
  const answer = await lab.api.request("PATCH", `${servicePath}/status`, { status }, "application/merge-patch+json")
  assert.equal(answer.status, 200)
  // A node's own question goes through its own rules.
  await untilAllAnswer(
    lab,
    ["attic-1", "attic-2", "attic-3"].map((node) => [node, whoami] as const),
  )
}

const seenFrom = async (lab: Lab, machine: string): Promise<string | undefined> => {
  const answer = await lab.ask(machine, whoami)
  return answer.kind === "answered" ? answer.greeting?.seen : answer.kind
}

const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (const end = Date.now() + 10_000; Date.now() < end; await pause(20)) if (await holds()) return
  assert.fail("it did not come to that in 10 s")
}

const macsOf = (report: ArpingReport): string[] => Object.keys(report.macs).sort()

const endpointsOf = async (lab: Lab): Promise<number> => {
  const { body } = await lab.api.request("GET", "/apis/discovery.k8s.io/v1/namespaces/demo/endpointslices/whoami-ipv4")
  return Array.isArray(body["endpoints"]) ? body["endpoints"].length : 0
}

const pidOf = (lab: Lab, machine: string): number => {
  const state = lab.programs.find(({ spec }) => spec.machine === machine)?.state()
  return state?.kind === "running" || state?.kind === "frozen" ? state.pid : 0
}

const carrierOf = (machine: string): string => {
  const shown = inNamespace(machine, () => spawnSync("ip", ["-j", "link", "show", "dev", "eth0"], { encoding: "utf8" }))
  return shown.stdout.includes("NO-CARRIER") ? "0" : "1"
}

const listenUdp = (machine: string, port: number): (() => number) => {
  let heard = 0
  const socket = createSocket("udp6").on("message", () => heard++)
  socket.bind({ fd: bindSocket(machine, "udp", "any", port) })
  return () => heard
}

const canConnect = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = createConnection(path)
    socket.on("connect", () => resolve(true)).on("error", () => resolve(false))
  })
