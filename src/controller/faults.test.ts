import assert from "node:assert/strict"
import { test } from "node:test"
import type { Act, Shape } from "../../simulation/controllers/act.ts"
import { simulate } from "../../simulation/controllers/simulate.ts"
import { statusOf } from "../../simulation/controllers/truth.ts"
import type { Story, World } from "../../simulation/controllers/world.ts"
import { listAt, numberAt, textAt } from "../kubernetes/json.ts"

/**
 * Single stories of the world in which one or two controllers live (simulation/controllers): every law of that world
 * holds in each, above all that no address is given twice, none changes unasked, and all settles.
 */

test("two lead at once, because whoever asks is told that he leads: every address is given once (fault 34)", () => {
  const world = told([
    ...start(2),
    pool("first", "10.69.1.150-10.69.1.155"),
    { at: 3000, do: "false-leases", forMs: 20_000 },
    ...["media/a", "media/b", "media/c", "home/d"].map((name, index) => service(name, 4000 + index * 400)),
  ])
  assert.equal(new Set(["media/a", "media/b", "media/c", "home/d"].map((name) => address(world, name))).size, 4)
})

test("a leader that a pause cut off, and does not know it, takes nothing from Services it never saw (fault 34)", () => {
  for (let seed = 1; seed <= 8; seed++) {
    const acts = [
      ...start(2),
      pool("first", "10.69.1.150-10.69.1.155"),
      { at: 5000, do: "fall", who: "leader", fall: { kind: "freeze", forMs: 30_000, seen: false } } as const,
      { at: 7000, do: "compact" } as const,
      service("media/a", 23_000),
      service("media/b", 24_000),
    ]
    const world = told(acts, { seed, calmFromMs: 45_000 })
    assert.deepEqual([address(world, "media/a"), address(world, "media/b")], ["10.69.1.150", "10.69.1.151"])
  }
})

test("a follower that knows the ledger better than the Services takes over: nobody loses his address (fault 34)", () => {
  for (let seed = 1; seed <= 20; seed++)
    told(
      [
        ...start(2),
        pool("first", "10.69.1.150-10.69.1.155"),
        service("media/a", 4000),
        { at: 9800, do: "lag", lateMs: 30_000, lists: false, forMs: 40_000 },
        { at: 9900, do: "compact" },
        service("media/b", 10_900),
        service("media/c", 11_000),
        { at: 11_500, do: "fall", who: "leader", fall: { kind: "crash", backMs: undefined } },
      ],
      { seed },
    )
})

test("a pool shrinks below its use: who is still in it keeps his address, the others get another (fault 35)", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.157"),
    service("media/a", 1000),
    service("media/b", 1100),
    service("media/c", 1200, { addresses: "10.69.1.157" }),
    service("home/d", 1300),
    { ...pool("first", "10.69.1.150-10.69.1.151"), at: 5000 },
    { ...pool("second", "10.69.2.10-10.69.2.13"), at: 5100 },
  ])
  assert.deepEqual([address(world, "media/a"), address(world, "media/b")], ["10.69.1.150", "10.69.1.151"])
  assert.deepEqual([address(world, "media/c"), address(world, "home/d")], ["", "10.69.2.10"])
})

test("a pool is deleted and made again: everybody has what he had (fault 35)", () => {
  for (const count of [3, 8]) {
    const names = allNames.slice(0, count)
    const world = told([
      ...start(1),
      pool("first", "10.69.1.150-10.69.1.161"),
      ...names.map((name, index) => service(name, 1000 + index)),
      { at: 5000, do: "delete-pool", pool: "first" },
      { ...pool("first", "10.69.1.150-10.69.1.161"), at: 9000 },
    ])
    assert.deepEqual(
      names.map((name) => address(world, name)),
      names.map((_, index) => `10.69.1.${150 + index}`),
    )
  }
})

