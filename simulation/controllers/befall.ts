import type { JsonObject } from "../../src/kubernetes/http.ts"
import { objectAt, textAt, withField } from "../../src/kubernetes/json.ts"
import { printTimestamp } from "../../src/kubernetes/timestamp.ts"
import { type Act, actInWords, type Shape } from "./act.ts"
import { namespace, startProcess } from "./process.ts"
import { those, type World } from "./world.ts"

/** Lets one act happen. What somebody asks for goes to etcd itself: nobody's way is of interest but the controllers'. */
export const befall = (world: World, act: Act): void => {
  const { etcd, gate } = world
  world.story(actInWords(act))
  switch (act.do) {
    case "create-service":
      if (etcd.get("services", act.name) === undefined) put(world, "services", act.name, serviceOf(act.name, act.shape))
      break
    case "edit-service": {
      const before = etcd.get("services", act.name)
      if (before !== undefined) put(world, "services", act.name, reshaped(before, act.name, act.shape))
      break
    }
    case "delete-service":
      etcd.remove("services", act.name)
      break
    case "wipe-status":
      setStatus(world, act.name, [])
      break
    case "forge-status":
      setStatus(world, act.name, [act.address])
      break
    case "put-pool":
      putPool(world, act.pool, act.ranges, act.autoAssign)
      break
    case "delete-pool":
      etcd.remove("ipaddresspools", `${namespace}/${act.pool}`)
      break
    case "touch-ledgers":
      for (const [key, ledger] of etcd.all("addressledgers"))
        etcd.put(
          "addressledgers",
          key,
          withField(ledger, ["metadata", "labels", "touched"], String(world.timeline.now())),
        )
      break
    case "delete-lease":
      etcd.remove("leases", `${namespace}/porchlight-controller`)
      break
    case "confirm":
      confirm(world)
      break
    case "compact":
      etcd.compact()
      gate.reset()
      break
    case "mute":
      gate.mute()
      break
    case "backup":
      world.backup = etcd.backup()
      etcd.skip(5000)
      break
    case "restore":
      restore(world)
      break
    case "start":
      startProcess(world, act.hoursOff)
      break
    case "stop":
      for (const process of those(world, act.who)) process.stop()
      world.timeline.put(act.at + act.backMs, () => void startProcess(world, 0))
      break
    case "fall":
      for (const process of those(world, act.who)) process.fall(act.fall)
      break
    case "catch": {
      const { of, way, fall, nth } = act
      const one = { left: nth, of, way, fall }
      if (act.who === "anybody") catchAnybody(world, one)
      else for (const process of those(world, act.who)) process.catches.push(one)
      break
    }
    case "weather":
      gate.weather = act
      later(world, act.forMs, () => (gate.weather = undefined))
      break
    case "outage":
      gate.outage = act.how
      if (act.how === "refused") gate.reset()
      later(world, act.forMs, () => (gate.outage = undefined))
      break
    case "lag":
      gate.lag = act
      later(world, act.forMs, () => (gate.lag = undefined))
      break
    case "kind":
      gate.kinds.set(act.resource, act.is)
      relist(world, act.resource)
      later(world, act.forMs, () => {
        gate.kinds.delete(act.resource)
        relist(world, act.resource)
      })
      break
    case "undefine":
      undefine(world, act.resource, act.forMs)
      break
    case "false-leases":
      gate.falseLeases = true
      later(world, act.forMs, () => (gate.falseLeases = false))
      break
  }
}

const restore = (world: World): void => {
  if (world.backup === undefined) return
  const before = world.etcd.backup()
  world.etcd.restore(world.backup)
  world.gate.reset()
  world.onRestored(before)
}

/** Everybody must list that kind again. */
const relist = ({ etcd, gate }: World, resource: string): void => {
  etcd.skip(1)
  etcd.compact()
  gate.reset(resource)
}

const later = (world: World, ms: number, happen: () => void): void =>
  world.timeline.put(world.timeline.now() + ms, happen)

/** One that counts the requests of all together. */
const catchAnybody = (world: World, one: World["catchesForAll"][number]): void => {
  world.catchesForAll = [...world.catchesForAll, one]
}

