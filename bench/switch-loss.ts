import { switchNamespace } from "../src/lab/topology/layout.ts"
import type { BenchLab } from "./bench-lab.ts"

/** Frames lost on the switch whoever sends them: the lab's own faults are of one machine. */
export const dropEverywhere = (lab: BenchLab, percent: number): Promise<void> =>
  setRules(lab, `add rule bridge bench forward numgen random mod 100 < ${percent} drop`)

export const passEverywhere = (lab: BenchLab): Promise<void> => setRules(lab, "")

const setRules = async (lab: BenchLab, rule: string): Promise<void> => {
  const table = "add table bridge bench; delete table bridge bench; add table bridge bench"
  const chain = "add chain bridge bench forward { type filter hook forward priority 10; }"
  const said = await lab.read(switchNamespace("lan"), ["sh", "-c", 'nft "$0" 2>&1', [table, chain, rule].join("; ")])
  if (said !== "") throw new Error(`the switch takes no loss: ${said}`)
}
