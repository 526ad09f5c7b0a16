import assert from "node:assert/strict"
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { dirname, join } from "node:path"
import { test } from "node:test"
import { readHost } from "./host.ts"

test("the connection table and the CPU limit's toll are read where the kernel tells them", async () => {
  const evidence = await withFiles(
    {
      "proc/sys/net/netfilter/nf_conntrack_count": "1234\n",
      "proc/sys/net/netfilter/nf_conntrack_max": "262144\n",
      "proc/self/cgroup": "0::/kubepods/pod1/speaker\n",
      "sys/fs/cgroup/kubepods/pod1/speaker/cpu.stat": "usage_usec 5\nnr_throttled 3\nthrottled_usec 271828\n",
    },
    readHost,
  )
  assert.deepEqual(evidence, { connections: { count: 1234, max: 262_144 }, throttledMs: 272 })
})

test("what is not there, or no number, is not known", async () => {
  const nothing = { connections: undefined, throttledMs: undefined }
  assert.deepEqual(await withFiles({}, readHost), nothing)
  const odd = { "proc/sys/net/netfilter/nf_conntrack_count": "many", "proc/self/cgroup": "1:cpu:/old\n" }
  assert.deepEqual(await withFiles(odd, readHost), nothing)
})

test("this very machine can be asked", async () => {
  const { connections, throttledMs } = await readHost()
  assert.ok(connections === undefined || connections.max > 0)
  assert.ok(throttledMs === undefined || throttledMs >= 0)
})

const withFiles = async <T>(files: Readonly<Record<string, string>>, act: (root: string) => Promise<T>): Promise<T> => {
  const root = mkdtempSync(join(tmpdir(), "porchlight-host-"))
  try {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), text)
    }
    return await act(root)
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
