/** `npm run bench [-- NAMES] [--quick] [--long] [--strict]`: measures, and says which of our own bars are met. */
import { loadavg, cpus, release } from "node:os"
import { parseArgs } from "node:util"
import { answer } from "./answer.ts"
import { appear } from "./appear.ts"
import { type BenchLab, raiseBenchLab } from "./bench-lab.ts"
import { buildBundle } from "./bundle.ts"
import { burst } from "./burst.ts"
import { death } from "./death.ts"
import { decision } from "./decision.ts"
import type { Measurement } from "./measurement.ts"
import { type Bar, createReport, printBars } from "./report.ts"
import { faults } from "./faults.ts"
import { load } from "./load.ts"
import { planned } from "./planned.ts"
import { size } from "./size.ts"
import { start } from "./start.ts"

/** Lab measurements from few Services to many. */
const measurements: readonly Measurement[] = [
  decision,
  start,
  appear,
  answer,
  death,
  planned,
  faults,
  burst,
  load,
  size,
]

const options = { quick: { type: "boolean" }, long: { type: "boolean" }, strict: { type: "boolean" } } as const
const { values, positionals } = parseArgs({ options, allowPositionals: true })

const chosen = (): readonly Measurement[] => {
  const unknown = positionals.find((name) => !measurements.some((known) => known.name === name))
  if (unknown !== undefined) {
    console.error(`✗ There is no measurement ${unknown}; there are: ${measurements.map(({ name }) => name).join(", ")}`)
    process.exit(2)
  }
  return positionals.length === 0
    ? measurements.filter(({ byNameOnly }) => byNameOnly !== true)
    : measurements.filter(({ name }) => positionals.includes(name))
}

const bars: Bar[] = []
let raised: Promise<BenchLab> | undefined
let failed = 0

const toRun = chosen()
console.log(
  `Porchlight bench   ${cpus().length} cores, load ${loadavg()[0]?.toFixed(1)}, Linux ${release()}, Node ${process.version}`,
)
buildBundle()
for (const { name, about, measure } of toRun) {
  console.log(`\n${name}: ${about}\n  node bench/run.ts ${name}   load ${loadavg()[0]?.toFixed(1)}`)
  try {
    await measure({
      report: createReport(bars),
      lab: () => (raised ??= raiseBenchLab()),
      quick: values.quick === true,
      long: values.long === true,
    })
  } catch (error) {
    failed++
    console.log(`  ✗ ${error instanceof Error ? error.message : String(error)}`)
  }
}
await raised?.then(
  (lab) => lab.end(),
  () => undefined,
)
printBars(bars)
process.exitCode = failed > 0 || (values.strict === true && bars.some(({ met }) => met === false)) ? 1 : 0
