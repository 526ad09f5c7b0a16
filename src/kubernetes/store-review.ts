import type { Json, JsonObject } from "./http.ts"
import { isObject } from "./json.ts"

/** Everybody may do everything here: access is for those who reach the socket. */
const ANYTHING = [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }]

const STATUS: Readonly<Record<string, JsonObject>> = {
  selfsubjectaccessreviews: { allowed: true, reason: "this API server lets everybody do everything" },
  selfsubjectreviews: { userInfo: { username: "system:admin", groups: ["system:masters", "system:authenticated"] } },
  selfsubjectrulesreviews: { resourceRules: ANYTHING, nonResourceRules: [], incomplete: false },
}

/** `kubectl auth can-i`, `auth whoami`: the question with its answer in `status`. */
export const answerReview = (plural: string, body: Json | undefined): JsonObject => ({
  ...(isObject(body) ? body : {}),
  status: STATUS[plural] ?? {},
})
