import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { DetectorError, throwIfAborted } from '../../errors.ts'

/** A package of npm on this machine. */
export interface NpmTarball {
  readonly path: string
  /** As npm writes it: `sha512-` and the digest in base64. */
  readonly integrity: string
}

/**
 * Downloads one version of a package with `npm pack`, unless the directory has it from before. Nothing of the package is
 * run. Undefined when the registry does not have it.
 *
 * @param directory where packages are kept between builds
 * @throws DetectorError `SOURCE_FAILED` without npm, `ABORTED`
 */
export async function npmTarball(
  directory: string,
  name: string,
  version: string,
  signal?: AbortSignal,
): Promise<NpmTarball | undefined> {
  const path = join(directory, `${name.replace(/^@/, '').replace('/', '-')}-${version}.tgz`)
  if (!existsSync(path)) {
    await mkdir(directory, { recursive: true })
    // A directory of its own: what npm leaves half written is never taken for a package.
    const partial = await mkdtemp(join(directory, 'partial-'))
    try {
      await npmPack(`${name}@${version}`, partial, signal)
      const [file] = readdirSync(partial).filter((entry) => entry.endsWith('.tgz'))
      if (file === undefined) return undefined
      await rename(join(partial, file), path)
    } finally {
      await rm(partial, { recursive: true, force: true })
    }
  }
  const digest = createHash('sha512').update(readFileSync(path)).digest('base64')
  return { path, integrity: `sha512-${digest}` }
}

/** npm checks the digest that the registry states; its words are dropped, a missing file tells that it failed. */
async function npmPack(spec: string, directory: string, signal: AbortSignal | undefined): Promise<void> {
  throwIfAborted(signal)
  const args = ['pack', spec, '--ignore-scripts', '--silent', '--pack-destination', directory]
  const child = spawn('npm', args, { cwd: directory, stdio: 'ignore', shell: process.platform === 'win32' })
  const kill = (): void => void child.kill('SIGTERM')
  signal?.addEventListener('abort', kill, { once: true })
  await new Promise<void>((settle, reject) => {
    child.once('error', reject)
    child.once('close', () => settle())
  }).catch((cause: unknown) => {
    throw new DetectorError('SOURCE_FAILED', 'need the program npm, cannot start it', { cause })
  })
  signal?.removeEventListener('abort', kill)
  throwIfAborted(signal)
}
