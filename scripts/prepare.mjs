/** Builds `dist` after an install from a checkout; without the compiler (`npm ci --omit=dev`) it says so and stops. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const compiler = fileURLToPath(new URL('../node_modules/typescript/bin/tsc', import.meta.url))
if (!existsSync(compiler)) {
  console.log('binprint: typescript is not installed, so dist is not built here')
} else {
  const run = spawnSync(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
  process.exitCode = run.status ?? 1
}
