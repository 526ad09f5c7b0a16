import { createRandom, type Random } from "../random.ts"
import type { Act, Fall, Shape, Way } from "./act.ts"
import type { Refusal } from "./api-server.ts"
import type { Story } from "./world.ts"

/** A family of stories: the same kind of thing befalls other clusters at other moments. */
export type Profile = { readonly name: string; readonly story: (seed: number) => Story }

type Draft = { readonly acts: readonly Act[]; readonly calmFromMs: number; readonly silentFromMs?: number }

export const profile = (name: string, draft: (random: Random) => Draft): Profile => ({
  name,
  story: (seed) => {
    let salt = 0
    for (const letter of name) salt = (Math.imul(salt, 31) + letter.charCodeAt(0)) | 0
    const drawn = draft(createRandom(seed * 7919 + (salt >>> 0)))
    return { ...drawn, profile: name, seed, acts: drawn.acts.toSorted((a, b) => a.at - b.at) }
  },
})

const names = ["media/a", "media/b", "media/c", "home/d", "home/e", "home/f", "home/g", "home/h"]
const firstRanges = [
  ["10.69.1.150-10.69.1.152"],
  ["10.69.1.150-10.69.1.155"],
  ["10.69.1.150-10.69.1.161"],
  ["10.69.1.150-10.69.1.157", "fd00:69::1-fd00:69::6"],
]
const secondRanges = [["10.69.2.10-10.69.2.13"], ["10.69.1.153-10.69.1.156"]]

/** What Services ask for: most of them nothing in particular, so that they compete. */
export const drawShape = (random: Random): Shape => {
  const wishes = random.unit()
  return {
    type: random.chance(0.93) ? "LoadBalancer" : "ClusterIP",
    key: random.chance(0.35) ? random.pick(["k", "k", "m"]) : undefined,
    policy: random.chance(0.2) ? "Local" : "Cluster",
    app: random.pick(["x", "y"]),
    ports: random.pick([["80/TCP"], ["443/TCP"], ["53/UDP"], ["53/TCP", "53/UDP"], ["8080/TCP"]]),
    addresses: wishes < 0.15 ? `10.69.1.${150 + random.below(7)}` : undefined,
    pool: wishes > 0.92 ? random.pick(["first", "second"]) : undefined,
    families: random.pick(["4", "4", "4", "4", "4", "prefer", "require", "6"]),
  }
}

const startAll = (random: Random, controllers: number): readonly Act[] =>
  Array.from({ length: controllers }, (_, index) => ({
    at: index === 0 ? random.unit() * 50 : random.unit() * 3000,
    do: "start",
    hoursOff: random.pick([0, 0, 1, -1]),
  }))

export const pools = (random: Random): readonly Act[] => [
  { at: 0, do: "put-pool", pool: "first", ranges: random.pick(firstRanges), autoAssign: true },
  ...(random.chance(0.4)
    ? [{ at: 0, do: "put-pool", pool: "second", ranges: secondRanges[0]!, autoAssign: random.chance(0.8) } as const]
    : []),
]

/** Services come, change and go between those two moments. */
const churn = (random: Random, from: number, to: number, count: number): readonly Act[] =>
  Array.from({ length: count }, (): Act => {
    const [at, name] = [random.between(from, to), random.pick(names)]
    const what = random.unit()
    if (what < 0.5) return { at, do: "create-service", name, shape: drawShape(random) }
    if (what < 0.7) return { at, do: "delete-service", name }
    if (what < 0.94) return { at, do: "edit-service", name, shape: drawShape(random) }
    if (what < 0.97) return { at, do: "wipe-status", name }
    return { at, do: "forge-status", name, address: `10.69.1.${150 + random.below(4)}` }
  })

/** So many Services that stand before anything befalls anybody. */
const standing = (random: Random, count: number): readonly Act[] =>
  names.slice(0, count).map((name) => ({
    at: random.between(0, 1500),
    do: "create-service",
    name,
    shape: drawShape(random),
  }))

const refusalsOfWrites: readonly Refusal[] = ["conflict", "throttled", "html", "unavailable", "broken", "forbidden"]

