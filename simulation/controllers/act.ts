import type { Refusal } from "./api-server.ts"

/** What a person asks for with a Service. */
export type Shape = {
  readonly type: "LoadBalancer" | "ClusterIP"
  readonly key: string | undefined
  readonly policy: "Cluster" | "Local"
  readonly app: string
  /** `80/TCP`. */
  readonly ports: readonly string[]
  readonly addresses: string | undefined
  readonly pool: string | undefined
  readonly families: "4" | "6" | "prefer" | "require"
}

/** A controller by its part at that moment, the leader being whom the Lease names; else the other. */
export type Who = "leader" | "other"

/** What becomes of one request on its way. `forgotten`: answered as if it were carried out. `cut`: the answer is no JSON. */
export type Way =
  | "arrives"
  | "lost"
  | "answer-lost"
  | "forgotten"
  | "cut"
  | { readonly lateMs: number }
  | { readonly answerLateMs: number }
  | { readonly refused: Refusal }

/** What becomes of the process that sends it, at that very moment. `seen`: its monotonic clock goes on. */
export type Fall =
  | { readonly kind: "crash"; readonly backMs: number | undefined }
  | { readonly kind: "freeze"; readonly forMs: number; readonly seen: boolean }

/** Something that befalls the world. A story is a list of acts; a shorter one that still breaks a law is a better one. */
export type Act = { readonly at: number } & (
  | { readonly do: "create-service" | "edit-service"; readonly name: string; readonly shape: Shape }
  | { readonly do: "delete-service" | "wipe-status"; readonly name: string }
  | { readonly do: "forge-status"; readonly name: string; readonly address: string }
  | { readonly do: "put-pool"; readonly pool: string; readonly ranges: readonly string[]; readonly autoAssign: boolean }
  | { readonly do: "delete-pool"; readonly pool: string }
  | { readonly do: "touch-ledgers" | "delete-lease" | "confirm" | "compact" | "mute" | "backup" | "restore" }
  /** `hoursOff`: its wall clock. */
  | { readonly do: "start"; readonly hoursOff: number }
  | { readonly do: "stop"; readonly who: Who; readonly backMs: number }
  | { readonly do: "fall"; readonly who: Who; readonly fall: Fall }
  /** The `nth` write or request from then on. */
  | {
      readonly do: "catch"
      readonly who: Who | "anybody"
      readonly of: "write" | "request"
      readonly nth: number
      readonly way: Way
      readonly fall: Fall | undefined
    }
  | { readonly do: "weather"; readonly share: number; readonly ways: readonly Way[]; readonly forMs: number }
  | { readonly do: "outage"; readonly how: "refused" | "silent" | Refusal; readonly forMs: number }
  /** The second of two servers behind one name; `lists`: its lists are late too, which Kubernetes promises they are not. */
  | { readonly do: "lag"; readonly lateMs: number; readonly lists: boolean; readonly forMs: number }
  | { readonly do: "kind"; readonly resource: string; readonly is: "forbidden" | "empty"; readonly forMs: number }
  /** Its objects go one by one, then the kind. It comes back without them, but for pools, which somebody applies again. */
  | { readonly do: "undefine"; readonly resource: string; readonly forMs: number }
  /** Whoever asks is told that he leads. */
  | { readonly do: "false-leases"; readonly forMs: number }
)

/** What happened, in words. */
export const actInWords = (act: Act): string => {
  const { at: _, do: what, ...facts } = act
  const said = Object.entries(facts).map(([name, value]) => `${name} ${JSON.stringify(value)}`)
  return [what, ...said].join(", ")
}
