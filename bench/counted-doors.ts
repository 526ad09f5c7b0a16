import { mkdtempSync, rmSync } from "node:fs"
import { createConnection, createServer, type Server, type Socket } from "node:net"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { joinSockets } from "../src/lab/api-gateway.ts"
import { holders, ownPrograms } from "./bench-lab.ts"

/** A door to the API server for each program, where its requests are counted: `PATCH leases` and how many. */
export type CountedDoors = {
  /** Our programs, told to use these doors. */
  readonly programs: typeof ownPrograms
  readonly reset: () => void
  /** By program: `controller`, or a node. */
  readonly counts: () => ReadonlyMap<string, ReadonlyMap<string, number>>
  readonly close: () => void
}

const doorNames = ["controller", ...holders, "pods"] as const

/** @param server the unix socket of the API server, which need not be there yet */
export const openCountedDoors = async (server: string): Promise<CountedDoors> => {
  const directory = mkdtempSync(join(tmpdir(), "porchlight-doors-"))
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }))
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130))
  const counts = new Map<string, Map<string, number>>()
  const sockets = new Set<Socket>()
  const reset = (): void => doorNames.forEach((name) => counts.set(name, new Map()))
  const count = (name: string, request: string): void => {
    const own = counts.get(name)
    own?.set(request, (own.get(request) ?? 0) + 1)
  }
  reset()
  const servers = await Promise.all(
    doorNames.map((name) =>
      openDoor(join(directory, `${name}.sock`), server, sockets, (request) => count(name, request)),
    ),
  )
  return {
    programs: {
      controller: throughDoor(ownPrograms.controller, directory, "controller"),
      // The lab's first words to a speaker are `--node-name NODE`.
      speaker: throughDoor(ownPrograms.speaker, directory, "$2"),
    },
    reset,
    counts: () => new Map([...counts].map(([name, own]) => [name, new Map(own)])),
    close: () => {
      for (const one of servers) one.close()
      for (const socket of sockets) socket.destroy()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

/** Of an option that is given twice the last one counts. */
const throughDoor = (
  command: readonly string[],
  directory: string,
  door: string,
): readonly [string, string, string, string] => {
  const words = command.map((word) => `'${word}'`).join(" ")
  return ["sh", "-c", `exec ${words} "$@" --api "unix:$0/${door}.sock"`, directory]
}

const openDoor = (
  path: string,
  server: string,
  sockets: Set<Socket>,
  count: (request: string) => void,
): Promise<Server> => {
  const door = createServer({ allowHalfOpen: true }, (near) => {
    const far = createConnection({ path: server, allowHalfOpen: true })
    near.on("data", countRequests(count))
    joinSockets(near, far, sockets)
  })
  return new Promise((resolve, reject) => {
    door.once("error", reject).listen(path, () => resolve(door))
  })
}

const requestLine = /(GET|POST|PUT|PATCH|DELETE) (\S+) HTTP\/1\.1\r\n/g
/** A request line may come in two pieces; no body has one, for JSON escapes line ends. */
const requestLineBytesMax = 2048

const countRequests = (count: (request: string) => void): ((bytes: Buffer) => void) => {
  let rest = ""
  return (bytes) => {
    const text = rest + bytes.toString("latin1")
    let end = 0
    for (const { 0: line, 1: method = "", 2: path = "", index } of text.matchAll(requestLine)) {
      count(`${method} ${resourceOf(path)}`)
      end = index + line.length
    }
    rest = text.slice(Math.max(end, text.length - requestLineBytesMax))
  }
}

/** `/apis/GROUP/VERSION/namespaces/N/services/web/status` is `services/status`. */
const resourceOf = (path: string): string => {
  const [plain = "", query = ""] = path.split("?")
  const words = plain.replace(/^\/(api|apis\/[^/]+)\/[^/]+\//, "").split("/")
  const [resource = "", , part] = words[0] === "namespaces" && words.length > 2 ? words.slice(2) : words
  const watch = query.includes("watch=") ? " (watch)" : ""
  return `${resource}${part === undefined ? "" : `/${part}`}${watch}`
}
