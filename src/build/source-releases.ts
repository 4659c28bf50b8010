import type { Intervals, ReleaseRecord } from '../database/schema.ts'

/** Whether one of the releases in the set was indexed from source. */
export function holdsSource(set: Intervals, releases: readonly ReleaseRecord[]): boolean {
  for (let i = 0; i < set.length; i += 2)
    for (let release = set[i]!; release <= set[i + 1]!; release++)
      if (releases[release]!.origin === 'source') return true
  return false
}
