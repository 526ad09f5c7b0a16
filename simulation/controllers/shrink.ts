import type { Act } from "./act.ts"
import { simulate } from "./simulate.ts"
import type { Story } from "./world.ts"

/** Tells at most this many shorter stories. */
const attemptsMax = 200

/** The same story with as few acts as still break the same law: leaves out halves, then quarters, then single acts. */
export const shrink = (story: Story): Story => {
  const law = simulate(story).violations[0]?.law
  if (law === undefined) return story
  const breaks = (acts: readonly Act[]): boolean =>
    simulate({ ...story, acts }).violations.some((violation) => violation.law === law)
  let acts = story.acts
  let attempts = 0
  for (let size = Math.ceil(acts.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < acts.length && attempts < attemptsMax; attempts++) {
      const fewer = [...acts.slice(0, at), ...acts.slice(at + size)]
      if (breaks(fewer)) acts = fewer
      else at += size
    }
  return { ...story, acts }
}
