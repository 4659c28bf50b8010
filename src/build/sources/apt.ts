import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { createReadStream, existsSync } from 'node:fs'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { controlFields } from '../../archive/deb.ts'
import { DetectorError, throwIfAborted } from '../../errors.ts'

/** One build of a binary package as a package list names it. */
export interface AptPackage {
  readonly name: string
  readonly version: string
  readonly architecture: string
  readonly source: string
  readonly sourceVersion: string
  /** Of the package file, hexadecimal. */
  readonly sha256: string
}

export interface AptOptions {
  /** Holds lists and downloaded packages between calls. */
  readonly directory: string
  /** Release names: `bookworm`, `sid`. Their updates and security suites come along. */
  readonly suites: readonly string[]
  readonly architectures: readonly string[]
  /** Where downloaded packages are kept. Default: `packages/` of the directory. */
  readonly folder?: string
  /** Default: those of the system's apt. */
  readonly mirrors?: Mirrors
  /** Which lists are fetched: those of packages (`deb`, the default) or of source packages (`deb-src`). */
  readonly lists?: 'deb' | 'deb-src'
  readonly signal?: AbortSignal | undefined
}

/** Packages on one command line; each takes some 60 bytes of the 128 KiB that are always there. */
const BATCH = 400

/**
 * A root of apt of its own: own sources, lists and archives below one directory, so that nothing of the system changes.
 * Mirrors and keys are those of the system's apt.
 */
export class AptRoot {
  readonly #directory: string
  /** Where downloaded packages are kept. */
  readonly folder: string
  readonly #architectures: readonly string[]
  readonly #signal: AbortSignal | undefined
  /** Suites of which no list could be fetched: ended, or not on the mirror. */
  readonly missing: readonly string[]

  private constructor(options: AptOptions, missing: readonly string[]) {
    this.#directory = resolve(options.directory)
    this.folder = resolve(options.folder ?? join(options.directory, 'packages'))
    this.#architectures = options.architectures
    this.#signal = options.signal
    this.missing = missing
  }

  /**
   * Sets the root up and fetches the package lists of all suites.
   *
   * @throws DetectorError `SOURCE_FAILED` without apt, a Debian mirror in its configuration, or any list; `ABORTED`
   */
  static async open(options: AptOptions): Promise<AptRoot> {
    const directory = resolve(options.directory)
    const { folder = join(directory, 'packages') } = options
    for (const needed of ['lists/partial', 'archives/partial'])
      await mkdir(join(directory, needed), { recursive: true })
    await mkdir(folder, { recursive: true })
    await writeFile(join(directory, 'status'), '')
    const { lists = 'deb' } = options
    const mirrors = options.mirrors ?? (await systemMirrors(options.signal))
    const lines = sourceLines(mirrors, options.suites, options.architectures, lists)
    await writeFile(join(directory, 'sources.list'), lines.map(({ line }) => `${line}\n`).join(''))
    const root = new AptRoot(options, [])
    // One suite that is gone makes the whole update fail; which lists are there tells more.
    const updated = await root.run('apt-get', ['update'])
    const targets = await root.run('apt-get', ['indextargets', '--format', '$(CREATED_BY) $(RELEASE) $(FILENAME)'])
    const present = new Set(
      targets.output
        .split('\n')
        .map((line) => line.split(' '))
        .filter(
          ([kind, , file]) =>
            kind === (lists === 'deb' ? 'Packages' : 'Sources') && file !== undefined && existsSync(file),
        )
        .map(([, suite]) => suite),
    )
    if (present.size === 0) throw failed('update', updated)
    return new AptRoot(
      options,
      lines.map(({ suite }) => suite).filter((suite) => !present.has(suite)),
    )
  }

