import type { KeyObject } from 'node:crypto'
import { existsSync } from 'node:fs'
import { access, constants, mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { writeWhole } from '../build/prints-directory.ts'
import { acquireLock } from '../database/compile-lock.ts'
import { DESCRIPTOR, readDescriptor } from '../database/descriptor.ts'
import { defaultDataDirectory, INSTALLED, type InstalledDatabase, readInstalled } from '../database/installed.ts'
import { PACKAGED_DATABASE } from '../database/packaged.ts'
import { DetectorError } from '../errors.ts'
import { type Bundle, openBundle } from './bundle.ts'
import { download, isDownload } from './download.ts'
import type { Watch } from './progress.ts'
import { publicKeyOf, publicKeyText, readPublicKey } from './signing-keys.ts'

/** How a newer database is installed. */
export interface UpdateOptions extends Watch {
  /**
   * PEM file of the Ed25519 key that must have signed it. Required the first time; later the same key is asked for unless
   * another one is given.
   */
  readonly key?: string
  /** Where databases are installed. Default: `binprint` in the user's data directory. */
  readonly dataDirectory?: string
}

/** The database that is installed now. */
export interface UpdatedDatabase {
  readonly name: string
  readonly sequence: number
  readonly directory: string
  /** False where it was installed already. */
  readonly changed: boolean
}

/** Starts the name of a directory that is being filled; nobody opens it. */
const PARTIAL = '.binprint-update-'

/**
 * Installs a database from an address or a file, as `exportDatabase` made it, for all later calls of `openDatabase` without a
 * location. Scans that run go on with the one they opened, which is removed with the update after the next.
 *
 * @throws DetectorError `STORE_UNTRUSTED` where it is not signed with the key, or older than one that was known;
 * `STORE_CORRUPT`, `STORE_SCHEMA_MISMATCH`, `USAGE` without a key, `SOURCE_FAILED`, `SOURCE_UNSAFE`, `ABORTED`
 */
export async function updateDatabase(source: string, options: UpdateOptions = {}): Promise<UpdatedDatabase> {
  const data = options.dataDirectory ?? defaultDataDirectory()
  await makeDataDirectory(data)
  const lock = await acquireLock(join(data, '.lock'), async () => false, options.signal)
  const work = await mkdtemp(join(data, PARTIAL))
  try {
    const known = readInstalled(data)
    const key = trustedKey(known, options.key)
    let file = source
    if (isDownload(source)) {
      file = join(work, 'download')
      await download(source, file, {
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        onProgress: (done, total) => options.onProgress?.({ phase: 'download', done, total, label: source }),
      })
    }
    const bundle = openBundle(file)
    try {
      return await install(bundle, { source, data, work, key, known, signal: options.signal })
    } finally {
      bundle.close()
    }
  } finally {
    await rm(work, { recursive: true, force: true })
    await lock?.release()
  }
}

async function makeDataDirectory(data: string): Promise<void> {
  try {
    await mkdir(data, { recursive: true })
    await access(data, constants.W_OK)
  } catch (cause) {
    const message = `cannot write to the data directory ${data}: set BINPRINT_DATA to one that can be written`
    throw new DetectorError('USAGE', message, { locus: { path: data }, cause })
  }
}

function trustedKey(known: InstalledDatabase | undefined, path: string | undefined): KeyObject {
  if (path !== undefined) return readPublicKey(path)
  if (known !== undefined) return publicKeyOf(known.key, INSTALLED)
  throw new DetectorError('USAGE', 'need the key that must have signed the database: --key FILE, the first time')
}

interface Setting {
  readonly source: string
  readonly data: string
  readonly work: string
  readonly key: KeyObject
  readonly known: InstalledDatabase | undefined
  readonly signal: AbortSignal | undefined
}

async function install(bundle: Bundle, setting: Setting): Promise<UpdatedDatabase> {
  const { source, data, work, key, known, signal } = setting
  const { format, name, sequence } = bundle.manifest
  if (!bundle.isSignedBy(key)) {
    const have = bundle.isSigned ? 'a signature of another key' : 'no signature'
    throw new DetectorError('STORE_UNTRUSTED', `need ${source} signed with the trusted key, have ${have}`)
  }
  refuseRollback(bundle, setting)
  const folder = `${name}-${sequence}-${bundle.digest.slice(0, 16)}`
  const directory = join(data, folder)
  if (known?.manifest === bundle.digest && existsSync(directory)) return { name, sequence, directory, changed: false }
  const fresh = join(work, 'database')
  bundle.extract(fresh, signal)
  const inside = readDescriptor(fresh)
  if (inside === undefined)
    throw new DetectorError(
      'STORE_CORRUPT',
      `need a database.json in ${source}, have none: write { "format": 1, "name": "NAME", "sequence": N } into the database, ` +
        'N rising, and export it again',
    )
  if (inside.name !== name || inside.sequence !== sequence)
    throw new DetectorError('STORE_CORRUPT', `${source} says that it is ${name} ${sequence}, and its files do not`)
  await rm(directory, { recursive: true, force: true })
  await rename(fresh, directory)
  const now: InstalledDatabase = {
    ...{ format, name, sequence, folder },
    manifest: bundle.digest,
    key: publicKeyText(key),
  }
  await writeWhole(join(data, INSTALLED), `${JSON.stringify(now, undefined, 2)}\n`)
  await removeOld(data, [folder, known?.folder])
  return { name, sequence, directory, changed: true }
}

/** Of one name, nothing older than what this machine has, and no two databases of one number. */
function refuseRollback({ manifest, digest }: Bundle, { source, known }: Setting): void {
  const packaged = readDescriptor(PACKAGED_DATABASE)
  const { name, sequence } = manifest
  const have = [known, packaged].flatMap((one) => (one?.name === name ? [one.sequence] : []))
  const newest = Math.max(0, ...have)
  if (sequence < newest)
    throw new DetectorError('STORE_UNTRUSTED', `refused ${source}: it is ${name} ${sequence}, and ${newest} is known`)
  if (known?.name === name && known.sequence === sequence && known.manifest !== digest)
    throw new DetectorError(
      'STORE_UNTRUSTED',
      `refused ${source}: it is another ${name} ${sequence} than the one that is installed`,
    )
}

/** Removes databases but those named, and what killed updates left. What is in use and cannot go stays for the next time. */
async function removeOld(data: string, kept: readonly (string | undefined)[]): Promise<void> {
  for (const entry of await readdir(data, { withFileTypes: true })) {
    const isOurs = entry.name.startsWith(PARTIAL) || existsSync(join(data, entry.name, DESCRIPTOR))
    if (!entry.isDirectory() || !isOurs || kept.includes(entry.name)) continue
    await rm(join(data, entry.name), { recursive: true, force: true }).catch(() => undefined)
  }
}
