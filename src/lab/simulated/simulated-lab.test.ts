import assert from "node:assert/strict"
import { join } from "node:path"
import { test } from "node:test"
import { listAt, textAt } from "../../kubernetes/json.ts"
import { isUnreadable, readScenario, type Scenario } from "../scenario.ts"
import { withBothFamilies } from "../stories/altered-scenario.ts"
import { raiseSimulated, type SimulatedLab } from "./simulated-lab.ts"
import { simulatedControl } from "./simulated-control.ts"
import { askerPatienceMs } from "./visitors.ts"

const vip = "192.168.40.200"
const whoami = { address: vip, port: 80, protocol: "TCP" } as const
const servicePath = "/api/v1/namespaces/demo/services/whoami"

test("the same seed tells the same story, another one another", async () => {
  const story = async (seed: number): Promise<string> => {
    const lab = await raise(seed)
    lab.run(1000)
    lab.damage.break("attic-3", "power")
    lab.run(2000)
    return JSON.stringify([lab.log(), lab.objects()])
  }
  const [first, again, other] = [await story(1), await story(1), await story(2)]
  assert.equal(first, again)
  assert.notEqual(first, other)
})

test("a pod sees the visitor as flannel would show it: from the entry node, or itself under policy Local", async () => {
  const lab = await settled()
  assert.equal(seen(lab), "10.244.3.0")
  lab.request("PATCH", servicePath, { spec: { externalTrafficPolicy: "Local" } })
  lab.runUntil(() => lab.answererOf(vip) === "attic-1", 10_000)
  assert.equal(seen(lab), "192.168.40.23")
})

