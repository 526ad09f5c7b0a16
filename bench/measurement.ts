import type { BenchLab } from "./bench-lab.ts"
import type { Report } from "./report.ts"

/** What a measurement is given. */
export type Bench = {
  readonly report: Report
  /** The one lab of this run; raised by the first who asks. */
  readonly lab: () => Promise<BenchLab>
  /** Few runs: shows that everything runs, proves nothing. */
  readonly quick: boolean
}

export type Measurement = {
  readonly name: string
  readonly about: string
  readonly measure: (bench: Bench) => Promise<void>
}
