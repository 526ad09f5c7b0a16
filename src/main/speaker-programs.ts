import { productVersion } from "../cli/version.ts"
import { entropy } from "../edge/clock.ts"
import type { Boot } from "../ownership/beat.ts"
import { Announcer } from "../speaker/announcer/announcer.ts"
import { beatProfiles } from "../speaker/announcer/beat-profile.ts"
import type { BeatSecrets } from "../speaker/announcer/input.ts"
import { Watcher } from "../speaker/watcher/watcher.ts"

export type SpeakerFlags = {
  readonly nodeName: string
  readonly namespace: string
  readonly podName?: string
  readonly api?: string
  readonly lbClass?: string
  readonly ignoreExcludeLb?: boolean
  readonly beatKeyDir: string
  readonly profile?: keyof typeof beatProfiles
  readonly arpPerSecondMax?: string
  readonly metricsPort: string
  readonly inspectSocket?: string
}

/** Peers keep this node's addresses for so long while it restarts. */
const promiseSeconds = 30

/** The two pure programs of a speaker, as the flags say. */
export const createPrograms = (
  flags: SpeakerFlags,
  secrets: BeatSecrets,
): { readonly announcer: Announcer; readonly watcher: Watcher } => {
  const { nodeName: node, namespace, podName } = flags
  const boot = ((entropy() % 2 ** 20) * 2 ** 32 + entropy() + 1) as Boot
  const arpPerSecondMax = flags.arpPerSecondMax === undefined ? undefined : Number(flags.arpPerSecondMax)
  const profile = beatProfiles[flags.profile ?? "default"]
  const announcer = new Announcer({ node, boot, secrets, profile, promiseSeconds, arpPerSecondMax })
  const pod = podName === undefined || podName === "" ? undefined : { name: podName, namespace }
  const [version, ignoresExcludeLabel] = [productVersion(), flags.ignoreExcludeLb === true]
  const watcher = new Watcher({ node, namespace, pod, version, loadBalancerClass: flags.lbClass, ignoresExcludeLabel })
  return { announcer, watcher }
}
