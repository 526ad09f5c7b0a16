import { type OutputOptions, printAnswer } from "./output.ts"
import { asTyped, commandPrefix } from "./prefix.ts"
import { findBgpObjects } from "./status/bgp-objects.ts"
import { statusLines } from "./status/status-lines.ts"
import { statusReport } from "./status/status-report.ts"
import { styleFor } from "./style.ts"
import { type AskOptions, judge, loadFacts } from "./survey/load.ts"
import { sayWithheld, warnOfWithheld } from "./survey/withheld.ts"

/** `status`: one screen. 0 all is well, 1 something is broken, 3 what could not be read. */
export const status = async (options: AskOptions & OutputOptions): Promise<number> => {
  const facts = await loadFacts(options)
  const survey = judge(facts, options)
  const open = warnOfWithheld(survey, sayWithheld(options.color))
  const report = statusReport(survey, Date.now() / 1000, options.namespace, await findBgpObjects(facts, options))
  const prefix = commandPrefix()
  await printAnswer(
    {
      kind: "Status",
      value: report,
      names: report.services.map(({ name }) => `service/${name}`),
      lines: () =>
        statusLines(report, {
          style: styleFor(process.stdout, options.color),
          all: options.all === true,
          wide: options.output === "wide",
          columns: process.stdout.isTTY ? process.stdout.columns : undefined,
        }).map((line) => asTyped(line, prefix)),
    },
    options.output,
  )
  const unknown = report.services.some(({ situation }) => situation === "unknown")
  return open || unknown ? 3 : report.troubles.some(({ severity }) => severity === "broken") ? 1 : 0
}