const drawWay = (random: Random): Way =>
  random.pick<Way>([
    "lost",
    "answer-lost",
    "cut",
    { lateMs: random.pick([50, 1000, 6000, 25_000]) },
    { answerLateMs: random.pick([50, 1000, 4000, 6000]) },
    { refused: random.pick(refusalsOfWrites) },
    { refused: random.pick<Refusal>(["expired", "too-large"]) },
  ])

const drawFall = (random: Random): Fall =>
  random.chance(0.5)
    ? { kind: "crash", backMs: random.pick([undefined, 10, 500, 5000]) }
    : { kind: "freeze", forMs: random.pick([100, 4000, 12_000, 20_000, 40_000]), seen: random.chance(0.5) }

const forgotten: Way = "forgotten"

/** One request is caught: before it is sent, when it was carried out and nobody saw the answer, or late. */
const drawCatch = (random: Random, at: number): Act => ({
  at,
  do: "catch",
  who: random.pick(["leader", "leader", "other", "anybody"]),
  of: random.pick(["write", "write", "request"]),
  nth: 1 + random.below(random.pick([3, 12, 40])),
  way: random.chance(0.5) ? random.pick<Way>(["arrives", "lost"]) : drawWay(random),
  fall: random.chance(0.7) ? drawFall(random) : undefined,
})

const controllers = (random: Random): readonly Act[] => startAll(random, random.pick([1, 2, 2]))

/** A crash, a pause or a lost answer at every await of one or two controllers. */
export const caught: Profile = profile("caught", (random) => ({
  acts: [
    ...controllers(random),
    ...pools(random),
    ...churn(random, 0, 4000, 6),
    ...churn(random, 4000, 22_000, 6),
    ...Array.from({ length: 1 + random.below(3) }, () => drawCatch(random, random.pick([0, 0, 1000, 10_000]))),
    { at: 45_000, do: "start", hoursOff: 0 },
  ],
  calmFromMs: 46_000,
}))

/** Both lead, or believe so: a pause that no clock shows, a lying server, a lease that somebody deletes. */
export const split: Profile = profile("split leaders", (random) => {
  const at = random.between(1500, 6000)
  const how = random.pick<Act>([
    { at, do: "false-leases", forMs: random.pick([3000, 12_000, 20_000]) },
    { at, do: "false-leases", forMs: random.pick([3000, 12_000, 20_000]) },
    { at, do: "fall", who: "leader", fall: { kind: "freeze", forMs: random.between(15_000, 25_000), seen: false } },
    { at, do: "delete-lease" },
  ])
  return {
    acts: [
      ...startAll(random, 2),
      ...pools(random),
      ...churn(random, 0, 3000, 6),
      how,
      ...churn(random, at, at + 24_000, 10),
      ...(random.chance(0.4) ? [drawCatch(random, at)] : []),
      ...(random.chance(0.3) ? [weather(random, at, 5000)] : []),
    ],
    calmFromMs: at + 26_000,
  }
})

const weather = (random: Random, at: number, forMs: number): Act => ({
  at,
  do: "weather",
  share: random.pick([0.05, 0.2, 0.5]),
  ways: Array.from({ length: 1 + random.below(4) }, () => drawWay(random)),
  forMs,
})

/** Requests and answers are lost, late, refused, cut: for seconds, many at once. */
export const storms: Profile = profile("bad weather", (random) => ({
  acts: [
    ...controllers(random),
    ...pools(random),
    ...standing(random, random.below(5)),
    ...Array.from({ length: 1 + random.below(2) }, () =>
      weather(random, random.between(0, 10_000), random.between(500, 8000)),
    ),
    ...churn(random, 500, 16_000, 8),
  ],
  calmFromMs: 26_000,
}))

