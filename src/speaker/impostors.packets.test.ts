import assert from "node:assert/strict"
import { join } from "node:path"
import { setTimeout as pause } from "node:timers/promises"
import { askInspect } from "../edge/inspect.ts"
import type { Json, JsonObject } from "../kubernetes/http.ts"
import { listAt, textAt } from "../kubernetes/json.ts"
import { openArpSocket } from "../lab/actors/arping.ts"
import { startEmbeddedApi } from "../lab/embedded-api.ts"
import { type Lab, raiseLab } from "../lab/lab.ts"
import { setKernelSetting } from "../lab/namespace.ts"
import { packetTest } from "../lab/packet-test.ts"
import { startSecondCluster } from "../lab/second-cluster.ts"
import { isUnreadable, readScenario, type Scenario } from "../lab/scenario.ts"
import { runInNamespace } from "../lab/topology/build.ts"
import { type Ipv4, parseIpv4 } from "../net/address.ts"
import { broadcastMac, parseMac, printMac } from "../net/mac.ts"
import { arpRequest } from "../protocol/arp/frames.ts"
import { type ArpPacket, parseArp } from "../protocol/arp/packet.ts"

const address = "192.168.40.200"
const laptopMac = "52:54:00:28:00:17"
/** A claim is announced again after 1.1, 3 and 5 s. */
const announcedForMs = 5500
const nodes = ["attic-1", "attic-2", "attic-3"]

packetTest(
  import.meta.url,
  "a bystander answers for a held address: named in finding, event and condition; no war, no move; the holder dies, another answers",
  async (directory) => {
    const lab = await raise(directory)
    const holder = nodeOf(await answerer(lab))
    await lab.damage.break("laptop", `twin=${address}`)
    await until(async () => (await toldBy(directory, holder)).includes(`${laptopMac} unknown`))
    await until(async () =>
      /52:54:00:28:00:17 on eth0 also answers for 192\.168\.40\.200: it is/.test(await eventsOf(lab)),
    )
    await until(async () => (await announced(lab, "whoami")).includes(`${laptopMac} (unknown: a machine that is none`))
    assert.deepEqual(await ingressOf(lab, "whoami"), [address])
    await pause(announcedForMs)
    const frames = (await capture(lab, 12_000)).filter(({ destination }) => destination === broadcastMac)
    const spoken = frames.filter(
      ({ senderAddress, senderMac }) => senderAddress === ipv4(address) && senderMac !== parseMac(laptopMac),
    )
    assert.ok(
      spoken.every(({ senderMac }) => nodeOf(printMac(senderMac)) === holder),
      "nobody but the holder speaks for it",
    )
    assert.ok(spoken.length <= 2, `${spoken.length} defences in 12 s (RFC 5227: one in ten)`)
    const questions = frames.filter(
      ({ senderAddress, targetAddress }) => targetAddress === ipv4(address) && senderAddress !== ipv4(address),
    )
    assert.ok(questions.length <= 30, `${questions.length} questions in 12 s`)
    await lab.damage.break(holder, "power")
    await until(async () => (await answerers(lab)).some((mac) => mac !== laptopMac && nodeOf(mac) !== holder))
    const next = nodeOf((await answerers(lab)).find((mac) => mac !== laptopMac)!)
    await until(async () => (await toldBy(directory, next)).includes(`${laptopMac} unknown`))
  },
)

