import type { ApiRequest, JsonObject } from "../../kubernetes/http.ts"
import { textAt } from "../../kubernetes/json.ts"
import type { LabApi } from "../api.ts"
import { createApplier, readManifests } from "../apply-objects.ts"
import type { Scenario } from "../scenario.ts"
import type { SimulatedApi } from "./api-server.ts"

/** What the appliers of a real lab need of its API, answered at once. */
export const asLabApi = (api: SimulatedApi): LabApi => ({
  request: async (method, path, body, contentType) =>
    api.request(method as ApiRequest["method"], path, body, contentType),
  follow: () => {
    throw new Error("objects are applied without following any")
  },
})

/** Definitions first, then namespaces, then the rest; Services come last and are not applied here. */
export const applyScenario = async (api: SimulatedApi, scenario: Scenario, crds: string): Promise<void> => {
  const applier = createApplier(asLabApi(api))
  const kindOf = (object: JsonObject): string => textAt(object, "kind") ?? ""
  const objects = [...scenario.objects, ...scenario.facts].filter(
    (object) => kindOf(object) !== "Service" && kindOf(object) !== "EndpointSlice",
  )
  await applier.apply(readManifests(crds))
  await applier.apply(objects.filter((object) => kindOf(object) === "Namespace"))
  await applier.apply(objects.filter((object) => kindOf(object) !== "Namespace"))
}