test("a full pool: who waits longest gets what is freed, within a second (fault 36)", () => {
  const acts = [
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.151"),
    ...["media/a", "media/b", "media/c", "home/d"].map((name, index) => service(name, 1000 + index * 1000)),
    { at: 8000, do: "delete-service", name: "media/a" } as const,
  ]
  const writes: [number, string][] = []
  simulate(story(acts), (at, text) => void (/PATCH .*"ip":"10.69.1.150"/.test(text) && writes.push([at, text])))
  assert.match(writes.at(-1)![1], /services\/c\/status/)
  assert.ok(writes.at(-1)![0] < 9000)
  assert.equal(address(told(acts), "home/d"), "")
})

test("the API server is away for a minute, its history is forgotten: not one write when it is back (fault 39)", () => {
  for (const how of ["refused", "silent", "html", "throttled"] as const)
    told(
      [
        ...start(2),
        pool("first", "10.69.1.150-10.69.1.161"),
        ...allNames.map((name, index) => service(name, 1000 + index)),
        { at: 9000, do: "outage", how, forMs: 60_000 },
        { at: 69_100, do: "compact" },
      ],
      { silentFromMs: 9000 },
    )
})

test("etcd is restored from a backup: ledger and statuses agree again, and who is in it keeps his address (fault 43)", () => {
  const world = told([
    ...start(2),
    pool("first", "10.69.1.150-10.69.1.157"),
    service("media/a", 1000),
    service("media/b", 1100),
    { at: 2500, do: "backup" },
    { at: 3000, do: "delete-service", name: "media/a" },
    service("media/c", 3500),
    service("media/a", 4000),
    { at: 5000, do: "restore" },
  ])
  assert.deepEqual([address(world, "media/a"), address(world, "media/b")], ["10.69.1.150", "10.69.1.151"])
  assert.equal(world.etcd.get("services", "media/c"), undefined)
})

test("etcd is restored to before an address was given: it is given and told again (fault 43)", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.157"),
    { at: 2000, do: "backup" },
    service("media/a", 2500),
    { at: 3000, do: "restore" },
    service("media/b", 30_000),
  ])
  assert.equal(address(world, "media/b"), "10.69.1.150")
})

test("the definition of pools is deleted: nothing is released, and it is said; back, nothing has moved (fault 67)", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.161"),
    ...allNames.map((name, index) => service(name, 1000 + index)),
    { at: 5000, do: "undefine", resource: "ipaddresspools", forMs: 10_000 },
  ])
  assert.ok(world.remarks.some(({ remark }) => remark.code === "mass-release-held"))
  for (const [index, name] of allNames.entries()) assert.equal(address(world, name), `10.69.1.${150 + index}`)
})

test("pools of few addresses each are deleted one by one with their definition: the brake counts them together (fault 67)", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.151"),
    pool("second", "10.69.2.10-10.69.2.11"),
    ...allNames.slice(0, 4).map((name, index) => service(name, 1000 + index)),
    { at: 5000, do: "undefine", resource: "ipaddresspools", forMs: 10_000 },
  ])
  assert.ok(world.remarks.some(({ remark }) => remark.code === "mass-release-held"))
})

test("the definition of ledgers is deleted: nobody loses his address, and the ledgers are made again (fault 67)", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.161"),
    ...allNames.slice(0, 5).map((name, index) => service(name, 1000 + index)),
    { at: 5000, do: "undefine", resource: "addressledgers", forMs: 10_000 },
  ])
  for (const [index, name] of allNames.slice(0, 5).entries())
    assert.equal(address(world, name), `10.69.1.${150 + index}`)
})

test("a ledger that could not be written for long is made again whole, with everybody's address (fault 67)", () => {
  for (let seed = 1; seed <= 12; seed++)
    told(
      [
        ...start(1),
        pool("first", "10.69.1.150-10.69.1.161"),
        service("media/a", 900),
        service("media/b", 1000),
        service("home/d", 1400, { addresses: "10.69.1.155" }),
        { at: 2800, do: "catch", who: "leader", of: "request", nth: 2, way: "lost", fall: undefined },
        { at: 4300, do: "delete-service", name: "media/b" },
        { at: 5900, do: "undefine", resource: "addressledgers", forMs: 20_000 },
      ],
      { seed },
    )
})

