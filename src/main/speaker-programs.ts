import type { SpeakerOptions } from "../cli/replay/replayed.ts"
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
  readonly record?: string
}

/** Peers keep this node's addresses for so long while it restarts. */
const promiseSeconds = 30

/** What the two pure programs of a speaker are made with, as the flags say. */
export const speakerOptions = (flags: SpeakerFlags, secrets: BeatSecrets): SpeakerOptions => {
  const { nodeName: node, namespace, podName } = flags
  const boot = ((entropy() % 2 ** 20) * 2 ** 32 + entropy() + 1) as Boot
  const arpPerSecondMax = flags.arpPerSecondMax === undefined ? undefined : Number(flags.arpPerSecondMax)
  const profile = beatProfiles[flags.profile ?? "default"]
  const pod = podName === undefined || podName === "" ? undefined : { name: podName, namespace }
  const [version, ignoresExcludeLabel] = [productVersion(), flags.ignoreExcludeLb === true]
  return {
    announcer: { node, boot, secrets, profile, promiseSeconds, arpPerSecondMax },
    watcher: { node, namespace, pod, version, loadBalancerClass: flags.lbClass, ignoresExcludeLabel },
  }
}

export const createPrograms = (
  options: SpeakerOptions,
): { readonly announcer: Announcer; readonly watcher: Watcher } => ({
  announcer: new Announcer(options.announcer),
  watcher: new Watcher(options.watcher),
})