  /** Every build of these packages that the lists have, in all architectures, without duplicates and in one order. */
  async find(names: readonly string[]): Promise<AptPackage[]> {
    const found = new Map<string, AptPackage>()
    const wanted = names.flatMap((name) => this.#architectures.map((architecture) => `${name}:${architecture}`))
    for (let at = 0; at < wanted.length; at += BATCH) {
      // Names that no suite has make apt-cache fail after it has shown the others.
      const { output } = await this.run('apt-cache', ['show', '--', ...wanted.slice(at, at + BATCH)])
      for (const stanza of output.split(/\n\n+/)) {
        const one = packageOf(stanza)
        if (one !== undefined) found.set(fileNameOf(one), one)
      }
    }
    return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  }

  /**
   * Downloads packages, unless they are there from before, and returns the path of each; a package that could not be had,
   * or is not what the list promised, is not in the result.
   */
  async download(packages: readonly AptPackage[]): Promise<Map<AptPackage, string>> {
    const { folder } = this
    const pathOf = (one: AptPackage): string => join(folder, fileNameOf(one))
    const missing: AptPackage[] = []
    for (const one of packages) if (!(await hasDigest(pathOf(one), one.sha256))) missing.push(one)
    for (let at = 0; at < missing.length; at += BATCH) {
      const batch = missing.slice(at, at + BATCH)
      for (const one of batch) await rm(pathOf(one), { force: true })
      const wanted = batch.map(({ name, architecture, version }) => `${name}:${architecture}=${version}`)
      await this.run('apt-get', ['download', '--', ...wanted], folder)
    }
    const paths = new Map<AptPackage, string>()
    for (const one of packages) {
      throwIfAborted(this.#signal)
      if (!missing.includes(one) || (await hasDigest(pathOf(one), one.sha256))) paths.set(one, pathOf(one))
    }
    return paths
  }

  /** True for a package that this root's architectures can run. */
  offers({ architecture }: AptPackage): boolean {
    return architecture === 'all' || this.#architectures.includes(architecture)
  }

  /** Runs a program of apt with this root; a status other than 0 is the caller's to judge. */
  run(program: 'apt-get' | 'apt-cache', args: readonly string[], directory?: string): Promise<Ended> {
    const settings = [
      `Dir::Etc::SourceList=${join(this.#directory, 'sources.list')}`,
      'Dir::Etc::SourceParts=/dev/null',
      'Dir::Etc::Preferences=/dev/null',
      'Dir::Etc::PreferencesParts=/dev/null',
      `Dir::State=${this.#directory}`,
      `Dir::State::status=${join(this.#directory, 'status')}`,
      `Dir::Cache=${this.#directory}`,
      // Container images turn these off, and every call would then parse all lists again, for ten seconds and more.
      `Dir::Cache::pkgcache=${join(this.#directory, 'pkgcache.bin')}`,
      `Dir::Cache::srcpkgcache=${join(this.#directory, 'srcpkgcache.bin')}`,
      `Dir::Cache::archives=${join(this.#directory, 'archives')}`,
      `APT::Architecture=${this.#architectures[0]}`,
      `APT::Architectures=${this.#architectures.join(',')}`,
      'Acquire::Languages=none',
      'Acquire::Retries=3',
      // The directory belongs to the user that runs this, and apt's own could not write into it.
      `APT::Sandbox::User=${process.getuid?.() === 0 ? 'root' : ''}`,
    ]
    return runApt(program, [...settings.flatMap((setting) => ['-o', setting]), ...args], this.#signal, directory)
  }
}

/** How a program of apt ended. */
export interface Ended {
  readonly status: number | string | null
  readonly output: string
  /** What it said on stderr. */
  readonly words: string
}

/** Runs a program of apt to its end. Nothing passes a shell. */
async function runApt(
  program: string,
  args: readonly string[],
  signal: AbortSignal | undefined,
  cwd?: string,
): Promise<Ended> {
  throwIfAborted(signal)
  const env = { ...process.env, LC_ALL: 'C', DEBIAN_FRONTEND: 'noninteractive' }
  const child = spawn(program, [...args], {
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd === undefined ? {} : { cwd }),
  })
  const kill = (): void => void child.kill('SIGTERM')
  signal?.addEventListener('abort', kill, { once: true })
  const output: Buffer[] = []
  let words = ''
  child.stdout.on('data', (chunk: Buffer) => output.push(chunk))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-8192)
  })
  const status = await new Promise<number | string | null>((settle, reject) => {
    child.once('error', reject)
    child.once('close', (code, name) => settle(code ?? name))
  }).catch((cause: unknown) => {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const message = missing ? `need the program ${program}, not found in PATH` : `cannot start ${program}`
    throw new DetectorError('SOURCE_FAILED', `${message}: packages are read on Debian and its kin`, { cause })
  })
  signal?.removeEventListener('abort', kill)
  throwIfAborted(signal)
  return { status, output: Buffer.concat(output).toString('utf8'), words }
}

