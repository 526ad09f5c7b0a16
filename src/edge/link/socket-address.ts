import { type Address, addressBytes, ipv4FromBytes, type Ipv6, ipv6FromBytes, isMappedIpv4 } from "../../net/address.ts"
import { AF_INET, AF_INET6 } from "./abi.ts"
import { memory } from "./libc.ts"

/** The largest of the two forms below. */
export const socketAddressBytes = 28

/** struct sockaddr_in or sockaddr_in6. `scope`: the link of a link-local address. */
export const socketAddress = (address: Address, port: number, scope = 0): Uint8Array<ArrayBuffer> => {
  const ipv4 = typeof address === "number"
  const bytes = memory(ipv4 ? 16 : socketAddressBytes)
  const view = new DataView(bytes.buffer)
  view.setUint16(0, ipv4 ? AF_INET : AF_INET6, true)
  view.setUint16(2, port)
  bytes.set(addressBytes(address), ipv4 ? 4 : 8)
  if (!ipv4) view.setUint32(24, scope, true)
  return bytes
}

/** Reads either form; undefined for another family. IPv4-mapped IPv6 comes back as IPv4. */
export const readSocketAddress = (bytes: Uint8Array): { address: Address; port: number } | undefined => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const family = view.getUint16(0, true)
  const port = view.getUint16(2)
  if (family === AF_INET) return { address: ipv4FromBytes(bytes, 4), port }
  if (family !== AF_INET6) return undefined
  const address: Ipv6 = ipv6FromBytes(bytes, 8)
  return { address: isMappedIpv4(address) ? ipv4FromBytes(bytes, 20) : address, port }
}
