import koffi from "koffi"
import { CLOCK_BOOTTIME, SO_RCVBUF, SO_RCVBUFFORCE, SOL_SOCKET } from "./abi.ts"

/**
 * The one door to the C library. Every call answers as the kernel does: zero or more is success, less than zero is
 * minus errno. Pointers are untyped in koffi and a wrong one crashes the process, so callers pass only typed arrays.
 */
type Bytes = Uint8Array

if (process.platform !== "linux" || (process.arch !== "x64" && process.arch !== "arm64"))
  throw new Error(
    `packets need Linux on x64 or arm64, not ${process.platform} on ${process.arch}: run it in a container`,
  )

const libc = koffi.load(null)
const c = {
  socket: libc.func("int socket(int, int, int)") as (family: number, type: number, protocol: number) => number,
  bind: libc.func("int bind(int, void *, int)") as (fd: number, address: Bytes, length: number) => number,
  setsockopt: libc.func("int setsockopt(int, int, int, void *, int)") as (
    fd: number,
    level: number,
    name: number,
    value: Bytes,
    length: number,
  ) => number,
  recv: libc.func("intptr_t recv(int, void *, size_t, int)") as (
    fd: number,
    buffer: Bytes,
    length: number,
    flags: number,
  ) => number,
  send: libc.func("intptr_t send(int, void *, size_t, int)") as (
    fd: number,
    buffer: Bytes,
    length: number,
    flags: number,
  ) => number,
  recvmsg: libc.func("intptr_t recvmsg(int, void *, int)") as (fd: number, header: Bytes, flags: number) => number,
  sendmsg: libc.func("intptr_t sendmsg(int, void *, int)") as (fd: number, header: Bytes, flags: number) => number,
  open: libc.func("int open(str, int)") as (path: string, flags: number) => number,
  setns: libc.func("int setns(int, int)") as (fd: number, kind: number) => number,
  close: libc.func("int close(int)") as (fd: number) => number,
  read: libc.func("intptr_t read(int, void *, size_t)") as (fd: number, buffer: Bytes, length: number) => number,
  timerfdCreate: libc.func("int timerfd_create(int, int)") as (clock: number, flags: number) => number,
  timerfdSettime: libc.func("int timerfd_settime(int, int, void *, void *)") as (
    fd: number,
    flags: number,
    time: Bytes,
    before: null,
  ) => number,
  clockGettime: libc.func("int clock_gettime(int, void *)") as (clock: number, time: Bytes) => number,
}

const names = new Map(Object.entries(koffi.os.errno).map(([name, number]) => [number, name]))

/** `EPERM` for -1, and so on. */
export const codeOf = (result: number): string => names.get(-result) ?? `errno ${-result}`

/** Whether a result is the named error: `is(result, "EAGAIN")`. */
export const is = (result: number, code: string): boolean => result < 0 && koffi.os.errno[code] === -result

const checked = (result: number): number => (result < 0 ? -koffi.errno() : result)

export const socket = (family: number, type: number, protocol: number): number =>
  checked(c.socket(family, type, protocol))
export const bind = (fd: number, address: Bytes): number => checked(c.bind(fd, address, address.length))
export const setsockopt = (fd: number, level: number, name: number, value: Bytes): number =>
  checked(c.setsockopt(fd, level, name, value, value.length))
export const recv = (fd: number, buffer: Bytes, flags: number): number =>
  checked(c.recv(fd, buffer, buffer.length, flags))
export const send = (fd: number, bytes: Bytes, flags: number): number => checked(c.send(fd, bytes, bytes.length, flags))
export const recvmsg = (fd: number, header: Bytes, flags: number): number => checked(c.recvmsg(fd, header, flags))
export const sendmsg = (fd: number, header: Bytes, flags: number): number => checked(c.sendmsg(fd, header, flags))
export const open = (path: string, flags: number): number => checked(c.open(path, flags))
export const setns = (fd: number, kind: number): number => checked(c.setns(fd, kind))
export const read = (fd: number, buffer: Bytes): number => checked(c.read(fd, buffer, buffer.length))
export const timerfdCreate = (clock: number, flags: number): number => checked(c.timerfdCreate(clock, flags))
export const timerfdSettime = (fd: number, flags: number, time: Bytes): number =>
  checked(c.timerfdSettime(fd, flags, time, null))
export const close = (fd: number): number => checked(c.close(fd))

/** Where an off-heap buffer lies; the caller keeps the buffer reachable for as long as the kernel may write there. */
export const pointerTo = (buffer: Uint8Array<ArrayBuffer>): bigint => koffi.address(buffer)

/** Zeroed memory outside V8's heap: it does not move. */
export const memory = (bytes: number): Uint8Array<ArrayBuffer> => new Uint8Array(new ArrayBuffer(bytes))

/** The C `int` that most socket options take. */
export const int = (value: number): Uint8Array<ArrayBuffer> => {
  const bytes = memory(4)
  new DataView(bytes.buffer).setInt32(0, value, true)
  return bytes
}

export const setOption = (fd: number, level: number, name: number, value: number): number =>
  setsockopt(fd, level, name, int(value))

/** Beyond net.core.rmem_max only NET_ADMIN may go; without it the kernel gives what that limit allows. */
export const raiseReceiveBuffer = (fd: number, bytes: number): void => {
  if (setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, bytes) < 0) setOption(fd, SOL_SOCKET, SO_RCVBUF, bytes)
}

const time = memory(16)
const timeView = new DataView(time.buffer)

/** Milliseconds since boot, time asleep included (CLOCK_BOOTTIME): a suspend shows as a jump. */
export const bootTimeMs = (): number => {
  if (c.clockGettime(CLOCK_BOOTTIME, time) < 0) throw new Error(`clock_gettime failed: ${codeOf(-koffi.errno())}`)
  return Number(timeView.getBigInt64(0, true)) * 1000 + Number(timeView.getBigInt64(8, true)) / 1e6
}

export type Poll = { readonly close: () => void }

/** A poll handle held by nobody is collected, and the socket goes deaf without a word: this set holds them all. */
const polls = new Set<Poll>()

/** koffi declares one argument; it passes libuv's status before it. */
type PollCallback = Parameters<typeof koffi.node.poll>[1]

/**
 * Calls `wake` whenever `fd` has something to read or an error to fetch; `wake` must read at least once. An error on a
 * socket (link down, netlink overrun) makes libuv stop the handle: it is started again, or the socket would be deaf.
 * Close it before the descriptor, and before a worker ends.
 */
export const pollReadable = (fd: number, wake: () => void): Poll => {
  const onEvents = ((status: number) => {
    wake()
    if (status < 0 && polls.has(poll)) handle.start({ readable: true }, onEvents)
  }) as unknown as PollCallback
  const handle = koffi.node.poll(fd, { readable: true }, onEvents)
  const poll: Poll = {
    close: () => {
      if (polls.delete(poll)) handle.close()
    },
  }
  polls.add(poll)
  return poll
}

/** How many sockets are being watched: zero at the end of a test that closed what it opened. */
export const openPolls = (): number => polls.size
