import type { ContradictedClaim, FileReport, Match, VersionEstimate } from '../model.ts'
import { escapeText } from './escape.ts'

/** Versions of a set that are spelled out; more are counted. Four fit a table cell and show the spread. */
const VERSIONS_SHOWN = 4

const FORMAT_NAMES = { elf: 'ELF', pe: 'PE', ar: 'archive' } as const

/**
 * The version as a person reads it, control characters escaped: `1.2.13`, `3.0.19 (not indexed, nearest 3.0.15)`,
 * `one of 1.9.4, 1.9.3 or newer`, `unknown`.
 */
export function versionText(version: VersionEstimate): string {
  if (version.kind === 'unknown') return 'unknown'
  if (version.kind === 'set') return setText(version.versions, version.orNewer === true)
  if (version.indexed) return escapeText(version.version)
  const nearest = version.nearest === undefined ? '' : `, nearest ${version.nearest}`
  return escapeText(`${version.version} (not indexed${nearest})`)
}

function setText(versions: readonly string[], orNewer: boolean): string {
  const suffix = orNewer ? ' or newer' : ''
  const shown = versions.slice(0, VERSIONS_SHOWN).map(escapeText).join(', ')
  if (versions.length === 1) return `${shown}${suffix}`
  if (versions.length <= VERSIONS_SHOWN) return `one of ${shown}${suffix}`
  return `one of ${versions.length}: ${shown}, …${suffix}`
}

/** What the file is, in a few words: `ELF x86_64, stripped, 94.2 MiB`. */
export function fileText(file: FileReport): string {
  const stripped = file.stripped ? ', stripped' : ''
  return `${FORMAT_NAMES[file.format]} ${escapeText(file.arch)}${stripped}, ${sizeText(file.size)}`
}

/** Where a file says what it is. */
export const SOURCE_NAMES: Readonly<Record<ContradictedClaim, string>> = {
  'file-name': 'its name',
  soname: 'the name that loaders know',
  'version-resource': 'the version resource',
  text: 'the text',
}

/**
 * How the component is there: `embedded`, `embedded (partial)`, `embedded (known file)`, `embedded (or mozjpeg)` where its family is not
 * decided, `linked`; `own` where the file's package is one of the component. The rule, a whole copy
 * found by its fingerprints, is not spelled out.
 */
export function presenceText(match: Match): string {
  // What belongs to the file's own package is not embedded in it.
  const role = match.own ? 'own' : match.role
  if (match.undecided.length > 0) return `${role} (or ${match.undecided.map(escapeText).join(' or ')})`
  if (match.method !== 'fingerprints') return `${role} (known file)`
  if (match.role !== 'embedded' || match.origin === 'whole') return role
  return `${role} (${match.origin})`
}

/** Bytes in the largest binary unit that leaves a number above one. */
export function sizeText(bytes: number): string {
  const units = ['KiB', 'MiB', 'GiB', 'TiB']
  let size = bytes
  let unit = 'bytes'
  for (const larger of units) {
    if (size < 1024) break
    size /= 1024
    unit = larger
  }
  return unit === 'bytes' ? `${bytes} bytes` : `${size.toFixed(1)} ${unit}`
}

/** `1 file`, `2 files`, `1,204 releases`. */
export function count(number: number, noun: string): string {
  // Not toLocaleString: loading the rules of all languages takes longer than scanning a small file.
  const grouped = String(number).replace(/\B(?=(?:\d{3})+$)/g, ',')
  return `${grouped} ${noun}${number === 1 ? '' : 's'}`
}
