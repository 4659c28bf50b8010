import { existsSync, readdirSync } from 'node:fs'
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { readDescriptor } from '../database/descriptor.ts'
import { defaultDatabase } from '../database/installed.ts'
import { DetectorError } from '../errors.ts'
import { type BundleManifest, openBundle } from './bundle.ts'
import { readPrivateKey, readPublicKey } from './signing-keys.ts'
import { writeBundle } from './write-bundle.ts'

/** How a database becomes one file. */
export interface ExportOptions {
  /** The database. Default: the default one. */
  readonly database?: string
  /** PEM file of the private Ed25519 key that signs it. Default: it is not signed. */
  readonly key?: string
  readonly signal?: AbortSignal
}

/** How one file becomes a database. */
export interface ImportOptions {
  /** PEM file of the Ed25519 key that must have signed it. Default: any signature, or none, will do. */
  readonly key?: string
  readonly signal?: AbortSignal
}

/** A database that went from one file to a directory, or the other way round. */
export interface MovedDatabase {
  readonly name: string
  readonly sequence: number
  readonly files: number
  /** The file or directory that was written. */
  readonly path: string
  /** A signature was made, or held against a key. */
  readonly signed: boolean
}

/** @throws DetectorError `STORE_NOT_FOUND`, `USAGE` for a file that holds no private key, `ABORTED` */
export async function exportDatabase(path: string, options: ExportOptions = {}): Promise<MovedDatabase> {
  const key = options.key === undefined ? undefined : readPrivateKey(options.key)
  const directory = resolve(options.database ?? defaultDatabase())
  const watch = options.signal === undefined ? {} : { signal: options.signal }
  const manifest = await writeBundle(directory, path, key === undefined ? watch : { ...watch, key })
  return moved(manifest, path, key !== undefined)
}

/** @throws DetectorError `STORE_CORRUPT`, `STORE_UNTRUSTED`, `STORE_SCHEMA_MISMATCH`, `USAGE` for a directory with content */
export async function importDatabase(
  path: string,
  directory: string,
  options: ImportOptions = {},
): Promise<MovedDatabase> {
  if (existsSync(directory) && readdirSync(directory).length > 0)
    throw new DetectorError('USAGE', `need a new directory or an empty one, have ${directory} with content`)
  const bundle = openBundle(path)
  try {
    if (options.key !== undefined && !bundle.isSignedBy(readPublicKey(options.key))) {
      const have = bundle.isSigned ? 'a signature of another key' : 'no signature'
      throw new DetectorError('STORE_UNTRUSTED', `need ${path} signed with the key of ${options.key}, have ${have}`)
    }
    const parent = dirname(resolve(directory))
    await mkdir(parent, { recursive: true })
    const fresh = await mkdtemp(join(parent, '.binprint-import-'))
    try {
      bundle.extract(fresh, options.signal)
      readDescriptor(fresh)
      await rm(directory, { recursive: true, force: true })
      await rename(fresh, directory)
    } finally {
      await rm(fresh, { recursive: true, force: true })
    }
    return moved(bundle.manifest, directory, options.key !== undefined)
  } finally {
    bundle.close()
  }
}

function moved({ name, sequence, files }: BundleManifest, path: string, signed: boolean): MovedDatabase {
  return { name, sequence, files: files.length, path, signed }
}