test("a list of pools comes empty, and only two addresses are given: the brake holds them all the same", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.155"),
    service("media/a", 1000),
    service("media/b", 1100),
    { at: 5000, do: "kind", resource: "ipaddresspools", is: "empty", forMs: 5000 },
  ])
  assert.ok(world.remarks.some(({ remark }) => remark.code === "mass-release-held"))
  assert.deepEqual([address(world, "media/a"), address(world, "media/b")], ["10.69.1.150", "10.69.1.151"])
})

test("a release that is held does not become small because one of its Services is deleted", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.155"),
    ...allNames.slice(0, 4).map((name, index) => service(name, 1000 + index)),
    { at: 5000, do: "delete-pool", pool: "first" },
    { at: 6000, do: "delete-service", name: "media/a" },
  ])
  assert.equal(address(world, "media/b"), "10.69.1.151")
})

test("who would share another's address after a release that is held writes nothing into the ledger until then", () => {
  const writes: string[] = []
  const acts = [
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.161"),
    pool("second", "10.69.2.10-10.69.2.13"),
    ...["media/a", "home/e", "home/f"].map((name, index) => service(name, 1000 + index)),
    service("media/c", 1100, { key: "k", pool: "second", ports: ["443/TCP"] }),
    service("home/d", 1200, { key: "k", ports: ["8080/TCP"] }),
    { at: 6000, do: "delete-pool", pool: "first" } as const,
  ]
  told(acts)
  simulate(story(acts), (at, text) => void (at > 6000 && text.includes("PUT") && writes.push(text)))
  assert.deepEqual(
    writes.filter((text) => text.includes("addressledgers")),
    [],
  )
})

test("who is to have an address of a release that is held says so, in condition and event, and has it once that is confirmed", () => {
  const acts = [
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.153"),
    pool("second", "10.69.1.150-10.69.1.153"),
    ...allNames.slice(0, 4).map((name, index) => service(name, 1000 + index, { pool: "first" })),
    service("home/h", 1100, { pool: "second" }),
    { at: 5000, do: "delete-pool", pool: "first" } as const,
  ]
  const condition = (world: World): unknown => {
    const all = listAt(world.etcd.get("services", "home/h"), "status", "conditions")
    return all.map((one) => [textAt(one, "reason"), textAt(one, "message")])[0]
  }
  const world = told(acts)
  const sentence =
    /10.69.1.150 is to be its own, but media\/a has it until a person confirms .*confirm-release=[0-9a-f]{6}/
  assert.match(String(condition(world)), /^ReleaseAwaited,/)
  assert.match(String(condition(world)), sentence)
  const events = [...world.etcd.all("events").values()].filter((event) => sentence.test(textAt(event, "message") ?? ""))
  assert.deepEqual(
    events.map((event) => [textAt(event, "involvedObject", "name"), textAt(event, "reason"), numberAt(event, "count")]),
    [["h", "AllocationFailed", 1]],
  )
  const confirmed = told([...acts, { at: 9000, do: "confirm" }])
  assert.deepEqual([address(confirmed, "home/h"), address(confirmed, "media/a")], ["10.69.1.150", ""])
})

test("a status that is forged while a release is held is put right", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.155"),
    ...allNames.slice(0, 4).map((name, index) => service(name, 1000 + index)),
    { at: 5000, do: "delete-pool", pool: "first" },
    { at: 6000, do: "forge-status", name: "media/a", address: "10.69.1.153" },
  ])
  assert.equal(address(world, "media/a"), "10.69.1.150")
})

test("a ledger write is answered and not kept: it is found out without anybody writing again (149)", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.155"),
    { at: 2000, do: "catch", who: "leader", of: "write", nth: 1, way: "forgotten", fall: undefined },
    service("media/a", 3000),
  ])
  assert.equal(
    [...world.etcd.all("addressledgers").values()].flatMap((one) => listAt(one, "spec", "entries")).length,
    1,
  )
})

