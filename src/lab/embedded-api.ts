import { textAt } from "../kubernetes/json.ts"
import { type ApiServer, startApiServer } from "./api-server/server.ts"
import type { Scenario } from "./scenario.ts"

/** kubeadm's own, for a scenario that does not say. */
const serviceCidrDefault = "10.96.0.0/12"

/** Starts the embedded API server of a scenario on a unix socket; the Service networks are those of `network.yaml`. */
export const startEmbeddedApi = (socketPath: string, { facts }: Scenario): Promise<ApiServer> => {
  const said = facts.flatMap((network) => textAt(network, "spec", "cluster", "serviceCIDR")?.split(",") ?? [])
  return startApiServer({ listen: { path: socketPath }, serviceCidrs: said.length > 0 ? said : [serviceCidrDefault] })
}
