import type { World } from "../world.ts"

/** Something that must hold over a whole run. `broken` says what was seen instead, or undefined where it held. */
export type Law = { readonly name: string; readonly broken: (world: World) => string | undefined }

/** Virtual milliseconds. Without an end: until the run's own. */
export type Span = { readonly from: number; readonly until?: number; readonly segment?: number }

export const endOf = (world: World, span: Span): number => span.until ?? world.scenario.endMs
