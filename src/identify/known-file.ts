import type { DatabaseReader } from '../database/reader.ts'
import type { ComponentRecord, FileIdentity, ReleaseRecord } from '../database/schema.ts'
import type { Match, Method } from '../model.ts'
import { componentNames } from './match.ts'

/** By what a file may be known as an official build. */
export interface FileMarks {
  /** Hexadecimal. */
  readonly sha256: string
  /** GNU build-id, hexadecimal; null where the file has none. */
  readonly buildId: string | null
}

/** A file that was indexed itself: a library of a distribution, an official program, one of the user's own. */
export interface KnownFile {
  readonly record: ComponentRecord
  readonly release: ReleaseRecord
  readonly identity: FileIdentity
  readonly method: Exclude<Method, 'fingerprints'>
}

/**
 * The file as the database knows it, by its sha256, else by its build-id, which stripping does not change: once for each
 * component that it was indexed for.
 */
export async function findKnownFile(marks: FileMarks, reader: DatabaseReader): Promise<KnownFile[]> {
  const bySha256 = await reader.fileBySha256(marks.sha256)
  const byBuildId = bySha256.length > 0 || marks.buildId === null ? [] : await reader.fileByBuildId(marks.buildId)
  const known = new Map<number, KnownFile>()
  for (const identity of [...bySha256, ...byBuildId]) {
    if (known.has(identity.component)) continue
    const record = await reader.component(identity.component)
    const release = record.releases[identity.release]!
    known.set(identity.component, {
      record,
      release,
      identity,
      method: bySha256.length > 0 ? 'file-hash' : 'build-id',
    })
  }
  return [...known.values()]
}

/** The bytes are those of an official build, or its linker's name for it is; neither happens by chance. */
const KNOWN_CONFIDENCE = 0.999

/** The claim that the file is an official build. `found` is what its fingerprints say of the component, if anything. */
export function knownMatch({ record, release, identity, method }: KnownFile, found: Match | undefined): Match {
  const version = { kind: 'exact' as const, version: release.version, indexed: true }
  const by = method === 'file-hash' ? 'sha256' : 'build-id'
  // The sha256 says that nothing was changed.
  const modified = method === 'build-id' ? (found?.modified ?? []) : []
  const text = `the ${by} is that of ${identity.name} (${identity.arch}): ${release.provenance}`
  return {
    name: record.name,
    version,
    confidence: KNOWN_CONFIDENCE,
    undecided: [],
    role: 'embedded',
    origin: 'whole',
    method,
    own: false,
    ...componentNames(record, version),
    ranges: found?.ranges ?? [],
    units: found?.units ?? [],
    evidence: [{ kind: 'file', offset: null, length: 0, unit: null, bits: 64, text }, ...(found?.evidence ?? [])],
    neighbours: [],
    modified,
    against: method === 'build-id' ? againstBuildId(release.version, found, modified.length) : [],
  }
}

/** A build-id is a text of the file, and stays when its code is changed. */
function againstBuildId(version: string, found: Match | undefined, changed: number): string[] {
  const notes: string[] = []
  if (found?.version.kind === 'exact' && found.version.version !== version)
    notes.push(`its fingerprints are those of ${found.version.version}`)
  if (changed > 0)
    notes.push(`it was changed since it was built: ${changed} of its functions are not those of the build`)
  return notes
}
