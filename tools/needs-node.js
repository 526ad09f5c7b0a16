/** Plain JavaScript, so that any Node can say it: the sources are TypeScript, which Node 24 runs as it is. */
const [major] = process.versions.node.split(".")
if (Number(major) < 24) {
  process.stderr.write(
    `✗ Porchlight's sources need Node 24 or newer; this is ${process.version}. npm ci brings Node 24 for Linux on x64 and arm64 (glibc) as an optional package: leave --omit=optional out, or install Node 24.\n`,
  )
  process.exit(4)
}