/** Watches that say nothing, a history that is forgotten, a second server that is late. */
export const watches: Profile = profile("watches", (random) => ({
  acts: [
    ...controllers(random),
    ...pools(random),
    ...standing(random, 2 + random.below(3)),
    ...Array.from({ length: 1 + random.below(3) }, (): Act => {
      const at = random.between(1000, 14_000)
      const lag: Act = {
        at,
        do: "lag",
        lateMs: random.pick([200, 2000, 8000]),
        lists: random.chance(0.3),
        forMs: random.between(1000, 10_000),
      }
      return random.pick<Act>([{ at, do: "mute" }, { at, do: "compact" }, lag, lag])
    }),
    ...(random.chance(0.4) ? [drawCatch(random, random.between(0, 12_000))] : []),
    ...churn(random, 1000, 16_000, 8),
  ],
  calmFromMs: 40_000,
}))

/** Answers that lie: carried out and said lost, or said to be carried out and forgotten. */
export const lies: Profile = profile("lies", (random) => ({
  acts: [
    ...controllers(random),
    ...pools(random),
    ...standing(random, random.below(4)),
    ...Array.from({ length: 1 + random.below(3) }, (): Act => ({
      at: random.between(0, 8000),
      do: "catch",
      who: "anybody",
      of: "write",
      nth: 1 + random.below(12),
      way: random.pick<Way>(["answer-lost", forgotten, forgotten, "cut"]),
      fall: random.chance(0.3) ? drawFall(random) : undefined,
    })),
    ...churn(random, 500, 12_000, 8),
    { at: 45_000, do: "start", hoursOff: 0 },
  ],
  calmFromMs: 46_000,
}))

const poolEdit = (random: Random, at: number): readonly Act[] => {
  const pool = random.pick(["first", "first", "second"])
  const ranges = pool === "first" ? random.pick(firstRanges) : random.pick(secondRanges)
  const put: Act = { at, do: "put-pool", pool, ranges, autoAssign: random.chance(0.9) }
  const removal: Act = { at, do: "delete-pool", pool }
  return random.pick([[put], [put], [removal], [removal, { ...put, at: at + random.between(1, 6000) }]])
}

/** Pools grow, shrink, go and come back; one takes another's range. */
export const poolEdits: Profile = profile("pool edits", (random) => ({
  acts: [
    ...controllers(random),
    ...pools(random),
    ...standing(random, 2 + random.below(7)),
    ...Array.from({ length: 1 + random.below(4) }, () => poolEdit(random, random.between(1500, 12_000))).flat(),
    ...(random.chance(0.5) ? churn(random, 1500, 12_000, 6) : []),
    ...(random.chance(0.4) ? [drawCatch(random, random.between(0, 10_000))] : []),
    ...(random.chance(0.3) ? [{ at: random.between(5000, 16_000), do: "confirm" } as const] : []),
  ],
  calmFromMs: random.chance(0.5) ? 20_000 : 45_000,
}))

/** Services come and go under the same names, change what they ask for, and share. */
export const churning: Profile = profile("churn", (random) => ({
  acts: [
    ...controllers(random),
    ...pools(random),
    ...churn(random, 0, 8000, 24),
    ...(random.chance(0.5) ? [drawCatch(random, random.between(0, 6000))] : []),
    ...(random.chance(0.2) ? [{ at: random.between(1000, 8000), do: "touch-ledgers" } as const] : []),
  ],
  calmFromMs: 20_000,
}))

/** etcd is restored from an old backup: versions go back, what came since is gone. */
export const restored: Profile = profile("restored", (random) => {
  const at = random.between(3000, 9000)
  return {
    acts: [
      ...controllers(random),
      ...pools(random),
      ...standing(random, 1 + random.below(4)),
      { at: random.between(500, 2800), do: "backup" },
      ...churn(random, 1000, at, 6),
      { at, do: "restore" },
      ...(random.chance(0.5) ? churn(random, at, at + 8000, 3) : []),
      ...(random.chance(0.3) ? [drawCatch(random, random.between(0, at))] : []),
      ...(random.chance(0.2) ? poolEdit(random, at - 100) : []),
    ],
    calmFromMs: at + 20_000,
  }
})

const kinds = ["services", "ipaddresspools", "addressledgers", "namespaces", "nodes", "speakers"]

