import type { Intervals, ReleaseRecord } from './schema.ts'

/** Whether a release is in the set. */
export function holdsRelease(set: Intervals, release: number): boolean {
  for (let i = 0; i < set.length; i += 2) if (set[i]! <= release && release <= set[i + 1]!) return true
  return false
}

/** Whether one of the releases in the set was indexed from source. */
export function holdsSource(set: Intervals, releases: readonly ReleaseRecord[]): boolean {
  for (let i = 0; i < set.length; i += 2)
    for (let release = set[i]!; release <= set[i + 1]!; release++)
      if (releases[release]!.origin === 'source') return true
  return false
}

/** By built release the source release of the same version; -1 for source releases and where there is none. */
export function sourcesOfBuilt(releases: readonly ReleaseRecord[]): Int32Array {
  const sources = new Map<string, number>()
  releases.forEach(({ version, origin }, release) => {
    if (origin === 'source') sources.set(version, release)
  })
  return Int32Array.from(releases, ({ version, origin }) => (origin === 'built' ? (sources.get(version) ?? -1) : -1))
}
