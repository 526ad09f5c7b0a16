declare const PORCHLIGHT_VERSION: string | undefined

/** The version that was bundled, or that of the checkout. */
export const productVersion = (): string =>
  typeof PORCHLIGHT_VERSION === "string" ? PORCHLIGHT_VERSION : "0.1.0-checkout"

export const version = (options: { readonly output?: string }): number => {
  const facts = {
    apiVersion: "porchlight.dev/v1alpha1",
    kind: "Version",
    version: productVersion(),
    node: process.version,
  }
  console.log(
    options.output === "json"
      ? JSON.stringify(facts, undefined, 2)
      : `porchlight ${facts.version} (node ${facts.node})`,
  )
  return 0
}
