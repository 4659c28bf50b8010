/**
 * Builds `dist`, after an install from a checkout and for `npm run build`. Without the compiler (`npm ci --omit=dev`) it
 * says so and stops.
 */
import { spawnSync } from 'node:child_process'
import { chmodSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
if (!existsSync(compiler)) {
  console.log('binprint: typescript is not installed, so dist is not built here')
} else {
  const run = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  process.exitCode = run.status ?? 1
  // npm makes a command executable when it links it, and npx links a checkout once: a later build must see to it itself.
  if (run.status === 0) chmodSync(new URL('../dist/cli/main.js', import.meta.url), 0o755)
}
