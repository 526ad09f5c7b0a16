import type * as Http from "node:http"
import type * as Https from "node:https"

/**
 * Node's HTTP without what nobody here uses: an `import` of `node:http` reads every name it exports, and one of them
 * loads a second HTTP client and a WebSocket, 12 MB of a speaker's memory (measured on Node 24).
 */
export const http: typeof Http = process.getBuiltinModule("node:http")
export const https: typeof Https = process.getBuiltinModule("node:https")
