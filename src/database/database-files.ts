import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { DetectorError } from '../errors.ts'

const NAME = '[a-z0-9][a-z0-9._+-]*'

/** Paths of a database's files below its directory, with `/`; whatever else lies there is no part of it. */
export const DATABASE_PATH: RegExp = new RegExp(
  `^(?:(?:components|locks)/${NAME}\\.json|prints/${NAME}\\.bpf|background\\.bpf|` +
    '(?:database|families|vendored-paths|algorithm-constants|background)\\.json)$',
)

const FOLDERS = ['components', 'locks', 'prints'] as const

/** The files of a database, by path below its directory, in the order of their names. */
export function databaseFiles(directory: string): string[] {
  const folders = FOLDERS.filter((folder) => isDirectory(join(directory, folder)))
  const paths = [
    ...readdirSync(directory),
    ...folders.flatMap((folder) => readdirSync(join(directory, folder)).map((name) => `${folder}/${name}`)),
  ]
  return paths.filter((path) => DATABASE_PATH.test(path)).sort()
}

/** The names of the components that a directory has prints of, in their order. */
export function printedComponents(directory: string): string[] {
  const folder = join(directory, 'prints')
  if (!isDirectory(folder)) return []
  const files = readdirSync(folder).filter((file) => file.endsWith('.bpf'))
  return files.map((file) => file.slice(0, -'.bpf'.length)).sort()
}

/** @throws DetectorError `STORE_NOT_FOUND` for a directory without `prints/` */
export function requireDatabase(directory: string): void {
  if (isDirectory(join(directory, 'prints'))) return
  throw new DetectorError('STORE_NOT_FOUND', `need a database with prints/ in ${directory}, found none`, {
    locus: { path: directory },
  })
}

function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
