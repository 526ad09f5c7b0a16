import { spawnSync } from "node:child_process"
import { type Mac, parseMac } from "../../src/net/mac.ts"

/** `eth0` of the machine on which this process runs. */
export type OwnLink = { readonly name: string; readonly index: number; readonly mac: Mac }

/** /sys shows the links of the namespace in which it was mounted, so the kernel is asked. Throws where there is no eth0. */
export const ownLink = (): OwnLink => {
  const { stdout } = spawnSync("ip", ["-j", "link", "show", "dev", "eth0"], { encoding: "utf8" })
  const [found] = JSON.parse(stdout) as { readonly ifindex: number; readonly address: string }[]
  const mac = found === undefined ? undefined : parseMac(found.address)
  if (found === undefined || mac === undefined) throw new Error("this machine has no eth0 with a hardware address")
  return { name: "eth0", index: found.ifindex, mac }
}
