import { holdsRelease } from '../database/release-sets.ts'
import type { Candidate } from './hits.ts'

/** Visits the releases of a set, and with each built release the source release of its version, each once. */
export function forEachVersion(
  { record, sourceOf }: Pick<Candidate, 'record' | 'sourceOf'>,
  set: number,
  visit: (release: number) => void,
): void {
  const intervals = record.sets[set]!
  for (let i = 0; i < intervals.length; i += 2)
    for (let release = intervals[i]!; release <= intervals[i + 1]!; release++) {
      visit(release)
      const source = sourceOf[release]!
      if (source >= 0 && !holdsRelease(intervals, source)) visit(source)
    }
}
