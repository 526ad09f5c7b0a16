/** Numbers of the Linux ABI (uapi headers) that this room uses; they are the same on x86-64 and arm64. */

export const AF_INET = 2
export const AF_INET6 = 10
export const AF_NETLINK = 16
export const AF_PACKET = 17

export const SOCK_STREAM = 1
export const SOCK_DGRAM = 2
export const SOCK_RAW = 3
export const SOCK_NONBLOCK = 0o4000
export const SOCK_CLOEXEC = 0o2000000

export const SOL_SOCKET = 1
export const SO_REUSEADDR = 2
export const SO_RCVBUF = 8
export const SO_ATTACH_FILTER = 26
export const SO_RCVBUFFORCE = 33

export const IPPROTO_IP = 0
export const IP_PKTINFO = 8
export const IP_TTL = 2
export const IP_RECVTTL = 12

export const IPPROTO_IPV6 = 41
export const IPV6_UNICAST_HOPS = 16
export const IPV6_JOIN_GROUP = 20
export const IPV6_LEAVE_GROUP = 21
export const IPV6_V6ONLY = 26
export const IPV6_RECVPKTINFO = 49
export const IPV6_PKTINFO = 50
export const IPV6_RECVHOPLIMIT = 51
export const IPV6_HOPLIMIT = 52

export const ETH_P_ARP = 0x0806
export const ETH_P_IPV6 = 0x86dd

export const MSG_DONTWAIT = 0x40
export const MSG_NOSIGNAL = 0x4000

export const O_RDONLY = 0
export const O_CLOEXEC = 0o2000000
export const CLONE_NEWNET = 0x40000000
export const CLOCK_BOOTTIME = 7
export const TFD_TIMER_ABSTIME = 1
