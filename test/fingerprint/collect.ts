import { type ScanState, scanStrings } from '../../src/fingerprint/strings.ts'

/** What a scan finds, as text that a failing test can show. */
export interface Found {
  /** `hash offset length`, then `label` where it is one. */
  readonly strings: string[]
  /** `hash offset length version`, then `naming` and `head` where they hold. */
  readonly templates: string[]
  /** `version offset`. */
  readonly literals: string[]
}

/** Scans the bytes at once. */
export function scan(bytes: Uint8Array | string, base = 0): Found {
  return scanWindows(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes, [], base)
}

/**
 * Scans the bytes in windows: each ends at the next of the cuts (ascending) and starts where the scan of the one before
 * it stopped. The last one goes to the end.
 */
export function scanWindows(bytes: Uint8Array, cuts: readonly number[], base = 0): Found {
  const found: Found = { strings: [], templates: [], literals: [] }
  const state: ScanState = { insideLongRun: false }
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    const window = bytes.subarray(at, cut)
    at += scanStrings(
      window,
      base + at,
      cut === bytes.length,
      {
        string: (hash, offset, length, isLabel) =>
          found.strings.push(`${hash} ${offset} ${length}${isLabel ? ' label' : ''}`),
        template: ({ hash, version, selfNaming, head }, offset, length) =>
          found.templates.push(
            `${hash} ${offset} ${length} ${version}${selfNaming ? ' naming' : ''}${head ? ' head' : ''}`,
          ),
        literal: (version, offset) => found.literals.push(`${version} ${offset}`),
      },
      state,
    )
  }
  return found
}

/** The strings alone, as `offset length`. */
export function places(found: Found): string[] {
  return found.strings.map((line) => line.split(' ').slice(1, 3).join(' '))
}