/** Kubernetes deletes the objects of a kind before the kind, one after the other. */
const undefine = (world: World, resource: string, forMs: number): void => {
  const gone = [...world.etcd.all(resource)]
  for (const [index, [key]] of gone.entries()) later(world, index * 3, () => world.etcd.remove(resource, key))
  later(world, gone.length * 3, () => {
    world.gate.kinds.set(resource, "missing")
    world.gate.reset(resource)
  })
  later(world, forMs, () => {
    world.gate.kinds.delete(resource)
    if (resource !== "ipaddresspools") return
    for (const [key, pool] of gone) put(world, resource, key, withField(pool, ["metadata", "uid"], undefined))
  })
}

/** A person who read the code in the log writes it into a ledger. */
const confirm = (world: World): void => {
  const said = world.remarks.findLast(({ remark }) => remark.code === "mass-release-held")?.remark.message
  const code = /confirm-release=([0-9a-f]{6})/.exec(said ?? "")?.[1]
  const [first] = world.etcd.all("addressledgers")
  if (code === undefined || first === undefined) return
  world.onConfirmed()
  const path = ["metadata", "annotations", "porchlight.dev/confirm-release"]
  world.etcd.put("addressledgers", first[0], withField(first[1], path, code))
}

const put = (world: World, resource: string, key: string, object: JsonObject): void => {
  const metadata: JsonObject = {
    uid: `${resource}-${world.etcd.serial()}`,
    creationTimestamp: printTimestamp(world.wallSeconds()),
    ...objectAt(object, "metadata"),
  }
  world.etcd.put(resource, key, { ...object, metadata })
}

const setStatus = (world: World, name: string, addresses: readonly string[]): void => {
  const before = world.etcd.get("services", name)
  if (before === undefined) return
  const ingress = addresses.map((ip) => ({ ip, ipMode: "VIP" }))
  world.etcd.put("services", name, withField(before, ["status", "loadBalancer"], { ingress }))
}

const putPool = (world: World, name: string, addresses: readonly string[], autoAssign: boolean): void => {
  const key = `${namespace}/${name}`
  const before = world.etcd.get("ipaddresspools", key)
  const spec = { addresses, autoAssign, avoidBuggyIPs: false }
  const made = { apiVersion: "metallb.io/v1beta1", kind: "IPAddressPool", metadata: { name, namespace }, spec }
  put(world, "ipaddresspools", key, before === undefined ? made : { ...before, spec })
}

const serviceOf = (key: string, shape: Shape): JsonObject => {
  const [namespace = "", name = ""] = key.split("/")
  return reshaped({ apiVersion: "v1", kind: "Service", metadata: { name, namespace } }, key, shape)
}

const wishAnnotations = ["metallb.io/allow-shared-ip", "metallb.io/loadBalancerIPs", "metallb.io/address-pool"]

/** The Service as it is asked for now; what a controller wrote into it stays. */
const reshaped = (before: JsonObject, key: string, shape: Shape): JsonObject => {
  const wishes = [shape.key, shape.addresses, shape.pool]
  const annotations: Record<string, string> = {}
  for (const [name, value] of Object.entries(objectAt(before, "metadata", "annotations")))
    if (typeof value === "string" && !wishAnnotations.includes(name)) annotations[name] = value
  for (const [index, value] of wishes.entries()) if (value !== undefined) annotations[wishAnnotations[index]!] = value
  const metadata = { ...objectAt(before, "metadata"), annotations }
  return { ...before, metadata, spec: specOf(shape, textAt(before, "spec", "clusterIP") ?? clusterAddress(key)) }
}

const specOf = ({ type, policy, app, ports, families }: Shape, four: string): JsonObject => {
  const six = `fd00:10:96::${four.split(".").at(-1)}`
  const addresses = families === "4" ? [four] : families === "6" ? [six] : [four, six]
  const names = { 4: ["IPv4"], 6: ["IPv6"], prefer: ["IPv4", "IPv6"], require: ["IPv4", "IPv6"] }
  const policies = { 4: "SingleStack", 6: "SingleStack", prefer: "PreferDualStack", require: "RequireDualStack" }
  return {
    type,
    clusterIP: four,
    clusterIPs: addresses,
    ipFamilies: names[families],
    ipFamilyPolicy: policies[families],
    externalTrafficPolicy: policy,
    selector: { app },
    ports: ports.map((text) => ({ port: Number(text.split("/")[0]), protocol: text.split("/")[1] ?? "TCP" })),
  }
}

const clusterAddress = (key: string): string => {
  let hash = 7
  for (const letter of key) hash = (hash * 31 + letter.charCodeAt(0)) % 65_000
  return `10.96.${hash >> 8}.${hash & 255}`
}
