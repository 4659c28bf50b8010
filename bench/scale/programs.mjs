import { existsSync, realpathSync, statSync } from 'node:fs'
import { basename } from 'node:path'
import { forEachKind, KINDS, keyOf } from './features.mjs'

/**
 * Small programs that most systems have; what is not there is left out. None that holds or links a component of hundreds of
 * releases: the smallest catalog has to have all that is found.
 */
const SYSTEM_PROGRAMS = ['apt-get', 'bash', 'dpkg', 'find', 'grep', 'openssl', 'perl', 'ssh', 'tar']

/** The Node that runs this, which holds components, and small programs of the system. */
export function scannedPrograms() {
  const paths = SYSTEM_PROGRAMS.map((name) => `/usr/bin/${name}`).filter(existsSync)
  return [process.execPath, ...paths.map((path) => realpathSync(path))].map((path) => ({
    name: basename(path),
    path,
    size: statSync(path).size,
  }))
}

/** The distinct features of all programs together, by kind: those that no database knows as well. */
export function featuresOf({ extractFeatures, fileSource }, programs) {
  const seen = forEachKind(() => new Map())
  for (const { path } of programs) {
    const source = fileSource(path)
    const { prints } = extractFeatures(source)
    source.close()
    for (let i = 0; i < prints.kinds.length; i++)
      seen[prints.kinds[i]]?.set(keyOf(prints.high[i], prints.low[i]), [prints.high[i], prints.low[i]])
  }
  return Object.fromEntries(KINDS.map(({ kind }) => [kind, [...seen[kind].values()]]))
}

/** Names of the components that are in some program, or linked or mentioned by it. */
export async function componentsIn({ openDatabase, scanFile }, programs) {
  const db = await openDatabase()
  try {
    const reports = []
    for (const { path } of programs) reports.push(await scanFile(path, { db, minConfidence: 0 }))
    return new Set(
      reports.flatMap(({ files }) => files.flatMap(({ components }) => components.map(({ name }) => name))),
    )
  } finally {
    await db.close()
  }
}
