import { inClusterTarget, nobody, type ApiTarget } from "../edge/api-target.ts"
import { failure, type Failure } from "../edge/failure.ts"

/** The API server a program was told to use: `unix:PATH`, a kubeconfig file, or the one of the cluster it runs in. */
export const chooseApi = async (where: string | undefined): Promise<ApiTarget | Failure> => {
  if (where?.startsWith("unix:"))
    return { server: { kind: "unix", path: where.slice("unix:".length) }, credentials: () => Promise.resolve(nobody) }
  if (where !== undefined) {
    // With it comes a YAML parser, which a program in a pod never needs.
    const { readKubeconfig } = await import("../edge/kubeconfig.ts")
    const found = readKubeconfig([where])
    return found.kind === "failed" ? found : found.target
  }
  return (
    inClusterTarget() ??
    failure(
      "no-cluster",
      "This is no pod of a cluster. Name the API server: --api FILE (a kubeconfig) or --api unix:PATH.",
    )
  )
}
