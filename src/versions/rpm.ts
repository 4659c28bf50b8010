import { compareDigits, compareTokens, type Token } from './token.ts'

/** The three parts of an rpm version; `epoch` is `0` and `release` empty where absent. */
export interface RpmVersion {
  readonly epoch: string
  readonly version: string
  readonly release: string
}

/** Ranks of rpmvercmp: `~` before the end, `^` after it but before anything that continues, letters before numbers. */
const TILDE = 0
const END = 1
const CARET = 2
const WORD = 3
const NUMBER = 4

/** Splits `[epoch:]version[-release]`; rpm allows no dash within version or release. */
export function parseRpm(version: string): RpmVersion {
  const colon = /^(\d+):/.exec(version)
  const rest = version.slice(colon?.[0].length ?? 0)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon?.[1] ?? '0',
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

/**
 * Compares as rpm does: epoch, version, release. Separators do not matter, so `1.0` and `1_0` compare as 0.
 *
 * @see rpm, `rpmio/rpmvercmp.c`; rpm-version(7), "Comparison"
 */
export function compareRpm(a: string, b: string): number {
  const left = parseRpm(a)
  const right = parseRpm(b)
  return (
    compareDigits(left.epoch, right.epoch) ||
    compareTokens(tokens(left.version), tokens(right.version), END) ||
    compareTokens(tokens(left.release), tokens(right.release), END)
  )
}

function tokens(text: string): Token[] {
  return Array.from(text.matchAll(/\d+|[A-Za-z]+|~|\^/g), ([piece]) => {
    if (/^\d/.test(piece)) return { rank: NUMBER, text: piece, number: true }
    const rank = piece === '~' ? TILDE : piece === '^' ? CARET : WORD
    return { rank, text: piece, number: false }
  })
}
