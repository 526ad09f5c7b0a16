import type { Address } from "../../src/net/address.ts"
import type { Mac } from "../../src/net/mac.ts"
import { macAt } from "../frames/machine.ts"
import { type Answerers, placeIndex, type Pointer } from "../history.ts"
import { portInWords } from "../lan.ts"
import type { World } from "../world.ts"
import { endOf, type Law, type Span } from "./law.ts"

/** Nobody speaks for an address that it does not answer for at that moment. */
export const speaksForItsOwn: Law = {
  name: "no frame for an address not held",
  broken: (world) => {
    const frame = world.history.unheld[0]
    return (
      frame &&
      `node ${frame.node} sent a ${frame.op} for group ${frame.group} at ${frame.at.toFixed(1)}, not holding it`
    )
  },
}

/** L11, by a kernel's rules: from so long after an address has one answerer, no host sends packets for it elsewhere. */
export const cachesFollow = (withinMs: number, span: Span, name = "L11 every cache points to the holder"): Law => ({
  name,
  broken: (world) => {
    for (const [index, answerers] of world.history.answerers)
      for (const [i, change] of answerers.entries()) {
        const from = Math.max(change.at + withinMs, span.from)
        const until = Math.min(answerers[i + 1]?.at ?? Infinity, endOf(world, span))
        const wrong = from < until && change.nodes.length === 1 && wrongPointer(world, index, change, from, until)
        if (wrong) return wrong
      }
    return undefined
  },
})

const wrongPointer = (
  world: World,
  index: number,
  { at, nodes }: Answerers,
  from: number,
  until: number,
): string | undefined => {
  for (const [group, { addresses }] of world.groups.entries())
    for (let segment = 0; segment < world.scenario.segments; segment++) {
      if (placeIndex({ segment, group }) !== index) continue
      const mac = macAt(segment, nodes[0]!)
      for (const [host, pointers] of pointersOf(world, segment, addresses)) {
        const wrong = wrongWithin(pointers, mac, from, until)
        if (wrong !== undefined)
          return `at ${Math.max(wrong.at, from).toFixed(1)} ${host} sent packets for group ${group} elsewhere than to node ${nodes[0]}, which alone answers since ${at.toFixed(1)}`
      }
    }
  return undefined
}

/** By host and address, in the order of time. */
const pointersOf = (
  world: World,
  segment: number,
  addresses: readonly Address[],
): ReadonlyMap<string, readonly Pointer[]> => {
  const found = new Map<string, Pointer[]>()
  for (const pointer of world.history.pointers) {
    if (pointer.segment !== segment || !addresses.includes(pointer.address)) continue
    const name = `${portInWords(pointer.host)} (${typeof pointer.address === "number" ? "IPv4" : "IPv6"})`
    found.set(name, [...(found.get(name) ?? []), pointer])
  }
  return found
}

const wrongWithin = (pointers: readonly Pointer[], mac: Mac, from: number, until: number): Pointer | undefined =>
  pointers.find((pointer, i) => {
    const end = pointers[i + 1]?.at ?? Infinity
    return pointer.mac !== undefined && pointer.mac !== mac && pointer.at < until && end > from
  })
