import type { Labels } from "../name.ts"
import { nearestName } from "../nearest.ts"
import type { Faults } from "./fault.ts"

export const poolAnnotation = "metallb.io/address-pool"
export const addressesAnnotation = "metallb.io/loadBalancerIPs"
export const sharingAnnotation = "metallb.io/allow-shared-ip"
export const givenPoolAnnotation = "metallb.io/ip-allocated-from-pool"
export const moveToAnnotation = "porchlight.dev/move-to"

const prefix = "metallb.io/"
const deprecatedPrefix = "metallb.universe.tf/"
const known = [poolAnnotation, addressesAnnotation, sharingAnnotation, givenPoolAnnotation]

/** The annotation's value, or its deprecated twin's; the new key wins, even where its value is empty (MetalLB). */
export const annotationValue = (annotations: Labels, name: string): string | undefined =>
  annotations.get(name) ?? annotations.get(deprecatedPrefix + name.slice(prefix.length))

/** Deprecated keys, which work, and misspelt ones, which do nothing: people wait for an address because of them. */
export const noteAnnotations = (annotations: Labels, faults: Faults): void => {
  for (const [key, value] of annotations) {
    const field = `metadata.annotations.${key.slice(0, 120)}`
    const modern = key.startsWith(deprecatedPrefix) ? prefix + key.slice(deprecatedPrefix.length) : key
    if (known.includes(modern)) {
      if (key !== modern)
        faults.add(field, value, "noted", `the prefix ${deprecatedPrefix} is deprecated`, `write ${modern}`)
    } else if (modern.startsWith(prefix)) noteMisspelt(key, modern, value, faults)
    else {
      const ascii = known.find((name) => looksLike(key, name))
      if (ascii !== undefined) faults.add(field, value, "noted", `it only looks like ${ascii}`, `type ${ascii} anew`)
    }
  }
}

const noteMisspelt = (key: string, modern: string, value: string, faults: Faults): void => {
  const nearest = nearestName(modern, known)
  faults.add(
    `metadata.annotations.${key.slice(0, 120)}`,
    value,
    "noted",
    "there is no such annotation, so it does nothing",
    nearest === undefined ? "remove it" : `write ${nearest}`,
  )
}

/** The same key but for characters that are not ASCII (a Cyrillic `а`), or but for upper and lower case. */
const looksLike = (key: string, name: string): boolean => {
  if (key === name || key.length !== name.length) return false
  for (let i = 0; i < key.length; i++) {
    const ascii = key.charCodeAt(i) < 128
    if (ascii && key[i]!.toLowerCase() !== name[i]!.toLowerCase()) return false
  }
  return true
}