packetTest(
  import.meta.url,
  "a DHCP client holds the address that a new Service is given: it is named, not renumbered and not announced, and used once it is free",
  async (directory) => {
    const lab = await raise(directory)
    const taken = "192.168.40.201"
    const laptop = lab.machine("laptop")!
    const socket = openArpSocket(laptop, () => undefined)
    socket.send(
      arpRequest({
        mac: parseMac(laptopMac)!,
        sender: 0 as Ipv4,
        target: ipv4(taken),
        destination: broadcastMac,
        sealedToken: undefined,
      }),
    )
    socket.close()
    await lab.damage.break("laptop", `twin=${taken}`)
    const [frames] = await Promise.all([capture(lab, 5000), createService(lab, "second")])
    await until(async () =>
      (await announced(lab, "second")).includes(`${laptopMac} (dhcp-client: probably a DHCP client)`),
    )
    assert.deepEqual(await ingressOf(lab, "second"), [taken])
    const spoken = frames.filter(
      ({ senderAddress, senderMac }) => senderAddress === ipv4(taken) && senderMac !== parseMac(laptopMac),
    )
    assert.deepEqual(spoken, [], "nobody of us speaks for it")
    await lab.damage.mend("laptop", `twin=${taken}`)
    await until(async () => (await lab.arping("router", taken, 1)).answered === 1)
    assert.deepEqual(await ingressOf(lab, "second"), [taken])
  },
)

packetTest(
  import.meta.url,
  "every node's kernel answers, and a proxy for everything: each is named as what it is, one node holds, and it moves when that dies",
  async (directory) => {
    const lab = await raise(directory)
    const holder = nodeOf(await answerer(lab))
    const others = nodes.filter((node) => node !== holder)
    for (const node of nodes) await lab.damage.break(node, `twin=${address}`)
    const wanted = others.map((node) => `${macOf(node)} member`)
    await until(async () =>
      wanted.every(
        (
          (told) => (one: string) =>
            told.includes(one)
        )(await toldBy(directory, holder)),
      ),
    )
    await answerForEverything("laptop")
    await until(async () => (await toldBy(directory, holder)).includes(`${laptopMac} answers-for-everything`))
    assert.deepEqual(await ingressOf(lab, "whoami"), [address])
    await lab.damage.break(holder, "power")
    await until(async () => (await holdersOf(directory, others)).length === 1)
    await pause(1500)
    assert.equal((await holdersOf(directory, others)).length, 1, "and one it stays")
  },
)

packetTest(
  import.meta.url,
  "two clusters share a pool: the second does not announce what the first holds, both name the other, and the first fails over",
  async (directory) => {
    const lab = await raise(directory)
    const holder = nodeOf(await answerer(lab))
    const cellar = await startSecondCluster(directory, lab.machine("laptop")!, scenarioHere(), crds, own)
    try {
      await until(async () => (await toldBy(directory, holder)).includes(`${laptopMac} other-cluster`))
      await until(async () => (await toldBy(directory, "cellar")).includes(`${macOf(holder)} other-cluster`))
      await until(async () => announcedMessage(await cellar.service()).includes(`is wanted by ${macOf(holder)}`))
      assert.deepEqual(await answerers(lab), [macOf(holder)])
      await lab.damage.break(holder, "power")
      await until(async () => (await answerers(lab)).some((mac) => mac !== macOf(holder)))
      assert.deepEqual(await ingressOf(lab, "whoami"), [address])
    } finally {
      cellar.end()
    }
  },
)

const root = join(import.meta.dirname, "../..")
const crds = join(root, "deploy/crds")
const own = (name: string): readonly [string, ...string[]] => [process.execPath, join(root, "src/main/cli.ts"), name]

const scenarioHere = (): Scenario => {
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  return scenario
}

const raise = async (directory: string): Promise<Lab> => {
  const options = { directory, crds, controller: own("controller"), speaker: own("speaker") }
  const lab = await raiseLab(scenarioHere(), { ...options, startApi: startEmbeddedApi, report: () => undefined })
  await until(async () => (await lab.arping("router", address, 1)).answered === 1)
  return lab
}

const ipv4 = (text: string): Ipv4 => parseIpv4(text)!

/** The MACs of the scenario end in the node's number. */
const nodeOf = (mac: string): string => `attic-${Number(mac.slice(-2))}`
const macOf = (node: string): string => `52:54:00:28:00:0${node.slice(-1)}`

