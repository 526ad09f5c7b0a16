import { addressLines } from "./explain/address-lines.ts"
import { explainAddress } from "./explain/address-explanation.ts"
import { nodeLines } from "./explain/node-lines.ts"
import { explainNode } from "./explain/node-explanation.ts"
import { poolLines } from "./explain/pool-lines.ts"
import { explainPool } from "./explain/pool-explanation.ts"
import { type LineOptions, serviceLines } from "./explain/service-lines.ts"
import { explainService } from "./explain/service-explanation.ts"
import { situationOf } from "./explain/situation.ts"
import { type Answer, type OutputOptions, printAnswer } from "./output.ts"
import { asTyped, commandPrefix } from "./prefix.ts"
import { styleFor } from "./style.ts"
import { type AskOptions, loadSurvey } from "./survey/load.ts"
import { subjectNamed } from "./survey/subject-named.ts"
import type { Subject } from "./survey/subject.ts"
import type { Survey } from "./survey/survey.ts"
import { sayWithheld, warnOfWithheld } from "./survey/withheld.ts"

/** `explain WHAT`: why it is so. 0 good news, 1 bad news, 2 an unknown or ambiguous name, 3 what could not be read. */
export const explain = async (what: string, options: AskOptions & OutputOptions): Promise<number> => {
  const survey = await loadSurvey(options)
  const subject = subjectNamed(survey, "explain", what, options.namespace)
  const open = warnOfWithheld(survey, sayWithheld(options.color))
  const style = styleFor(process.stdout, options.color)
  const wide = options.output === "wide" || options.all === true
  const { answer, trouble } = answerOn(survey, subject, { style, wide, again: survey.again })
  const prefix = commandPrefix()
  await printAnswer({ ...answer, lines: () => answer.lines().map((line) => asTyped(line, prefix)) }, options.output)
  const unknown = subject.kind === "service" && situationOf(survey, subject.name).is === "unknown"
  return open || unknown ? 3 : trouble ? 1 : 0
}

/** What a question is answered with, for every kind of subject. */
export const answerOn = (
  survey: Survey,
  subject: Subject,
  options: LineOptions,
): { readonly answer: Answer; readonly trouble: boolean } => {
  const answerWith = <
    Value extends { readonly about: { readonly kind: string; readonly name: string }; readonly trouble: boolean },
  >(
    value: Value,
    lines: (value: Value, options: LineOptions) => readonly string[],
  ): { readonly answer: Answer; readonly trouble: boolean } => ({
    answer: {
      kind: "Explanation",
      value,
      names: [`${value.about.kind.toLowerCase()}/${value.about.name}`],
      lines: () => lines(value, options),
    },
    trouble: value.trouble,
  })
  switch (subject.kind) {
    case "service":
      return answerWith(explainService(survey, subject.name), serviceLines)
    case "node":
      return answerWith(explainNode(survey, subject.name), nodeLines)
    case "pool":
      return answerWith(explainPool(survey, subject.name), poolLines)
    case "address":
      return answerWith(explainAddress(survey, subject.address), addressLines)
  }
}
