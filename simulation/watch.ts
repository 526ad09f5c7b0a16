import { stepNode } from "./node.ts"
import { viewOf } from "./truth.ts"
import type { SimNode, World } from "./world.ts"

/** A group changed: every watcher that has its API server sees it after a while. */
export const publish = (world: World, group: number): void => {
  for (const node of world.nodes) publishTo(world, node, group)
}

export const publishTo = (world: World, node: SimNode, group: number): void => {
  node.unseen.add(group)
  const [least, most] = world.scenario.viewDelayMs
  world.timeline.put(world.timeline.now() + world.random.between(least, most), () => deliverView(world, node))
}

/** What the watcher has not seen yet, as it is now. */
export const deliverView = (world: World, node: SimNode): void => {
  if (!node.hasApi || node.program === undefined || node.sleeping !== undefined || node.unseen.size === 0) return
  const unseen = [...node.unseen].map((index) => world.groups[index]!)
  node.unseen.clear()
  stepNode(world, node, {
    kind: "view",
    groups: unseen.filter(({ isDeleted }) => !isDeleted).map((group) => viewOf(group, node.port, node.ready)),
    gone: unseen.filter(({ isDeleted }) => isDeleted).map(({ key }) => key),
  })
}
