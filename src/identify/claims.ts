import type { Program } from '../binary/program.ts'
import type { DatabaseReader } from '../database/reader.ts'
import type { ComponentRecord } from '../database/schema.ts'
import type { ContradictedClaim, Contradiction, Match, VersionEstimate } from '../model.ts'
import { versionOfFileName } from '../versions/file-name.ts'
import { versionOrder } from '../versions/order.ts'
import { sameRelease } from '../versions/same.ts'
import { libraryNames } from './linkage.ts'

/** What a file says of itself outside of its code. */
export interface Claims {
  readonly programs: readonly Program[]
  /** Without directories; null for bytes that came from nowhere. */
  readonly fileName: string | null
}

/** A text in which the file says what it is. */
interface Claim {
  readonly source: ContradictedClaim
  /** As it stands in the file, or as the file is called. */
  readonly text: string
  /** Names of libraries, as `libraryNames` gives them. */
  readonly names: readonly string[]
  /** The version that the text spells, if it does. */
  readonly version: string | undefined
}

/** A library whose every release has so many texts cannot be here without one of them. */
const TELLING_TEXTS = 20

/**
 * Where the names of the file say one thing and its code another: another version, a sibling of the component, or nothing of a
 * component that could not be overlooked. A text that agrees, or that nothing speaks against, is no contradiction.
 */
export async function findContradictions(
  claims: Claims,
  matches: readonly Match[],
  reader: DatabaseReader,
): Promise<Contradiction[]> {
  const embedded = matches.filter(({ role }) => role === 'embedded')
  const linked = new Set(matches.filter(({ role }) => role === 'linked').map(({ name }) => name))
  const found: Contradiction[] = []
  for (const claim of claimsOf(claims)) {
    const claimed = await componentsNamed(claim.names, reader)
    // A binding bears the name of what it loads.
    if (claimed.length === 0 || claimed.some(({ name }) => linked.has(name))) continue
    const here = embedded.filter(({ name }) => claimed.some((record) => record.name === name))
    const because =
      here.length > 0
        ? againstVersion(claim, here, claimed)
        : againstComponent(claimed, embedded, await recordsOf(embedded, reader))
    if (because === undefined || found.some(({ text }) => text === claim.text)) continue
    found.push({ component: (here[0] ?? claimed[0]!).name, source: claim.source, text: claim.text, because })
  }
  return found
}

function claimsOf({ programs, fileName }: Claims): Claim[] {
  const claims: Claim[] = []
  if (fileName !== null) claims.push(nameClaim('file-name', fileName))
  const [program, another] = programs
  // The members of an archive have no names of their own.
  if (program === undefined || another !== undefined) return claims
  if (program.soname !== null) claims.push(nameClaim('soname', program.soname))
  const { OriginalFilename: original, InternalName: internal, FileVersion, ProductVersion } = program.versionInfo
  const called = original ?? internal
  if (called === undefined) return claims
  claims.push({ ...nameClaim('version-resource', called), version: undefined })
  for (const version of [FileVersion, ProductVersion])
    if (version !== undefined)
      claims.push({ source: 'version-resource', text: `${called} ${version}`, names: libraryNames(called), version })
  return claims
}

function nameClaim(source: ContradictedClaim, text: string): Claim {
  return { source, text, names: libraryNames(text), version: versionOfFileName(text)?.version }
}

async function componentsNamed(names: readonly string[], reader: DatabaseReader): Promise<ComponentRecord[]> {
  const records: ComponentRecord[] = []
  for (const [index, sonames] of reader.sonames.entries())
    if (names.some((name) => sonames.includes(name))) records.push(await reader.component(index))
  return records
}

async function recordsOf(matches: readonly Match[], reader: DatabaseReader): Promise<ComponentRecord[]> {
  const names = new Set(matches.map(({ name }) => name))
  return await Promise.all([...names].map((name) => reader.component(reader.manifest.components.indexOf(name))))
}

/** Why the version that a name spells is not that of the code; every copy must speak against it. */
function againstVersion(claim: Claim, here: readonly Match[], claimed: readonly ComponentRecord[]): string | undefined {
  const { version } = claim
  if (version === undefined) return undefined
  for (const match of here) {
    const record = claimed.find(({ name }) => name === match.name)!
    if (!speaksOfReleases(claim, record) || !excludes(match.version, version, record)) return undefined
  }
  const [match] = here
  return `${claim.text} says ${match!.name} ${plainNumber(version)}, its code is that of ${inWords(match!.version)}`
}

/**
 * Whether the number is that of a release and not of an interface or a product: of file names the indexed libraries tell, of other
 * texts that there is such a release.
 */
function speaksOfReleases({ source, names, version }: Claim, record: ComponentRecord): boolean {
  if (source !== 'version-resource') return names.some((name) => record.versionedNames.includes(name))
  return record.releases.some((release) => sameRelease(release.version, plainNumber(version!)))
}

/** `1, 2, 13, 0` as resources write it is 1.2.13.0. */
function plainNumber(version: string): string {
  return version.replace(/, ?/g, '.')
}

function excludes(estimate: VersionEstimate, claimed: string, { order, releases }: ComponentRecord): boolean {
  const version = plainNumber(claimed)
  if (estimate.kind === 'unknown') return false
  if (estimate.kind === 'exact') return !sameRelease(estimate.version, version)
  if (estimate.versions.some((member) => sameRelease(member, version))) return false
  const newest = releases.findLast(({ origin }) => origin === 'source')
  return !(estimate.orNewer === true && newest !== undefined && versionOrder(order)(version, newest.version) > 0)
}

function inWords(estimate: VersionEstimate): string {
  if (estimate.kind === 'exact') return estimate.version
  if (estimate.kind === 'unknown') return 'an unknown version'
  const [first, last] = [estimate.versions.at(-1)!, estimate.versions[0]!]
  return first === last ? first : `one of ${estimate.versions.length} other releases, ${estimate.likeliest} most likely`
}

/** Why the code is not that of any of the components that the name stands for. */
function againstComponent(
  claimed: readonly ComponentRecord[],
  embedded: readonly Match[],
  records: readonly ComponentRecord[],
): string | undefined {
  const names = claimed.map(({ name }) => name).join(' or ')
  const sibling = records.find(({ family }) => family !== null && claimed.some((record) => record.family === family))
  if (sibling !== undefined) {
    const match = embedded.find(({ name }) => name === sibling.name)!
    return `the name is that of ${names}, the code is ${sibling.name} ${inWords(match.version)}`
  }
  if (!claimed.every(mustHaveText)) return undefined
  return `the name is that of ${names}, and nothing of its code was found`
}

/** Whether every release that was indexed from source has so much text that it cannot be overlooked. */
function mustHaveText({ units, releases }: ComponentRecord): boolean {
  const sums = new Float64Array(releases.length)
  for (const { vendored, totals } of units) {
    if (vendored) continue
    for (let i = 0; i < totals.strings.length; i += 2) {
      const end = totals.strings[i + 2] ?? releases.length
      for (let release = totals.strings[i]!; release < end; release++) sums[release]! += totals.strings[i + 1]!
    }
  }
  return releases.every(({ origin }, release) => origin === 'built' || sums[release]! >= TELLING_TEXTS)
}
