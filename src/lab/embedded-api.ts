import { type ApiServer, startApiServer } from "./api-server/server.ts"
import { type Scenario, serviceCidrsOf } from "./scenario.ts"

/** Starts the embedded API server of a scenario on a unix socket; the Service networks are those of `network.yaml`. */
export const startEmbeddedApi = (socketPath: string, scenario: Scenario): Promise<ApiServer> =>
  startApiServer({ listen: { path: socketPath }, serviceCidrs: serviceCidrsOf(scenario) })
