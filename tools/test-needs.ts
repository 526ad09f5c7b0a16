import { supplyNeeds } from "../src/lab/needs.ts"

/** Installs what packet tests need where that is possible; where not, says once why they will be skipped. */
export const readyForPackets = (): void => {
  const needs = supplyNeeds((line) => console.log(line))
  if (needs.kind !== "ready") console.log(`Tests that need packets are skipped. ${needs.says}`)
}
