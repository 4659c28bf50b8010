import type { ComponentPrints, Intervals, ReleaseRecord } from './schema.ts'

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

/** By set 1 where one of its releases was indexed from source. */
export function sourceSets({ sets, releases }: Pick<ComponentPrints, 'sets' | 'releases'>): Uint8Array {
  // By release how many of those before it are from source, so that a range needs no walk.
  const before = new Uint32Array(releases.length + 1)
  releases.forEach(({ origin }, release) => {
    before[release + 1] = before[release]! + (origin === 'source' ? 1 : 0)
  })
  return Uint8Array.from(sets, (set) => {
    for (let i = 0; i < set.length; i += 2) if (before[set[i + 1]! + 1]! > before[set[i]!]!) return 1
    return 0
  })
}

/** By built release the source release of the same version; -1 for source releases and where there is none. */
export function sourcesOfBuilt(releases: readonly ReleaseRecord[]): Int32Array {
  const sources = new Map<string, number>()
  releases.forEach(({ version, origin }, release) => {
    if (origin === 'source') sources.set(version, release)
  })
  return Int32Array.from(releases, ({ version, origin }) => (origin === 'built' ? (sources.get(version) ?? -1) : -1))
}
