import type { RunningLab } from "../lab/host.ts"
import type { LabService } from "../lab/services.ts"
import { table } from "./table.ts"

type Row = { readonly service: LabService; readonly node: string | undefined }

export const demoTable = async (_lab: RunningLab, rows: readonly Row[]): Promise<readonly string[]> =>
  table(rows.map(({ service, node }) => [service.name, service.addresses.join(" "), node ?? "nobody"]))

export const demoExplanation = async (_lab: RunningLab, service: string): Promise<readonly string[]> => [service]
