import { performance } from "node:perf_hooks"
import { setTimeout as pause } from "node:timers/promises"
import type { ApiAnswer } from "../lab/api.ts"
import type { ControlClient } from "../lab/control.ts"
import type { RunningLab } from "../lab/host.ts"
import { systemNamespace } from "../lab/scenario.ts"
import { loadSurvey } from "./survey/load.ts"
import type { Survey } from "./survey/survey.ts"

/** What the demo's story needs of a lab, be its packets real or simulated, and its time real or virtual. */
export type DemoStage = {
  readonly call: ControlClient["call"]
  readonly pause: (ms: number) => Promise<void>
  readonly nowMs: () => number
  readonly survey: () => Promise<Survey>
  /** What `kubectl patch --type=merge` sends. */
  readonly patch: (path: string, body: object) => Promise<ApiAnswer>
}

export const stageOfLab = (lab: RunningLab): DemoStage => ({
  call: lab.control.call,
  pause: (ms) => pause(ms),
  nowMs: () => performance.now(),
  survey: () => loadSurvey({ kubeconfig: lab.kubeconfig, metallbNamespace: systemNamespace }),
  patch: async (path, body) => {
    const headers = { "content-type": "application/merge-patch+json" }
    const answer = await fetch(`${lab.url}${path}`, { method: "PATCH", headers, body: JSON.stringify(body) })
    return { status: answer.status, body: (await answer.json()) as ApiAnswer["body"] }
  },
})
