import { familyOf, parseAddress, parseIpv4, type Ipv6 } from "../../net/address.ts"
import { parsePrefix, prefixOf, printPrefix, rangeOfPrefix, type Prefix } from "../../net/prefix.ts"
import { type AddressRange, parseRange, rangesOverlap } from "../../net/range.ts"

export type ReadRange =
  | { readonly kind: "range"; readonly range: AddressRange }
  | { readonly kind: "fault"; readonly because: string; readonly remedy: string }

/** One entry of a pool: `a.b.c.d/n` (host bits do not matter) or `first-last`, blanks allowed round the dash only. */
export const readRange = (text: string): ReadRange => {
  const prefix = parsePrefix(text)
  const range = prefix === undefined ? (text.includes("/") ? undefined : parseRange(text)) : rangeOfPrefix(prefix)
  if (range === undefined) return { kind: "fault", ...diagnose(text) }
  const block = unusable.find(({ prefix }) => rangesOverlap(rangeOfPrefix(prefix), range))
  if (block === undefined) return { kind: "range", range }
  return {
    kind: "fault",
    because: `it holds addresses of ${printPrefix(block.prefix)} (${block.what}), which no Service can have`,
    remedy: "name only addresses of your own network",
  }
}

/** What is wrong with text that is no range: the commonest mistakes have a sentence of their own. */
const diagnose = (text: string): { readonly because: string; readonly remedy: string } => {
  if (text !== text.trim()) return { because: "it begins or ends with a blank", remedy: `write "${text.trim()}"` }
  // oxlint-disable-next-line no-control-regex
  if (/[^\u0020-\u007e]/.test(text))
    return { because: "it holds characters that are not ASCII", remedy: "type it anew" }
  if (text.includes("%"))
    return { because: "a zone has no meaning here", remedy: `write ${text.replaceAll(/%[^/\s-]*/g, "")}` }
  const zeros = /(^|[.\-\s])0\d/.test(text)
  if (zeros)
    return {
      because: "numbers with leading zeros mean different addresses to different programs",
      remedy: "remove the leading zeros",
    }
  const alone = parseAddress(text)
  if (alone !== undefined)
    return { because: "it is an address without a length", remedy: `write ${text}/${familyOf(alone) === 4 ? 32 : 128}` }
  return text.includes("/") ? diagnosePrefix(text) : diagnoseRange(text)
}

const diagnosePrefix = (text: string): { readonly because: string; readonly remedy: string } => {
  const [address = "", length = ""] = text.split("/")
  const mask = parseIpv4(length)
  if (mask !== undefined)
    return { because: "its length is written as a netmask", remedy: `write ${address}/${bitsOfMask(mask)}` }
  const parsed = parseAddress(address)
  if (parsed === undefined)
    return {
      because: `"${address.slice(0, 64)}" is no address`,
      remedy: "write it like 192.168.1.240/29 or 2001:db8::/64",
    }
  return {
    because: `"${length.slice(0, 16)}" is no prefix length`,
    remedy: `write a number from 0 to ${familyOf(parsed) === 4 ? 32 : 128}`,
  }
}

const diagnoseRange = (text: string): { readonly because: string; readonly remedy: string } => {
  const [firstText = "", lastText = "", more] = text.split("-")
  const first = parseAddress(firstText.trim())
  const last = parseAddress(lastText.trim())
  if (first === undefined || last === undefined || more !== undefined)
    return {
      because: "it is neither a prefix nor a range",
      remedy: "write it like 192.168.1.240/29 or 192.168.1.240-192.168.1.250",
    }
  if (familyOf(first) !== familyOf(last))
    return { because: "its ends are of two families", remedy: "write one range a family" }
  return { because: "its first address is above its last", remedy: `write ${lastText.trim()}-${firstText.trim()}` }
}

const bitsOfMask = (mask: number): number => Math.clz32(~mask)

/** What an ARP or NDP answer can never be about, or what is not said without a zone. IPv4 link-local works and is let be. */
const unusable: readonly { readonly prefix: Prefix; readonly what: string }[] = [
  ["0.0.0.0/8", "this network, RFC 791"],
  ["127.0.0.0/8", "loopback"],
  ["224.0.0.0/4", "multicast"],
  ["255.255.255.255/32", "broadcast"],
  ["::/127", "unspecified and loopback"],
  ["::ffff:0:0/96", "IPv4 written as IPv6: write it as IPv4"],
  ["fe80::/10", "link-local"],
  ["ff00::/8", "multicast"],
].map(([text = "", what = ""]) => ({ prefix: parsePrefix(text) ?? prefixOf(0n as Ipv6, 128), what }))
