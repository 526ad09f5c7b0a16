/** Brings the figure of the rooms in `docs/architecture.md` up to date: `node tools/draw-house.ts`. */
import { readFileSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { graph } from "./house.ts"

const page = join(import.meta.dirname, "..", "docs", "architecture.md")
const text = readFileSync(page, "utf8")
writeFileSync(page, text.replace(/^FIGURE$|^```mermaid\n[\s\S]*?^```$/m, graph()))