/** A list suddenly empty or forbidden, a definition deleted: more than three addresses are at stake. */
export const braked: Profile = profile("brake", (random) => {
  const at = random.between(3000, 6000)
  const forMs = random.pick([1000, 8000, 20_000])
  const resource = random.pick(kinds)
  const what = random.pick<Act>([
    { at, do: "kind", resource, is: "empty", forMs },
    { at, do: "kind", resource, is: "forbidden", forMs },
    { at, do: "undefine", resource: random.pick(["ipaddresspools", "addressledgers"]), forMs },
  ])
  return {
    acts: [
      ...controllers(random),
      { at: 0, do: "put-pool", pool: "first", ranges: firstRanges[2]!, autoAssign: true },
      ...(random.chance(0.5)
        ? [{ at: 0, do: "put-pool", pool: "second", ranges: secondRanges[0]!, autoAssign: true } as const]
        : []),
      ...standing(random, 4 + random.below(5)),
      what,
      ...(random.chance(0.4) ? churn(random, 2500, 12_000, 4) : []),
      ...(random.chance(0.3) ? [drawCatch(random, random.between(2000, at + 3000))] : []),
    ],
    calmFromMs: at + forMs + 15_000,
  }
})

/** The API server goes and comes back, and nobody asked for anything: nothing is written. */
export const outages: Profile = profile("outage", (random) => {
  const at = 9000
  const forMs = random.pick([1000, 5000, 20_000, 60_000])
  const how = random.pick<"refused" | "silent" | Refusal>([
    "refused",
    "silent",
    "throttled",
    "html",
    "unavailable",
    "broken",
    "forbidden",
  ])
  return {
    acts: [
      ...controllers(random),
      ...pools(random),
      ...standing(random, 2 + random.below(7)),
      { at, do: "outage", how, forMs },
      ...(random.chance(0.3) ? [{ at: at + forMs / 2, do: "mute" } as const] : []),
      ...(random.chance(0.3) ? [{ at: at + forMs, do: "compact" } as const] : []),
      ...(random.chance(0.3)
        ? [{ at: at + forMs / 2, do: "fall", who: "leader", fall: drawFall(random) } as const]
        : []),
      { at: at + forMs, do: "start", hoursOff: 0 },
    ],
    calmFromMs: at + forMs + 1000,
    silentFromMs: at,
  }
})

/** Everything at once. */
export const anything: Profile = profile("anything", (random) => {
  const end = random.between(8000, 20_000)
  const moment = (): number => random.between(0, end)
  return {
    acts: [
      ...controllers(random),
      ...pools(random),
      ...churn(random, 0, end, 10),
      ...Array.from({ length: 1 + random.below(4) }, (): readonly Act[] =>
        random.pick<() => readonly Act[]>([
          () => [drawCatch(random, moment())],
          () => [drawCatch(random, moment())],
          () => [weather(random, moment(), random.between(500, 5000))],
          () => poolEdit(random, moment()),
          () => [{ at: moment(), do: "mute" }],
          () => [{ at: moment(), do: "compact" }],
          () => [{ at: moment(), do: "delete-lease" }],
          () => [{ at: moment(), do: "touch-ledgers" }],
          () => [{ at: moment(), do: "false-leases", forMs: random.between(500, 10_000) }],
          () => [{ at: moment(), do: "stop", who: random.pick(["leader", "other"]), backMs: random.pick([5, 2000]) }],
          () => [{ at: moment(), do: "fall", who: random.pick(["leader", "other"]), fall: drawFall(random) }],
          () => [
            {
              at: moment(),
              do: "outage",
              how: random.pick(["refused", "silent", "html"]),
              forMs: random.between(100, 8000),
            },
          ],
          () => [
            {
              at: moment(),
              do: "kind",
              resource: random.pick(kinds),
              is: random.pick(["forbidden", "empty"]),
              forMs: 3000,
            },
          ],
        ])(),
      ).flat(),
      { at: end + 20_000, do: "start", hoursOff: 0 },
    ],
    calmFromMs: end + 21_000,
  }
})

/** Every family of stories about controllers. */
export const profiles: readonly Profile[] = [
  caught,
  split,
  storms,
  watches,
  lies,
  poolEdits,
  churning,
  restored,
  braked,
  outages,
  anything,
]
