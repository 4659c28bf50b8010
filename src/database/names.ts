import type { CatalogEntry } from './catalog.ts'

/**
 * The package URL of a release, `pkg:github/madler/zlib@1.2.11`, or of the component where no version is given.
 *
 * @see purl specification, "Rules for each purl component": the version is percent-encoded, colons stay
 */
export function formatPurl(entry: Pick<CatalogEntry, 'purl'>, version?: string): string {
  if (version === undefined) return entry.purl
  return `${entry.purl}@${encodeVersion(version)}`
}

/**
 * The CPE 2.3 name of a release from a `vendor:product` pair; every version matches where none is given.
 *
 * Pre-releases go to the field `update`, as NVD has them: `1.0.2-beta1` → `…:1.0.2:beta1:…`.
 *
 * @see NIST IR 7695, 6.2 "Formatted string binding"
 */
export function formatCpe(pair: string, version?: string): string {
  const colon = pair.indexOf(':')
  const [number, update] = version === undefined ? ['*', '*'] : splitUpdate(version)
  return `cpe:2.3:a:${escapeCpe(pair.slice(0, colon))}:${escapeCpe(pair.slice(colon + 1))}:${number}:${update}:*:*:*:*:*:*`
}

function encodeVersion(version: string): string {
  return encodeURIComponent(version)
    .replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%3A/g, ':')
}

function splitUpdate(version: string): [number: string, update: string] {
  const match = /^(?<number>.*\d)[-._~]?(?<update>(?:alpha|beta|pre|rc)[-._]?\d*)$/i.exec(version)
  if (match?.groups === undefined) return [escapeCpe(version), '*']
  return [escapeCpe(match.groups['number'] ?? ''), escapeCpe((match.groups['update'] ?? '').replace(/[-._]/g, ''))]
}

/** Lower case, with a backslash before all that is not a letter, digit, `_`, `.` or `-`; a lone dash would mean "none". */
function escapeCpe(text: string): string {
  const lower = text.toLowerCase()
  return lower === '-' ? '\\-' : lower.replace(/[^a-z0-9_.-]/g, '\\$&')
}
