import type { Intervals } from '../database/schema.ts'
import type { Candidate } from './hits.ts'

/** Visits the releases of a set, ascending. */
export function forEachRelease(intervals: Intervals, visit: (release: number) => void): void {
  for (let i = 0; i < intervals.length; i += 2)
    for (let release = intervals[i]!; release <= intervals[i + 1]!; release++) visit(release)
}

/** Visits the releases of a set, and with each built release the source release of its version, each once. */
export function forEachVersion(
  { record, sourceOf }: Pick<Candidate, 'record' | 'sourceOf'>,
  set: number,
  visit: (release: number) => void,
): void {
  const intervals = record.sets[set]!
  forEachRelease(intervals, (release) => {
    visit(release)
    const source = sourceOf[release]!
    if (source >= 0 && !holds(intervals, source)) visit(source)
  })
}

function holds(intervals: Intervals, release: number): boolean {
  for (let i = 0; i < intervals.length; i += 2)
    if (intervals[i]! <= release && release <= intervals[i + 1]!) return true
  return false
}
