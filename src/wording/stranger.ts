/** What answers for an address of ours may be: the announcer's classes, as Speaker objects tell them. */
export type StrangerClass =
  | "member"
  | "silent-member"
  | "gateway"
  | "other-cluster"
  | "dhcp-client"
  | "answers-for-everything"
  | "unknown"

/** What it probably is, as people would say it. A class of a newer speaker is said as it stands. */
export const strangerWords = (is: string, node: string | undefined): string => {
  switch (is as StrangerClass) {
    case "member":
      return `the node ${node ?? "of this cluster"}, whose kernel answers by itself`
    case "silent-member":
      return `the node ${node ?? "of this cluster"}, whose speaker is silent: a switch or its kernel answers`
    case "gateway":
      return "the gateway"
    case "other-cluster":
      return "a speaker of another cluster, or with another key"
    case "dhcp-client":
      return "probably a DHCP client"
    case "answers-for-everything":
      return "a machine that answers for addresses that nobody has, too, as a proxy does"
    case "unknown":
      return "a machine that is none of this cluster's nodes and not the gateway"
    default:
      return is
  }
}

/** What to do about it. */
export const strangerRemedy = (is: string): string => {
  switch (is as StrangerClass) {
    case "member":
      return "set strictARP in kube-proxy's configuration, or remove the address from that node"
    case "silent-member":
      return "start that node's speaker, or look for ARP suppression on the switches"
    case "gateway":
      return "look for a proxy ARP setting or a static entry on the router"
    case "other-cluster":
      return "give the two clusters' pools different addresses; if it is a node of this cluster, its key file is old"
    case "dhcp-client":
      return "take the address out of the DHCP range or out of the pool, and renew that machine's lease"
    case "answers-for-everything":
      return "turn proxy ARP (or ARP suppression) off on that device"
    case "unknown":
    default:
      return "find the device by its MAC, or take the address out of the pool"
  }
}

/** `is answered for by 52:54:00:28:00:77 (unknown: a machine that ...)`. Another cluster's speaker may only want the address. */
export const strangerClause = (mac: string, is: string, node: string | undefined): string =>
  `${is === "other-cluster" ? "is wanted by" : "is answered for by"} ${mac} (${is}: ${strangerWords(is, node)})`
