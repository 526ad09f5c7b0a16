import type { BenchLab } from "./bench-lab.ts"
import type { Report } from "./report.ts"

/** What a measurement is given. */
export type Bench = {
  readonly report: Report
  /** The one lab of this run; raised by the first who asks. */
  readonly lab: () => Promise<BenchLab>
  /** Few runs: shows that everything runs, proves nothing. */
  readonly quick: boolean
  /** What holds for half an hour is measured for half an hour. */
  readonly long: boolean
}

export type Measurement = {
  readonly name: string
  readonly about: string
  /** Takes so long that it runs only where it is asked for by name. */
  readonly byNameOnly?: boolean
  readonly measure: (bench: Bench) => Promise<void>
}
