import { CommandFailure } from "../failure.ts"
import { findSubject, type Subject } from "./subject.ts"
import type { Survey } from "./survey.ts"

/** What a person named, for `porchlight COMMAND NAME`. @throws CommandFailure where it is nothing, or several things */
export const subjectNamed = (survey: Survey, command: string, what: string, namespace: string | undefined): Subject => {
  const found = findSubject(survey, what, namespace)
  if (found.kind === "ambiguous")
    throw new CommandFailure(
      2,
      `${what} is the name of ${found.candidates.length} things. Which one?`,
      found.candidates.slice(0, 20).map((candidate) => `porchlight ${command} ${candidate}${survey.again}`),
    )
  if (found.kind === "nothing")
    throw new CommandFailure(
      2,
      `There is no Service, node, pool or address ${what} in ${survey.name}${namespace === undefined ? "" : `, namespace ${namespace}`}.`,
      found.nearest.length > 0
        ? found.nearest.slice(0, 5).map((name) => `Did you mean   porchlight ${command} ${name}${survey.again}`)
        : [`What there is   porchlight status --all${survey.again}`],
    )
  return found
}
