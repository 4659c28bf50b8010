import { createHash, type KeyObject, verify } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { readTar, type TarMember, tarMemberSource } from '../archive/tar.ts'
import { Fields, parseJson } from '../bytes/json-fields.ts'
import { type ByteSource, fileSource } from '../bytes/source.ts'
import { DATABASE_PATH } from '../database/database-files.ts'
import { type DatabaseDescriptor, descriptorOf } from '../database/descriptor.ts'
import { DetectorError, throwIfAborted } from '../errors.ts'

/**
 * A database in one file: a tar archive of `manifest.json`, perhaps `manifest.sig`, and the files in the manifest's order. Equal
 * databases give equal bytes. The signature is over the manifest, which holds the sha256 of all the rest, so that a reader
 * knows whom to believe before it unpacks anything.
 */
export interface BundleManifest extends DatabaseDescriptor {
  readonly files: readonly BundleFile[]
}

export interface BundleFile {
  /** Below the database's directory. */
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** Hexadecimal. */
  readonly sha256: string
}

/** An open bundle. Nothing but its manifest was read. */
export interface Bundle {
  readonly manifest: BundleManifest
  /** sha256 of the manifest, hexadecimal: it stands for the whole content. */
  readonly digest: string
  readonly isSigned: boolean
  /** True when the Ed25519 key made the signature. */
  isSignedBy(key: KeyObject): boolean
  /**
   * Writes all files below the directory.
   *
   * @throws DetectorError `STORE_CORRUPT` where a file is not what the manifest says; what was written stays
   */
  extract(directory: string, signal?: AbortSignal): void
  close(): void
}

export const MANIFEST = 'manifest.json'
export const SIGNATURE = 'manifest.sig'
/** A manifest of 100,000 files has some 15 MB. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024
const SIGNATURE_BYTES = 64

/**
 * Opens a bundle and reads its manifest. Close it.
 *
 * @throws DetectorError `INPUT_NOT_FOUND`, `STORE_CORRUPT` for a file that is none, `STORE_SCHEMA_MISMATCH` for a newer format
 */
export function openBundle(path: string): Bundle {
  const source = fileSource(path)
  try {
    const members = readTar(source)
    const first = nextMember(members, path)
    if (first?.path !== MANIFEST || first.size > MAX_MANIFEST_BYTES)
      throw corrupt(path, `need ${MANIFEST} as its first member, have ${first?.path ?? 'none'}`)
    const text = tarMemberSource(source, first).read(0, first.size).slice()
    const manifest = parseManifest(Buffer.from(text).toString('utf8'), path)
    const second = nextMember(members, path)
    const isSigned = second?.path === SIGNATURE && second.size === SIGNATURE_BYTES
    const signature = isSigned ? tarMemberSource(source, second).read(0, second.size).slice() : undefined
    const rest = isSigned || second === undefined ? [] : [second]
    return {
      manifest,
      digest: sha256(text),
      isSigned,
      isSignedBy: (key) => signature !== undefined && verify(null, text, key, signature),
      extract(directory, signal) {
        extractFiles({ source, path, members, ahead: rest }, manifest, directory, signal)
      },
      close: () => source.close(),
    }
  } catch (error) {
    source.close()
    throw error
  }
}

function nextMember(members: Generator<TarMember>, path: string): TarMember | undefined {
  try {
    const { done, value } = members.next()
    return done === true ? undefined : value
  } catch (cause) {
    if (!(cause instanceof DetectorError)) throw cause
    throw corrupt(path, cause.message, cause)
  }
}

function parseManifest(text: string, path: string): BundleManifest {
  try {
    const fields = new Fields(MANIFEST, parseJson(text, MANIFEST))
    const files = fields.objects('files').map((file) => ({
      path: file.match('path', DATABASE_PATH, 'a path of a database'),
      size: file.count('size'),
      sha256: file.match('sha256', /^[0-9a-f]{64}$/, 'a sha256'),
    }))
    return { ...descriptorOf(fields, path), files }
  } catch (cause) {
    if (!(cause instanceof DetectorError) || cause.code !== 'CATALOG_CORRUPT') throw cause
    throw corrupt(path, cause.message, cause)
  }
}

/** A bundle behind its manifest. */
interface Reading {
  readonly source: ByteSource
  readonly path: string
  readonly members: Generator<TarMember>
  /** Members that were looked at already. */
  readonly ahead: TarMember[]
}

function extractFiles(
  { source, path, members, ahead }: Reading,
  { files }: BundleManifest,
  directory: string,
  signal: AbortSignal | undefined,
): void {
  for (const file of files) {
    throwIfAborted(signal)
    const member = ahead.shift() ?? nextMember(members, path)
    if (member?.path !== file.path || member.type !== 'file' || member.size !== file.size)
      throw corrupt(path, `need ${file.path} of ${file.size} bytes, have ${member?.path ?? 'the end'}`)
    const bytes = tarMemberSource(source, member).read(0, member.size)
    if (sha256(bytes) !== file.sha256) throw corrupt(path, `the sha256 of ${file.path} differs`)
    const target = join(directory, file.path)
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, bytes)
  }
  const extra = ahead.shift() ?? nextMember(members, path)
  if (extra !== undefined) throw corrupt(path, `${extra.path} is not in its manifest`)
}

function corrupt(path: string, what: string, cause?: unknown): DetectorError {
  return new DetectorError('STORE_CORRUPT', `${path} is no whole database: ${what}; fetch or export it again`, {
    locus: { path },
    ...(cause === undefined ? {} : { cause }),
  })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
