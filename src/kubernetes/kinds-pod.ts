import type { Schema } from "./schema.ts"
import { anything, flag, int32, int64, listBy, listOf, looseCondition, mapOf, openObject, text } from "./kinds-words.ts"
import { wholeObject } from "./kinds-words.ts"

const container: Schema = openObject({
  name: text,
  image: text,
  command: listOf(text),
  args: listOf(text),
  env: listBy("name", openObject({ name: text, value: text })),
  ports: listBy(
    "containerPort",
    openObject({ name: text, containerPort: int32, hostPort: int32, protocol: text, hostIP: text }),
  ),
  volumeMounts: listBy("mountPath", openObject({ name: text, mountPath: text })),
  resources: anything,
})

const containerStatus: Schema = openObject({ name: text, ready: flag, restartCount: int32, image: text })

/** core/v1 Pod, as far as anybody here reads it; other fields are kept as they come. */
export const podSchema: Schema = wholeObject("Containers that run together on one node.", {
  spec: openObject({
    containers: listBy("name", container),
    initContainers: listBy("name", container),
    volumes: { ...listBy("name", openObject({ name: text })), "x-kubernetes-patch-strategy": "merge,retainKeys" },
    imagePullSecrets: listBy("name", openObject({ name: text })),
    hostAliases: listBy("ip", openObject({ ip: text })),
    tolerations: listOf(anything),
    nodeName: text,
    nodeSelector: mapOf(text),
    hostNetwork: flag,
    restartPolicy: text,
    serviceAccountName: text,
    terminationGracePeriodSeconds: int64,
  }),
  status: openObject({
    phase: text,
    podIP: text,
    podIPs: listBy("ip", openObject({ ip: text })),
    hostIP: text,
    hostIPs: listOf(openObject({ ip: text })),
    conditions: listBy("type", looseCondition),
    containerStatuses: listOf(containerStatus),
    initContainerStatuses: listOf(containerStatus),
  }),
})