const answerers = async (lab: Lab): Promise<readonly string[]> =>
  Object.keys((await lab.arping("router", address, 3)).macs)

const answerer = async (lab: Lab): Promise<string> => {
  const [mac, ...more] = await answerers(lab)
  assert.ok(mac !== undefined && more.length === 0, [mac, ...more].join())
  return mac
}

/** A real proxy: it has a way to all pool addresses through another link, and answers for them. */
const answerForEverything = async (machine: string): Promise<void> => {
  await runInNamespace(machine, ["ip", "link", "add", "beyond", "type", "veth", "peer", "name", "nowhere"])
  for (const link of ["beyond", "nowhere"]) await runInNamespace(machine, ["ip", "link", "set", link, "up"])
  await runInNamespace(machine, ["ip", "route", "add", "192.168.40.192/26", "dev", "beyond"])
  setKernelSetting(machine, "ipv4/ip_forward", "1")
  setKernelSetting(machine, "ipv4/neigh/eth0/proxy_delay", "0")
  setKernelSetting(machine, "ipv4/conf/eth0/proxy_arp", "1")
}

/** All ARP that the router hears in that time. */
const capture = async (lab: Lab, forMs: number): Promise<readonly ArpPacket[]> => {
  const frames: ArpPacket[] = []
  const socket = openArpSocket(lab.machine("router")!, (frame) => {
    const packet = parseArp(frame)
    if (packet.kind === "arp") frames.push(packet)
  })
  await pause(forMs)
  socket.close()
  return frames
}

const inspect = async (directory: string, node: string): Promise<Json> => {
  const answer = await askInspect(join(directory, "inspect", `${node}.sock`), "all", 2000)
  return typeof answer === "object" && answer !== null && "code" in answer ? {} : answer
}

/** Strangers that a speaker tells of: MAC and class. */
const toldBy = async (directory: string, node: string): Promise<readonly string[]> =>
  listAt(await inspect(directory, node), "findings")
    .filter((finding) => textAt(finding, "code") === "foreign-answer")
    .map((finding) => `${textAt(finding, "facts", "mac")} ${textAt(finding, "facts", "class")}`)

const holdersOf = async (directory: string, among: readonly string[]): Promise<readonly string[]> => {
  const answers = await Promise.all(among.map((node) => inspect(directory, node)))
  return among.filter((_, i) => listAt(answers[i], "answers").length > 0)
}

const serviceIn = async (lab: Lab, name: string): Promise<JsonObject> =>
  (await lab.api.request("GET", `/api/v1/namespaces/demo/services/${name}`)).body

const announcedMessage = (service: JsonObject): string =>
  listAt(service, "status", "conditions")
    .filter((condition) => textAt(condition, "type") === "porchlight.dev/Announced")
    .map((condition) => textAt(condition, "message") ?? "")
    .join()

const announced = async (lab: Lab, name: string): Promise<string> => announcedMessage(await serviceIn(lab, name))

const ingressOf = async (lab: Lab, name: string): Promise<readonly (string | undefined)[]> =>
  listAt(await serviceIn(lab, name), "status", "loadBalancer", "ingress").map((one) => textAt(one, "ip"))

const eventsOf = async (lab: Lab): Promise<string> =>
  listAt((await lab.api.request("GET", "/api/v1/namespaces/demo/events")).body, "items")
    .map((event) => textAt(event, "message"))
    .join("\n")

const createService = async (lab: Lab, name: string): Promise<void> => {
  const { body, status } = await lab.api.request("POST", "/api/v1/namespaces/demo/services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name, namespace: "demo" },
    spec: {
      type: "LoadBalancer",
      selector: { "app.kubernetes.io/name": "whoami" },
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
    },
  })
  assert.equal(status, 201, JSON.stringify(body))
}

/** A busy machine takes its time; a test that waits for what never comes is ended from outside. */
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  while (!(await holds())) await pause(20)
}