test("the answer to a status write comes after the Service was edited, and takes nobody back to before", () => {
  told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.155"),
    { at: 2000, do: "catch", who: "leader", of: "write", nth: 5, way: { answerLateMs: 4000 }, fall: undefined },
    service("media/a", 3000),
    { at: 5000, do: "edit-service", name: "media/a", shape: { ...plain, key: "k" } },
  ])
})

test("who is promised an address is promised no other while that is being written", () => {
  const world = told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.151"),
    pool("second", "10.69.2.10-10.69.2.13"),
    service("media/a", 1000),
    service("media/b", 1100),
    { at: 6200, do: "catch", who: "leader", of: "write", nth: 1, way: { lateMs: 2000 }, fall: undefined },
    service("home/d", 6300),
    { at: 6800, do: "delete-service", name: "media/a" },
  ])
  assert.equal(address(world, "home/d"), "10.69.2.10")
})

test("a Service that never had an address and is no load balancer any more keeps no condition of ours", () => {
  const world = told([
    ...start(1),
    service("media/a", 1000, { pool: "none" }),
    { at: 4000, do: "edit-service", name: "media/a", shape: { ...plain, type: "ClusterIP" } },
  ])
  assert.deepEqual(listAt(world.etcd.get("services", "media/a"), "status", "conditions"), [])
})

test("two leaders who know different Services take and give the same address slowly (fault 43)", () => {
  const fall = { kind: "freeze", forMs: 40_000, seen: false } as const
  for (let seed = 1; seed <= 8; seed++)
    told(
      [
        ...start(1),
        pool("first", "10.69.1.150-10.69.1.161"),
        service("media/a", 100),
        service("media/b", 300),
        service("home/d", 900),
        { at: 1000, do: "catch", who: "leader", of: "write", nth: 1, way: "answer-lost", fall },
        { at: 1100, do: "backup" },
        service("home/g", 2100),
        { at: 4200, do: "restore" },
      ],
      { seed, calmFromMs: 24_000 },
    )
})

test("two leaders who see different pools put each other's status right slowly", () => {
  told([
    ...start(1),
    pool("first", "10.69.1.150-10.69.1.161"),
    service("media/a", 1500, { families: "require" }),
    { at: 4200, do: "kind", resource: "ipaddresspools", is: "empty", forMs: 1000 },
    {
      at: 5300,
      do: "catch",
      who: "leader",
      of: "write",
      nth: 1,
      way: "lost",
      fall: { kind: "freeze", forMs: 40_000, seen: false },
    },
    { at: 11_000, do: "start", hoursOff: 0 },
  ])
})

const allNames = ["media/a", "media/b", "media/c", "home/d", "home/e", "home/f", "home/g", "home/h"]

const plain: Shape = {
  type: "LoadBalancer",
  key: undefined,
  policy: "Cluster",
  app: "x",
  ports: ["80/TCP"],
  addresses: undefined,
  pool: undefined,
  families: "4",
}

const start = (controllers: number): readonly Act[] =>
  Array.from({ length: controllers }, (_, index) => ({ at: index * 20, do: "start", hoursOff: index }))

const pool = (name: string, range: string): Act => ({
  at: 0,
  do: "put-pool",
  pool: name,
  ranges: [range],
  autoAssign: true,
})

const service = (name: string, at: number, shape: Partial<Shape> = {}): Act => ({
  at,
  do: "create-service",
  name,
  shape: { ...plain, ...shape },
})

const story = (acts: readonly Act[], more: Partial<Story> = {}): Story => ({
  profile: "told",
  seed: 8,
  acts: acts.toSorted((a, b) => a.at - b.at),
  calmFromMs: Math.max(...acts.map((act) => act.at + ("forMs" in act ? act.forMs : 0))) + 5000,
  ...more,
})

/** The world at the end of a story in which every law held. */
const told = (acts: readonly Act[], more: Partial<Story> = {}): World => {
  const { world, violations } = simulate(story(acts, more))
  assert.deepEqual(violations, [])
  return world
}

const address = (world: World, name: string): string => {
  const found = world.etcd.get("services", name)
  assert.ok(found !== undefined && textAt(found, "metadata", "uid") !== undefined)
  return statusOf(found).join(" ")
}
