/** A kind as the API serves it. `group` is "" for the core group. */
export type Resource = {
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly kind: string
}

export const apiVersionOf = (resource: Resource): string =>
  resource.group === "" ? resource.version : `${resource.group}/${resource.version}`

/** `/api/v1/namespaces/media/services`; without a namespace the collection over all of them, or of a cluster-scoped kind. */
export const collectionPath = (resource: Resource, namespace?: string): string => {
  const root = resource.group === "" ? "/api" : `/apis/${encodeURIComponent(resource.group)}`
  const scope = namespace === undefined ? "" : `/namespaces/${encodeURIComponent(namespace)}`
  return `${root}/${encodeURIComponent(resource.version)}${scope}/${encodeURIComponent(resource.plural)}`
}

export const objectPath = (resource: Resource, name: string, namespace?: string): string =>
  `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`