function failed(command: string, { status, words }: Ended): DetectorError {
  const reason = words.trim().split('\n').at(-1) ?? ''
  return new DetectorError('SOURCE_FAILED', `apt-get ${command} ended with ${status}: ${reason || 'without a word'}`)
}

/** Addresses that packages are fetched from. */
export interface Mirrors {
  readonly main: string
  /** Undefined where the system has no security suites. */
  readonly security: string | undefined
}

/**
 * The addresses that the system's own apt fetches Debian from.
 *
 * @throws DetectorError `SOURCE_FAILED` without apt, or without a Debian mirror in its configuration
 */
export async function systemMirrors(signal: AbortSignal | undefined): Promise<Mirrors> {
  const { output } = await runApt('apt-get', ['indextargets', '--format', '$(CREATED_BY) $(REPO_URI)'], signal)
  const addresses = output
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([kind]) => kind === 'Packages')
    .map(([, address = '']) => address)
  const main = addresses.find((address) => /\/debian\/?$/.test(address))
  if (main === undefined)
    throw new DetectorError(
      'SOURCE_FAILED',
      `need a Debian mirror in the configuration of apt, have ${[...new Set(addresses)].join(', ') || 'none'}`,
    )
  return { main, security: addresses.find((address) => /\/debian-security\/?$/.test(address)) }
}

/** The suite without updates of its own. */
const ROLLING = 'sid'

/** Lines of a sources.list, each with the suite that it fetches. */
export function sourceLines(
  { main, security }: Mirrors,
  suites: readonly string[],
  architectures: readonly string[],
  lists: 'deb' | 'deb-src' = 'deb',
): { suite: string; line: string }[] {
  const start = lists === 'deb' ? `deb [arch=${architectures.join(',')}]` : 'deb-src'
  const line = (address: string, suite: string): { suite: string; line: string } => {
    return { suite, line: `${start} ${address} ${suite} main` }
  }
  return suites.flatMap((suite) => {
    if (suite === ROLLING) return [line(main, suite)]
    const updates = [line(main, suite), line(main, `${suite}-updates`)]
    return security === undefined ? updates : [...updates, line(security, `${suite}-security`)]
  })
}

/** The package of one stanza; undefined for anything that is none. */
export function packageOf(stanza: string): AptPackage | undefined {
  const fields = controlFields(stanza)
  const [name, version] = [fields.get('Package'), fields.get('Version')]
  const [architecture, sha256] = [fields.get('Architecture'), fields.get('SHA256')]
  if (name === undefined || version === undefined || architecture === undefined || sha256 === undefined)
    return undefined
  const [, source = name, sourceVersion = version] = /^(\S+)(?: \((\S+)\))?$/.exec(fields.get('Source') ?? '') ?? []
  return { name, version, architecture, source, sourceVersion, sha256 }
}

/** As `apt-get download` names it. */
export function fileNameOf({ name, version, architecture }: AptPackage): string {
  const quoted = version.replace(/[_:%]/g, (c) => `%${c.charCodeAt(0).toString(16)}`)
  return `${name}_${quoted}_${architecture}.deb`
}

/** True when there is a file of this sha256, hexadecimal. */
export async function hasDigest(path: string, sha256: string): Promise<boolean> {
  if (!existsSync(path)) return false
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array)
  return hash.digest('hex') === sha256
}
