import type { Facts, Survey } from "./survey/survey.ts"
import { announcedEvents, type AnnouncedEvent, listAnnouncedEvents } from "./moves/announced-event.ts"
import { movesLines } from "./moves/moves-lines.ts"
import { movesReport } from "./moves/moves-report.ts"
import { type OutputOptions, printAnswer } from "./output.ts"
import { asTyped, commandPrefix } from "./prefix.ts"
import { styleFor } from "./style.ts"
import { type AskOptions, findCluster, judge, loadFacts } from "./survey/load.ts"
import { subjectNamed } from "./survey/subject-named.ts"
import { sayWithheld, warnOfWithheld } from "./survey/withheld.ts"

/** Events are no more than an addition: they are not waited for as long as objects are. */
const eventsPatienceMs = 3000

/** `moves [WHAT]`: the journals of all speakers as one. 0, or 2 for an unknown name, 3 for what could not be read. */
export const moves = async (what: string | undefined, options: AskOptions & OutputOptions): Promise<number> => {
  const facts = await loadFacts(options)
  const survey: Survey = judge(facts, options)
  const subject = what === undefined ? undefined : subjectNamed(survey, "moves", what, options.namespace)
  const open = warnOfWithheld(survey, sayWithheld(options.color))
  const report = movesReport(survey, await eventsOf(facts, options), subject)
  const prefix = commandPrefix()
  await printAnswer(
    {
      kind: "Moves",
      value: report,
      names: [...new Set(report.moves.flatMap(({ services }) => services))].map((name) => `service/${name}`),
      lines: () =>
        movesLines(report, {
          style: styleFor(process.stdout, options.color),
          all: options.all === true,
          wide: options.output === "wide",
          again: survey.again,
        }).map((line) => asTyped(line, prefix)),
    },
    options.output,
  )
  return open ? 3 : 0
}

const eventsOf = async (facts: Facts, options: AskOptions): Promise<readonly AnnouncedEvent[]> => {
  const connection = await findCluster(options)
  return connection === undefined
    ? announcedEvents(facts.objects.filter(({ kind }) => kind === "Event"))
    : listAnnouncedEvents(connection.target, eventsPatienceMs)
}
