/** Every time and limit of the machine that is not in a node's own configuration, with its reason. W is interval x misses. */
export const timing = {
  /** More than a link's delay and a wake-up: without it hundreds of ties in a hundred deaths. */
  rankWaitMs: 20,
  /**
   * A new address waits so long for a better placed node whose view or whose service proxy is later: they are apart by
   * tens of milliseconds on six nodes, and where an address first goes it stays.
   */
  firstUseGraceMs: 250,
  /** Covers an undrained socket. */
  questionUnansweredMs: 50,
  /** Three probes; the first answer leaves 90 ms after the view. */
  probes: 3,
  probeGapMs: 30,
  /** The holder whose grant became old raises its own claim first. */
  grantGraceMs: 1000,
  /** Views of one change spread over hundreds of milliseconds. */
  readinessGraceMs: 2000,
  /** Fail open: a candidate that is not ready waits so long for one that is. */
  unreadyWaitMs: 2000,
  /** A target that does not claim in that time is not able to. */
  offerMs: 1000,
  /** An address that is better placed elsewhere is offered after so long. */
  preferenceMs: 60_000,
  leavingMs: 10_000,
  /** `restarting` is said so many intervals long, and up to so many until every living peer has echoed it. */
  restartingBeats: 2.5,
  restartingBeatsMax: 10,
  /** Peers lost together with one's own connection get so many windows more. */
  outageWindows: 3,
  patienceMax: 10,
  forgiveMs: 300_000,
  paceFirstMs: 5000,
  paceMaxMs: 300_000,
  paceForgetMs: 600_000,
  /** A rollout takes a node out of a Local address' order once or twice; */
  outsFree: 2,
  /** beyond that its endpoints flap: what they last said must have held for so long, twice as long each time. */
  outFirstMs: 1000,
  /** An address whose pods are gone for good is dark on its holder for this long at most. */
  outMaxMs: 16_000,
  outForgetMs: 30_000,
  /** Without endpoints there is nothing to lose: kept so long, an address whose endpoints are back keeps its holder. */
  emptyMs: 1000,
  /** Beats missing so long although questions are answered: something filters the port. */
  beatsBlockedMs: 2000,
  arpIntervalMs: 1000,
  arpSilentMs: 3500,
  conflictRetryMs: 10_000,
  /** Now, beyond a neighbour cache's lock time of 1 s, and twice for what was lost. */
  announceMs: [0, 1100, 3000, 5000],
  /** Sent and received together: reached among 200 nodes at 100 ms. */
  beatsPerSecondMax: 4000,
  /** The interval has one byte of tens of milliseconds. */
  intervalMsMax: 2550,
  /** Repeated questions of one node, to all silent peers together. */
  questionsPerSecondMax: 10,
  /** The age of what was heard has one byte of tens of milliseconds. */
  heardAgeMsMax: 2500,
  /** Boots of a node that will not be believed again. */
  retiredBoots: 4,
  promiseSecondsMax: 600,
  /** A finding about a single event is withdrawn when it was not seen again for so long. */
  eventMs: 60_000,
  /** Addresses outside the view whose last claim is remembered. */
  rememberedMax: 20_000,
} as const
