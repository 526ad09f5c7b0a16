import { globSync } from "node:fs"
import { join } from "node:path"

const root = join(import.meta.dirname, "..")

const find = (...patterns: string[]): string[] =>
  globSync(patterns, { cwd: root, exclude: (name) => name === "node_modules" || name === "dist" }).toSorted()

const isSlow = (file: string): boolean => /\.(packets|conformance|stories)\.test\.ts$/.test(file)

/** Unit and property tests: seconds, no privilege, no other program. */
export const quickTests = (): string[] =>
  find("src/**/*.test.ts", "tools/**/*.test.ts", "scenarios/**/*.test.ts").filter((file) => !isSlow(file))

/** Whole histories in virtual time. */
export const simulationTests = (): string[] => find("simulation/**/*.test.ts")

/** Real packets in network namespaces. */
export const packetTests = (): string[] => find("{src,scenarios,tools}/**/*.packets.test.ts")

/** Other people's programs against ours: kubectl, the official client. */
export const conformanceTests = (): string[] => find("{src,tools}/**/*.conformance.test.ts")

/** What an API server must do, told to the embedded one and to the real one. */
export const storyTests = (): string[] => find("{src,tools}/**/*.stories.test.ts")
