/**
 * Builds the kernel, the fingerprints of published algorithms and `dist`, after an install from a checkout and for `npm run build`. Without the compilers
 * (`npm ci --omit=dev`) it says so and stops.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, copyFileSync, existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
const bundleScript = fileURLToPath(new URL('bundle.mjs', import.meta.url))
const featuresScript = fileURLToPath(new URL('build-public-features.mjs', import.meta.url))
const kernelScript = fileURLToPath(new URL('build-kernel.mjs', import.meta.url))
const kernelCompiler = new URL('../node_modules/assemblyscript/bin/asc.js', import.meta.url)

if (!existsSync(compiler) || !existsSync(kernelCompiler)) {
  console.log('binprint: typescript and assemblyscript are not installed, so dist is not built here')
} else {
  run([kernelScript])
  run([compiler, '-p', 'tsconfig.build.json'])
  copyBeside('fingerprint/kernel/kernel.wasm')
  run([featuresScript])
  copyBeside('build/public-features.bin')
  run([bundleScript])
  // npm makes a command executable when it links it, and npx links a checkout once: a later build must see to it itself.
  chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755)
  writeEngineDigest()
}

/** From `src`, where tests look for it. */
function copyBeside(file) {
  copyFileSync(new URL(`../src/${file}`, import.meta.url), new URL(`../dist/${file}`, import.meta.url))
}

/** Runs a Node program; ends this one with the same code if it fails. */
function run(args) {
  const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' })
  if (status !== 0) process.exit(status ?? 1)
}

/** A hash of the compiled program: what a scan keeps of its results is good for this program only. */
function writeEngineDigest() {
  const dist = new URL('../dist/', import.meta.url)
  const hash = createHash('sha256')
  const names = readdirSync(dist, { recursive: true, encoding: 'utf8' })
  for (const name of names.filter((one) => /\.(js|wasm|bin)$/.test(one)).sort()) {
    hash.update(`${name}\n`)
    hash.update(readFileSync(new URL(name, dist)))
  }
  writeFileSync(new URL('engine-digest.txt', dist), `${hash.digest('hex')}\n`)
}
