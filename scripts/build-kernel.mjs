/**
 * Compiles the kernel from AssemblyScript to `src/fingerprint/kernel/kernel.wasm`, from where tests read it and
 * `prepare.mjs` copies it to `dist`. The module imports nothing and grows its own memory.
 */
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = fileURLToPath(new URL('../node_modules/assemblyscript/bin/asc.js', import.meta.url))
const entry = 'src/fingerprint/kernel/assembly/index.ts'
const settings =
  '--runtime stub --use abort= --enable simd --enable bulk-memory -O3 --noAssert --initialMemory 16'.split(' ')
const output = ['--outFile', 'src/fingerprint/kernel/kernel.wasm']
const run = spawnSync(process.execPath, [compiler, entry, ...settings, ...output], { cwd: root, stdio: 'inherit' })
process.exitCode = run.status ?? 1
