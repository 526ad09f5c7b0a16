import { memory, pointerTo, recvmsg, sendmsg } from "./libc.ts"

/** One piece of ancillary data: what the kernel says about a datagram, or is asked to do with it. */
export type Control = { readonly level: number; readonly type: number; readonly data: Uint8Array }

const controlHeaderBytes = 16
const align = (bytes: number): number => (bytes + 7) & ~7

/**
 * The buffers of one recvmsg or sendmsg, laid out once: struct msghdr (56 bytes), struct iovec (16) and what they
 * point to, as 64-bit little-endian Linux has them. All stay reachable with the object.
 */
export type MessageBuffer = {
  readonly name: Uint8Array<ArrayBuffer>
  readonly data: Uint8Array<ArrayBuffer>
  /** Bytes received or minus errno. */
  readonly receive: (fd: number, flags: number) => number
  readonly controls: () => readonly Control[]
  /** Sends the first `length` bytes of `data` to the first `nameLength` bytes of `name`. */
  readonly send: (fd: number, nameLength: number, length: number, controls: readonly Control[], flags: number) => number
}

export const messageBuffer = (sizes: { name: number; data: number; control: number }): MessageBuffer => {
  const name = memory(sizes.name)
  const data = memory(sizes.data)
  const control = memory(sizes.control)
  const vector = memory(16)
  const header = memory(56)
  const vectorView = new DataView(vector.buffer)
  const headerView = new DataView(header.buffer)
  const controlView = new DataView(control.buffer)
  vectorView.setBigUint64(0, pointerTo(data), true)
  headerView.setBigUint64(0, pointerTo(name), true)
  headerView.setBigUint64(16, pointerTo(vector), true)
  headerView.setBigUint64(24, 1n, true)
  headerView.setBigUint64(32, pointerTo(control), true)

  const arm = (nameLength: number, dataLength: number, controlLength: number): void => {
    headerView.setUint32(8, nameLength, true)
    vectorView.setBigUint64(8, BigInt(dataLength), true)
    headerView.setBigUint64(40, BigInt(controlLength), true)
    headerView.setInt32(48, 0, true)
  }

  const writeControls = (controls: readonly Control[]): number => {
    let at = 0
    for (const { level, type, data: content } of controls) {
      controlView.setBigUint64(at, BigInt(controlHeaderBytes + content.length), true)
      controlView.setInt32(at + 8, level, true)
      controlView.setInt32(at + 12, type, true)
      control.set(content, at + controlHeaderBytes)
      at += align(controlHeaderBytes + content.length)
    }
    return at
  }

  return {
    name,
    data,
    receive: (fd, flags) => {
      arm(sizes.name, sizes.data, sizes.control)
      return recvmsg(fd, header, flags)
    },
    controls: () => readControls(control.subarray(0, Number(headerView.getBigUint64(40, true)))),
    send: (fd, nameLength, length, controls, flags) => {
      arm(nameLength, length, writeControls(controls))
      return sendmsg(fd, header, flags)
    },
  }
}

/** The chain of struct cmsghdr in `bytes`; what does not fit ends it. */
export const readControls = (bytes: Uint8Array): readonly Control[] => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const controls: Control[] = []
  for (let at = 0; at + controlHeaderBytes <= bytes.length;) {
    const length = Number(view.getBigUint64(at, true))
    if (length < controlHeaderBytes || at + length > bytes.length) break
    const data = bytes.subarray(at + controlHeaderBytes, at + length)
    controls.push({ level: view.getInt32(at + 8, true), type: view.getInt32(at + 12, true), data })
    at += align(length)
  }
  return controls
}