test("a visitor notices a dead node for the length of one gap, and its return not at all", async () => {
  const lab = await settled()
  const asker = lab.startAsker(whoami, 200)
  lab.run(500)
  lab.damage.break("attic-3", "power")
  lab.run(2000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.damage.mend("attic-3", undefined)
  lab.run(3000)
  asker.stop()
  lab.run(askerPatienceMs)
  const { gaps, answered } = asker.report()
  assert.equal(gaps.length, 1)
  assert.ok(gaps[0]!.lengthMs > 300 && gaps[0]!.lengthMs < 700, `${gaps[0]!.lengthMs} ms`)
  assert.ok(answered > 800)
  assert.equal(lab.answererOf(vip), "attic-2")
})

for (const fault of ["cable", "cable=eth0", "carrier", "carrier=eth0", "blocked", "shutdown", "speaker", "freeze"])
  test(`${fault}: another answers, and one alone when it is mended`, async () => {
    const lab = await settled()
    lab.damage.break("attic-3", fault)
    lab.run(3000)
    assert.equal(lab.answererOf(vip), "attic-2")
    lab.damage.mend("attic-3", fault)
    lab.run(3000)
    assert.equal(lab.stationsOf(vip).length, 1)
    assert.equal(lab.ask(whoami).kind, "answered")
  })

test("a fault that was broken for a time mends itself", async () => {
  const lab = await settled()
  assert.equal(lab.damage.break("attic-3", "blocked=5s").kind, "done")
  assert.equal(lab.damage.break("attic-3", "blocked").kind, "refused")
  lab.run(3000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.run(5000)
  assert.deepEqual(lab.damage.active(), [])
  assert.equal(lab.stationsOf(vip).length, 1)
  assert.equal(lab.damage.mend("attic-3", "blocked").kind, "refused")
})

test("a port that flaps ten times in five seconds: one move, none back, one answerer", async () => {
  const lab = await settled()
  lab.damage.break("attic-3", "flap=5s")
  lab.run(5000 + 3000)
  assert.equal(lab.stationsOf(vip).length, 1)
  const taken = lab.log().filter(({ who, says }) => / moves from attic-/.test(says) && says.includes(`to ${who}`))
  assert.ok(taken.length <= 1, taken.map(({ says }) => says).join())
})

test("a node that shuts down hands its address over before it goes", async () => {
  const lab = await settled()
  const asker = lab.startAsker(whoami, 200)
  lab.run(500)
  lab.damage.break("attic-3", "shutdown")
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-2")
  asker.stop()
  lab.run(askerPatienceMs)
  assert.equal(asker.report().lost, 0)
  lab.damage.mend("attic-3", "shutdown")
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-2")
})

test("a service proxy that stands still gives its addresses away at the next change; where all do, nothing moves", async () => {
  const lab = await settled()
  lab.damage.break("attic-3", "proxy")
  createPod(lab, "second")
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.damage.break(undefined, "proxy")
  createPod(lab, "third")
  lab.run(30_000)
  assert.equal(lab.answererOf(vip), "attic-2")
  const { body } = lab.request("GET", "/apis/porchlight.dev/v1alpha1/speakers/attic-2")
  assert.deepEqual(
    listAt(body, "status", "findings").map((finding) => textAt(finding, "code")),
    ["nobody-takes"],
  )
  lab.damage.mend(undefined, undefined)
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-2")
})

test("a service proxy freezes and nothing changes: its addresses are elsewhere within five seconds; where all freeze, nothing moves", async () => {
  const lab = await settled()
  lab.damage.break("attic-3", "proxy")
  lab.run(5000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.damage.mend(undefined, undefined)
  lab.run(60_000)
  lab.damage.break(undefined, "proxy")
  lab.run(60_000)
  assert.equal(lab.answererOf(vip), "attic-2")
  const { body } = lab.request("GET", "/apis/porchlight.dev/v1alpha1/speakers/attic-2")
  assert.deepEqual(
    listAt(body, "status", "findings").map((finding) => textAt(finding, "code")),
    ["nobody-takes"],
  )
})

test("what only a kernel can break is refused, with the way to it", async () => {
  const lab = await raise(1)
  for (const fault of ["mtu=1280", "ipv6"])
    assert.match(lab.damage.break("attic-3", fault).says, /needs real packets: raise the lab without --wire=simulated/)
  assert.match(lab.damage.break("attic-3", "cable=eth7").says, /attic-3 has no link eth7; it has: eth0/)
})

for (const how of ["mute", "410", "429", "503", "cut", "slow"])
  test(`api=${how}: a death is repaired all the same, what came meanwhile is done when it is over, and nothing moves`, async () => {
    const lab = await settled()
    assert.equal(lab.damage.break(undefined, `api=${how}`).kind, "done")
    assert.equal(lab.damage.break(undefined, "api=500").kind, "refused")
    lab.damage.break("attic-3", "power")
    assert.ok(lab.runUntil(() => lab.answererOf(vip) === "attic-2", 2000))
    createService(lab, "second")
    lab.run(30_000)
    lab.damage.mend(undefined, undefined)
    lab.run(20_000)
    const addresses = lab.services().flatMap((service) => service.addresses)
    assert.equal(addresses.length, 2)
    for (const address of addresses) assert.equal(lab.ask({ address, port: 80, protocol: "TCP" }).kind, "answered")
    assert.equal(lab.answererOf(vip), "attic-2")
  })

test("with the API away for everybody a node dies and another answers all the same", async () => {
  const lab = await settled()
  lab.damage.break(undefined, "api")
  lab.run(1000)
  lab.damage.break("attic-3", "power")
  lab.run(2000)
  assert.equal(lab.answererOf(vip), "attic-2")
  lab.damage.mend(undefined, "api")
  lab.run(60_000)
  const speaker = lab.request("GET", "/apis/porchlight.dev/v1alpha1/speakers/attic-2")
  assert.match(JSON.stringify(speaker.body["status"]), /192\.168\.40\.200/)
})

for (const fault of ["beats", "loss=10%"])
  test(`${fault} on every node: nobody answers twice, and the address stays where it is`, async () => {
    const lab = await settled()
    const [before] = lab.stationsOf(vip)
    for (const node of ["attic-1", "attic-2", "attic-3"]) lab.damage.break(node, fault)
    for (let i = 0; i < 100; i++) {
      assert.ok(lab.stationsOf(vip).length <= 1)
      lab.run(100)
    }
    for (const node of ["attic-1", "attic-2", "attic-3"]) lab.damage.mend(node, fault)
    lab.run(5000)
    assert.deepEqual(
      lab.stationsOf(vip).map(({ mac }) => mac),
      [before?.mac],
    )
  })

test("a speaker that is restarted keeps its addresses", async () => {
  const lab = await settled()
  const [before] = lab.stationsOf(vip)
  lab.speaker("attic-3")?.restart()
  lab.run(3000)
  assert.deepEqual(
    lab.stationsOf(vip).map(({ mac }) => mac),
    [before?.mac],
  )
})

test("a pod whose node is given up takes no visitors after the grace time", async () => {
  const lab = await settled()
  lab.damage.break("attic-1", "power")
  assert.equal(lab.ask(whoami).kind, "timeout")
  lab.run(lab.scenario.layout.nodeGraceMs + 1000)
  assert.equal(lab.ask(whoami).kind, "refused")
  assert.equal(
    textAt(lab.request("GET", "/api/v1/nodes/attic-1").body, "status", "nodeInfo", "kubeletVersion"),
    "v1.35.0",
  )
})

test("a machine that answers for an address of ours is heard beside us", async () => {
  const lab = await settled()
  lab.damage.break("laptop", "power")
  lab.damage.mend("laptop", undefined)
  lab.damage.break("router", `twin=${vip}`)
  assert.equal(lab.stationsOf(vip).length, 2)
})

test("both families of a Service are answered by one node, and go to the next together", async () => {
  const lab = await raiseSimulated(withBothFamilies(firstLight()), options(1))
  lab.run(2000)
  const [service] = lab.services()
  assert.deepEqual(service?.addresses, [vip, "fd00:40::200"])
  assert.deepEqual(service.addresses.map(lab.answererOf), ["attic-3", "attic-3"])
  lab.damage.break("attic-3", "power")
  lab.run(2000)
  assert.deepEqual(service.addresses.map(lab.answererOf), ["attic-2", "attic-2"])
  const answer = lab.ask({ address: "fd00:40::200", port: 80, protocol: "TCP" })
  assert.equal(answer.kind === "answered" && answer.greeting?.seen, "fd00:244:2::")
})

test("one way from A to B breaks what A sends to B, whoever is named before it", async () => {
  const lab = await settled()
  assert.equal(lab.damage.break(undefined, "oneway=attic-3>laptop").says, "attic-3: oneway=laptop")
  assert.deepEqual([lab.stationsOf(vip, "laptop").length, lab.stationsOf(vip, "router").length], [0, 1])
  assert.equal(lab.damage.break("attic-1", "oneway=attic-3>laptop").kind, "refused")
  assert.equal(lab.damage.break("attic-3", "oneway=nobody").kind, "refused")
  assert.equal(lab.damage.mend(undefined, "oneway=attic-3>laptop").says, "mended attic-3: oneway=laptop")
  assert.equal(lab.stationsOf(vip, "laptop").length, 1)
})

test("what cannot be broken is refused with what there is", async () => {
  const control = simulatedControl(await raise(1))
  const answer = await control.break({ machine: "attic-9", fault: "power" })
  assert.equal(answer.kind, "refused")
  assert.match(answer.says, /attic-9 is no machine; there are: router, attic-1/)
  assert.equal((await control.break({ machine: "laptop", fault: "speaker" })).kind, "refused")
  assert.equal((await control.break({ machine: "attic-1", fault: "rain" })).kind, "refused")
  await assert.rejects(control.readAsker({ asker: 7 }), /no asker 7/)
})

test("what makes no sense is refused with a sentence, and nothing is broken by it", async () => {
  const control = simulatedControl(await raise(1))
  for (const [fault, says] of [
    ["twin=::", /^:: is the unspecified address/],
    ["twin=0.0.0.0", /is the unspecified address/],
    ["twin=127.0.0.1", /is a loopback address/],
    ["twin=ff02::1", /is a multicast address/],
    ["twin=224.0.0.251", /is a multicast address/],
    ["twin=255.255.255.255", /is the broadcast address/],
    ["twin=::ffff:102:304", /is an IPv4-mapped address/],
    ["twin=192.168.40.31", /is attic-1's own address: name one that another machine answers for/],
    ["oneway=attic-1", /attic-1 sends itself nothing/],
  ] as const) {
    const answer = await control.break({ machine: "attic-1", fault })
    assert.equal(answer.kind, "refused", fault)
    assert.match(answer.says, says)
  }
  const { machines, faults } = await control.status({})
  assert.deepEqual([machines.flatMap((machine) => machine.faults), faults], [[], []])
})

test("what is everybody's stands alone in words", async () => {
  const control = simulatedControl(await raise(1))
  assert.equal((await control.break({ machine: undefined, fault: "api" })).says, "api")
  assert.match((await control.break({ machine: undefined, fault: "api" })).says, /^api is broken already/)
  assert.equal((await control.mend({ machine: undefined, fault: undefined })).says, "mended api")
})

const root = join(import.meta.dirname, "../../..")
const options = (seed: number) => ({ seed, crds: join(root, "deploy/crds"), version: "test" })

const firstLight = (): Scenario => {
  const scenario = readScenario(join(root, "scenarios/first-light"))
  assert.ok(!isUnreadable(scenario))
  return scenario
}

const raise = (seed: number): Promise<SimulatedLab> => raiseSimulated(firstLight(), options(seed))

/** attic-3 answers, and everybody has seen it do so for a while. */
const settled = async (): Promise<SimulatedLab> => {
  const lab = await raise(1)
  lab.run(2000)
  assert.equal(lab.answererOf(vip), "attic-3")
  return lab
}

/** One more pod behind the Service: every node's service proxy has something to do. */
const createPod = (lab: SimulatedLab, name: string): unknown =>
  lab.request("POST", "/api/v1/namespaces/demo/pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { "app.kubernetes.io/name": "whoami" } },
    spec: {
      nodeName: "attic-2",
      containers: [{ name: "whoami", image: "lab/whoami", ports: [{ name: "http", containerPort: 8080 }] }],
    },
  })

const createService = (lab: SimulatedLab, name: string): unknown =>
  lab.request("POST", "/api/v1/namespaces/demo/services", {
    apiVersion: "v1",
    kind: "Service",
    metadata: { name },
    spec: {
      type: "LoadBalancer",
      selector: { "app.kubernetes.io/name": "whoami" },
      ports: [{ name: "http", port: 80, targetPort: "http", protocol: "TCP" }],
    },
  })

const seen = (lab: SimulatedLab): string | undefined => {
  const answer = lab.ask(whoami)
  return answer.kind === "answered" ? answer.greeting?.seen : answer.kind
}
