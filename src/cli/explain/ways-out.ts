import type { ServiceName } from "../../cluster/name.ts"
import type { Service } from "../../cluster/service.ts"
import { addressesOf } from "../../decision/allocate/ledger-change.ts"
import { sharingKeyOf } from "../../decision/allocate/sharing.ts"
import { settle } from "../../decision/settle.ts"
import { type Address, printAddress } from "../../net/address.ts"
import { listed } from "../../wording/list.ts"
import type { Survey } from "../survey/survey.ts"

/** A change that gives a pending Service an address: tried on the snapshot, with the daemons' own code. */
export type WayOut = {
  readonly says: string
  /** The command that does it. */
  readonly does: string
  readonly gets: readonly string[]
}

type Change = {
  readonly says: (gets: string) => string
  readonly does: string
  readonly edit: (services: Map<ServiceName, Service>) => void
}

/** Every field that can hold a wish, under both prefixes of MetalLB's annotations; null removes it. */
const noWish = {
  metadata: {
    annotations: Object.fromEntries(
      ["metallb.io", "metallb.universe.tf"].flatMap((prefix) => [
        [`${prefix}/loadBalancerIPs`, null],
        [`${prefix}/address-pool`, null],
      ]),
    ),
  },
  spec: { loadBalancerIP: null },
}

/** Only changes that work are told, and none that takes an address from somebody else. */
export const waysOut = (survey: Survey, service: Service): readonly WayOut[] =>
  differing(changesFor(survey, service)).flatMap((change) => {
    const services = new Map(survey.cluster.services)
    change.edit(services)
    const tomorrow = settle({ ...survey.cluster, services }, survey.readAt)
    const gets = addressesAfter(tomorrow.decisions.allocations.get(service.name))
    if (gets.length === 0 || someoneLoses(survey, tomorrow, service.name)) return []
    const texts = gets.map(printAddress)
    return [{ says: change.says(listed(texts)), does: change.does, gets: texts }]
  })

/** Two ways of one command are one. */
const differing = (changes: readonly Change[]): readonly Change[] =>
  changes.filter(({ does }, index) => changes.findIndex((one) => one.does === does) === index)

type Allocations = Survey["decisions"]["allocations"]

const addressesAfter = (allocation: ReturnType<Allocations["get"]>): readonly Address[] =>
  allocation === undefined ? [] : addressesOf(allocation)

const someoneLoses = (survey: Survey, tomorrow: Survey["settled"], but: ServiceName): boolean =>
  [...survey.settled.decisions.allocations].some(([name, allocation]) => {
    const after = addressesAfter(tomorrow.decisions.allocations.get(name))
    return name !== but && addressesAfter(allocation).some((address) => !after.includes(address))
  })

const changesFor = (survey: Survey, service: Service): readonly Change[] => {
  const allocation = survey.decisions.allocations.get(service.name)
  if (allocation?.kind !== "pending" || service.exposure.kind !== "ours") return []
  const changes: Change[] = []
  if (service.exposure.wish.kind === "contradiction") changes.push(...annotationAlone(survey, service))
  if (service.exposure.wish.kind !== "any") changes.push(ownAddress(service))
  for (const other of othersOf(survey, allocation)) {
    if (sharingKeyOf(service) !== sharingKeyOf(other) || sharingKeyOf(other) === undefined)
      changes.push(sameKey(service, other))
    if (service.policy === "Local" || other.policy === "Local") changes.push(bothCluster(service, other))
  }
  return changes
}

const othersOf = (
  { cluster }: Survey,
  pending: { readonly because: readonly { readonly code: string }[] },
): Service[] => {
  const names = pending.because.flatMap((reason) => ("with" in reason ? [reason.with as ServiceName] : []))
  return [...new Set(names)].flatMap((name) => cluster.services.get(name) ?? [])
}

const ownAddress = (service: Service): Change => ({
  says: (gets) => `without its wish it gets ${gets}`,
  does: `kubectl patch service ${inNamespace(service)} --type merge -p '${JSON.stringify(noWish)}'`,
  edit: (services) => void services.set(service.name, withExposure(service, { wish: { kind: "any" } })),
})

/** Of two wishes the annotation stays: spec.loadBalancerIP is deprecated in Kubernetes. */
const annotationAlone = (survey: Survey, service: Service): readonly Change[] => {
  const wish = survey.annotatedWish(service.name)
  if (wish === undefined) return []
  return [
    {
      says: (gets) => `without spec.loadBalancerIP it gets what its annotation asks for: ${gets}`,
      does: `kubectl patch service ${inNamespace(service)} --type merge -p '{"spec":{"loadBalancerIP":null}}'`,
      edit: (services) => void services.set(service.name, withExposure(service, { wish })),
    },
  ]
}

const sameKey = (service: Service, other: Service): Change => {
  const key =
    sharingKeyOf(other) ??
    sharingKeyOf(service) ??
    (service.name.replace("/", "-") as NonNullable<ReturnType<typeof sharingKeyOf>>)
  const lacking = [service, other].filter((one) => sharingKeyOf(one) !== key)
  return {
    says: (gets) => `with the same sharing key as ${other.name} it shares ${gets}`,
    does: lacking
      .map((one) => `kubectl annotate --overwrite service ${inNamespace(one)} metallb.io/allow-shared-ip=${key}`)
      .join(" && "),
    edit: (services) => {
      for (const one of lacking)
        services.set(one.name, { ...withExposure(one, { sharingKey: key }), hasSharingAnnotation: true })
    },
  }
}

const bothCluster = (service: Service, other: Service): Change => {
  const local = [service, other].filter(({ policy }) => policy === "Local")
  return {
    says: (gets) =>
      `with ${listed(local.map(({ name }) => name))} back to Cluster it shares ${gets}; ${local.length > 1 ? "their" : "its"} pods then no longer see their clients' addresses`,
    does: local
      .map((one) => `kubectl patch service ${inNamespace(one)} -p '{"spec":{"externalTrafficPolicy":"Cluster"}}'`)
      .join(" && "),
    edit: (services) => {
      for (const one of local) services.set(one.name, { ...one, policy: "Cluster" })
    },
  }
}

const withExposure = (service: Service, change: object): Service =>
  service.exposure.kind === "ours" ? { ...service, exposure: { ...service.exposure, ...change } } : service

const inNamespace = ({ name }: Service): string => `-n ${name.replace("/", " ")}`
