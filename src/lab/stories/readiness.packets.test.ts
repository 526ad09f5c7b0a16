import assert from "node:assert/strict"
import { setTimeout as pause } from "node:timers/promises"
import { packetTest } from "../packet-test.ts"
import { assertMoves, nodes, nowMs, others, raiseStory, type Story, until } from "./story-lab.ts"

packetTest(
  import.meta.url,
  "the holder's service proxy stands still as pods change: another that is ready takes the address; where all stand still nothing moves and the finding says so",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes)
    await story.break(holder, "proxy")
    const changed = nowMs()
    await createPod(story, "second")
    const next = await story.untilAnswers(...others(holder))
    assert.deepEqual(
      story.spokeSince(changed).filter((node) => node !== holder),
      [next],
    )
    await assertMoves(story, 1)
    await story.break(undefined, "proxy")
    await createPod(story, "third")
    await until(async () => (await story.findings(next)).includes("nobody-takes"))
    assert.equal(await story.answerer(20), next)
    await story.mend()
    await until(async () => !(await story.findings(next)).includes("nobody-takes"))
    assert.equal(await story.answerer(20), next)
    await assertMoves(story, 1)
  },
)

packetTest(
  import.meta.url,
  "a node that shuts down has given its address away before its power goes: no visitor notices, and it comes back with nothing",
  async (directory) => {
    const story = await raiseStory(directory)
    const holder = await story.untilAnswers(...nodes.filter((node) => node !== "attic-1"))
    const asker = story.lab.startAsker("laptop", { address: "192.168.40.200", port: 80, protocol: "TCP" }, 50)
    await pause(500)
    await story.break(holder, "shutdown")
    const { body } = await story.lab.api.request("GET", `/api/v1/nodes/${holder}`)
    assert.match(JSON.stringify(body["status"]), /"node is shutting down"/)
    const next = await story.untilAnswers(...others(holder))
    await pause(1000)
    const { asked, lost } = await asker.stop()
    assert.ok(asked > 50)
    assert.equal(lost, 0, `${lost} of ${asked} lost`)
    await story.mend(holder)
    await until(() => story.takesPart(holder))
    await until(async () => {
      const node = await story.lab.api.request("GET", `/api/v1/nodes/${holder}`)
      return !JSON.stringify(node.body["status"]).includes("shutting down")
    })
    assert.equal(await story.answerer(20), next)
  },
)

/** One more pod behind the Service: every node's service proxy has something to do. */
const createPod = async ({ lab }: Story, name: string): Promise<void> => {
  const { status } = await lab.api.request("POST", "/api/v1/namespaces/demo/pods", {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, labels: { "app.kubernetes.io/name": "whoami" } },
    spec: {
      nodeName: "attic-2",
      containers: [{ name: "whoami", image: "lab/whoami", ports: [{ name: "http", containerPort: 8080 }] }],
    },
  })
  assert.equal(status, 201)
}
