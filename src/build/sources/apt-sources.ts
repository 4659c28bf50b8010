import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { controlFields } from '../../archive/deb.ts'
import { type AptRoot, hasDigest } from './apt.ts'

/** One source package with the tarball of upstream's release in it. */
export interface AptSource {
  readonly source: string
  /** Debian's version. */
  readonly version: string
  /** Upstream's tarball as Debian names it: `fribidi_1.0.8.orig.tar.bz2`. */
  readonly file: string
  /** Of the tarball, hexadecimal. */
  readonly sha256: string
}

/**
 * Every source package of these names that the lists of a `deb-src` root have, by name, then version. Native packages,
 * which have no tarball of upstream, are passed over.
 */
export async function findSources(apt: AptRoot, names: readonly string[]): Promise<AptSource[]> {
  if (names.length === 0) return []
  // Names that no suite has make apt-cache fail after it has shown the others.
  const { output } = await apt.run('apt-cache', ['showsrc', '--only-source', '--', ...names])
  const found = new Map<string, AptSource>()
  for (const stanza of output.split(/\n\n+/)) {
    const one = sourceOf(stanza)
    if (one !== undefined) found.set(`${one.source} ${one.version}`, one)
  }
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
}

const FLAGS = ['--download-only', '--tar-only', '--only-source']

/** Source packages on one command line: starting apt costs as much as a small tarball. */
const BATCH = 40

/** Downloads the tarballs that are not there yet, as far as they can be had; what came is for {@link downloadSource} to judge. */
export async function downloadSources(
  apt: AptRoot,
  wanted: readonly AptSource[],
  onProgress?: (done: number, total: number) => void,
): Promise<void> {
  const missing: AptSource[] = []
  for (const one of wanted) {
    const path = join(apt.folder, one.file)
    if (await hasDigest(path, one.sha256)) continue
    await rm(path, { force: true })
    missing.push(one)
  }
  for (let at = 0; at < missing.length; at += BATCH) {
    onProgress?.(at, missing.length)
    const names = missing.slice(at, at + BATCH).map(({ source, version }) => `${source}=${version}`)
    await apt.run('apt-get', ['source', ...FLAGS, '--', ...names], apt.folder)
  }
}

/**
 * The path of a source package's tarball, which is downloaded unless it is there from before; undefined when it could not
 * be had, or is not what the list promised. With `wasAsked` only what came before counts.
 */
export async function downloadSource(apt: AptRoot, one: AptSource, wasAsked: boolean): Promise<string | undefined> {
  const path = join(apt.folder, one.file)
  if (await hasDigest(path, one.sha256)) return path
  if (wasAsked) return undefined
  await rm(path, { force: true })
  const wanted = `${one.source}=${one.version}`
  await apt.run('apt-get', ['source', ...FLAGS, '--', wanted], apt.folder)
  return (await hasDigest(path, one.sha256)) ? path : undefined
}

/**
 * The source package of one stanza; undefined for anything that is none, and without a tarball of upstream. Of several
 * (`orig-docs`) the main one counts: the others hold what upstream publishes apart.
 */
export function sourceOf(stanza: string): AptSource | undefined {
  const fields = controlFields(stanza)
  const [source, version] = [fields.get('Package'), fields.get('Version')]
  const checksums = fields.get('Checksums-Sha256')
  if (source === undefined || version === undefined || checksums === undefined) return undefined
  const files = [...checksums.matchAll(/^[ \t]*([0-9a-f]{64})[ \t]+\d+[ \t]+([^\s/]+)$/gm)]
  const tarball = files.find(([, , file]) => /\.orig\.tar(?:\.[a-z0-9]+)?$/.test(file!))
  return tarball === undefined ? undefined : { source, version, sha256: tarball[1]!, file: tarball[2]! }
}
