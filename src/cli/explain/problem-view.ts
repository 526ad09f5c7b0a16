import type { Problem } from "../../cluster/problem.ts"
import { problemText } from "../../wording/problem.ts"
import type { Survey } from "../survey/survey.ts"

/** What could not be read of an object, with the sentence and the command that opens it. */
export type ProblemView = Problem & { readonly says: string; readonly next: string }

/** Problems of one object. */
export const problemsOf = ({ cluster }: Survey, kind: string, name: string): readonly ProblemView[] =>
  cluster.problems.filter(({ object }) => object.kind === kind && isNamed(object.name, name)).map(problemView)

/** Configuration objects are named by namespace in problems, and without it in what is read of them. */
const isNamed = (full: string, name: string): boolean => full === name || full.endsWith(`/${name}`)

export const problemView = (problem: Problem): ProblemView => {
  const { kind, name } = problem.object
  const [namespace, bare] = name.includes("/") ? name.split("/") : [undefined, name]
  const where = namespace === undefined ? "" : ` -n ${namespace}`
  const next = bare
    ? `kubectl edit ${kind.toLowerCase()}${where} ${bare}`
    : `kubectl explain ${kind.toLowerCase()}.metadata`
  return { ...problem, says: problemText(problem), next }
}
