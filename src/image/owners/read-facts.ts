import { latin1 } from '../../bytes/cursor.ts'
import { checkLimit, type Limits } from '../../bytes/limits.ts'
import type { ByteSource } from '../../bytes/source.ts'
import { DetectorError, throwIfAborted } from '../../errors.ts'
import { parseApkInstalled } from './apk.ts'
import { parseDiversions, parseDpkgList, parseDpkgStatus, parseMd5sums } from './dpkg.ts'
import { isNdb, ndbBlobs } from './ndb.ts'
import type { PackageFacts } from './package-facts.ts'
import { rpmOwners } from './rpm.ts'
import { isSqlite, sqliteRows } from './sqlite.ts'

/** Needs beside the file. */
export interface FactsOptions {
  readonly limits: Limits
  readonly signal?: AbortSignal | undefined
}

type Reader = (source: ByteSource, options: FactsOptions, name: string) => PackageFacts

const RPM_FOLDER = '(?:var/lib/rpm|usr/lib/sysimage/rpm|usr/share/rpm)'

/** Which files are read, and how; the first group is the name that a file stands for. */
const READERS: readonly (readonly [path: RegExp, read: Reader])[] = [
  [/^var\/lib\/dpkg\/status$/, readStatus],
  [/^var\/lib\/dpkg\/status\.d\/([^/]+)\.md5sums$/, readMd5sums],
  [/^var\/lib\/dpkg\/status\.d\/[^/]+$/, readStatus],
  [/^var\/lib\/dpkg\/info\/([^/]+)\.list$/, readList],
  [
    /^var\/lib\/dpkg\/diversions$/,
    (source, { limits }) => ({ kind: 'dpkg-diversions', diversions: parseDiversions(textOf(source, limits)) }),
  ],
  [
    /^(?:usr\/)?lib\/apk\/db\/installed$/,
    (source, { limits }) => ({ kind: 'owned', packages: parseApkInstalled(textOf(source, limits), limits) }),
  ],
  [new RegExp(`^${RPM_FOLDER}/(?:rpmdb\\.sqlite|Packages\\.db|Packages)$`), readRpm],
  [new RegExp(`^${RPM_FOLDER}/rpmdb\\.sqlite-wal$`), readLog],
]

/**
 * Whether the path (no leading slash) is a file of a package database that is read: of dpkg, also as distroless images keep it,
 * of rpm or of apk.
 */
export function isPackageDatabase(path: string): boolean {
  return READERS.some(([pattern]) => pattern.test(path))
}

/**
 * What one file of a package database says.
 *
 * @throws DetectorError `FORMAT_*`; `FORMAT_UNSUPPORTED` for Berkeley DB, which rpm wrote up to version 4.15, and for a
 *   database of rpm with changes in a log; `LIMIT_EXCEEDED`, `ABORTED`. `TypeError` for a path that is none of
 *   {@link isPackageDatabase}
 */
export async function readPackageFacts(path: string, source: ByteSource, options: FactsOptions): Promise<PackageFacts> {
  throwIfAborted(options.signal)
  for (const [pattern, read] of READERS) {
    const found = pattern.exec(path)
    if (found !== null) return read(source, options, found[1] ?? '')
  }
  throw new TypeError(`path: need a file of a package database, got ${path}`)
}

function readStatus(source: ByteSource, { limits }: FactsOptions): PackageFacts {
  return { kind: 'dpkg-status', packages: parseDpkgStatus(textOf(source, limits)) }
}

function readList(source: ByteSource, { limits }: FactsOptions, name: string): PackageFacts {
  return { kind: 'dpkg-list', package: name, paths: parseDpkgList(textOf(source, limits)) }
}

function readMd5sums(source: ByteSource, { limits }: FactsOptions, name: string): PackageFacts {
  return { kind: 'dpkg-list', package: name, paths: parseMd5sums(textOf(source, limits)) }
}

function readRpm(source: ByteSource, { limits, signal }: FactsOptions): PackageFacts {
  return { kind: 'owned', packages: rpmOwners(rpmHeaders(source, limits), limits, signal) }
}

function rpmHeaders(source: ByteSource, limits: Limits): Iterable<Uint8Array> {
  if (isSqlite(source)) return sqliteHeaders(source, limits)
  if (isNdb(source)) return ndbBlobs(source, limits)
  if (isBerkeleyDb(source))
    throw new DetectorError(
      'FORMAT_UNSUPPORTED',
      'package database of rpm in Berkeley DB is not read: convert it with rpmdb --rebuilddb of rpm 4.16 or newer',
    )
  throw new DetectorError(
    'FORMAT_BAD_MAGIC',
    `need a package database of rpm, it starts with ${Buffer.from(source.read(0, Math.min(16, source.size))).toString('hex')}`,
  )
}

/** Rows of a number and a header. */
function* sqliteHeaders(source: ByteSource, limits: Limits): Generator<Uint8Array> {
  for (const row of sqliteRows(source, 'Packages', limits)) {
    const blob = row[1]
    if (!(blob instanceof Uint8Array))
      throw new DetectorError('FORMAT_CORRUPT', 'need a header in each row of Packages of the database of rpm')
    yield blob
  }
}

/** The magic of hash tables and of trees, in either byte order. */
const BERKELEY_MAGIC = /^(?:\x61\x15\x06\0|\0\x06\x15\x61|\x62\x31\x05\0|\0\x05\x31\x62)$/

function isBerkeleyDb(source: ByteSource): boolean {
  return source.size >= 16 && BERKELEY_MAGIC.test(latin1(source.read(12, 4)))
}

/** A log with anything in it holds packages that the database itself does not have yet. */
function readLog(source: ByteSource): PackageFacts {
  if (source.size === 0) return { kind: 'owned', packages: [] }
  throw new DetectorError(
    'FORMAT_UNSUPPORTED',
    `package database of rpm has a log of ${source.size} bytes, and what it changes is not read: run rpmdb --rebuilddb`,
  )
}

function textOf(source: ByteSource, limits: Limits): string {
  checkLimit(limits, 'packageDatabaseBytes', source.size)
  return Buffer.from(source.read(0, source.size)).toString('utf8')
}
