import type { KindName } from "../../cluster/cluster.ts"
import { sameValue } from "../../cluster/equal.ts"
import type { Problem } from "../../cluster/problem.ts"
import type { JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"

/**
 * Objects of one kind and name that differ: a cluster has none, but files put together by hand may. The last one is
 * read, as `kubectl apply` would.
 */
export const duplicateProblems = (objects: readonly (readonly [KindName, JsonObject])[]): readonly Problem[] =>
  [...Map.groupBy(objects, ([kind, object]) => `${kind} ${nameOf(object)}`).values()].flatMap((same) => {
    const [kind, last] = same.at(-1)!
    const name = nameOf(last)
    if (name === "" || same.every(([, object]) => sameValue(object, last))) return []
    const field = same.length === 2 ? "the first of two" : `all but the last of ${same.length}`
    const because = "objects of this kind and name differ, and the last one is read"
    return [{ object: { kind, name }, field, value: "nothing", effect: "part-left-out", because, remedy: "keep one" }]
  })

const nameOf = (object: JsonObject): string => {
  const name = textAt(object, "metadata", "name") ?? ""
  const namespace = textAt(object, "metadata", "namespace")
  return namespace === undefined || name === "" ? name : `${namespace}/${name}`
}
