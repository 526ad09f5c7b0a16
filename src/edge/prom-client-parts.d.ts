/**
 * Parts of prom-client without the rest: its index also loads the metrics of a whole Node process, which keep 9 MB
 * resident in each of our programs.
 */
declare module "prom-client/lib/registry.js" {
  import type { Registry } from "prom-client"
  const value: typeof Registry
  export { value as default }
}
declare module "prom-client/lib/counter.js" {
  import type { Counter } from "prom-client"
  const value: typeof Counter
  export { value as default }
}
declare module "prom-client/lib/gauge.js" {
  import type { Gauge } from "prom-client"
  const value: typeof Gauge
  export { value as default }
}
