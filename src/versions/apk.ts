import { compareTokens, type Token } from './token.ts'

/**
 * Ranks of what may stand at one place, from the rule that the part which is allowed later loses:
 * `1.2_rc1` < `1.2` < `1.2-r1` < `1.2~ab12` < `1.2_p1` < `1.2a` < `1.2.1`.
 */
const PRE_SUFFIX = 0
const END = 1
const REVISION = 2
const COMMIT = 3
const SUFFIX_NUMBER = 4
const POST_SUFFIX = 5
const LETTER = 6
const ZERO_LED = 7
const NUMBER = 8
/** What apk would refuse sorts behind everything else. */
const OTHER = 9

/** Suffixes before the release and after it, each oldest first. */
const PRE_SUFFIXES: readonly string[] = ['alpha', 'beta', 'pre', 'rc']
const POST_SUFFIXES: readonly string[] = ['cvs', 'svn', 'git', 'hg', 'p']

const PIECE =
  /_(?<suffix>alpha|beta|pre|rc|cvs|svn|git|hg|p(?!re))|-r(?<revision>\d+)|~(?<commit>[0-9a-f]+)|(?<dot>\.?)(?<number>\d+)|(?<letter>[a-z])|(?<other>.)/gsu

/**
 * Compares as Alpine's apk does: `{number}{.number}…{letter}{_suffix{number}}…{~commit}{-r number}`.
 *
 * A number after a dot that starts with zero compares as text and comes before all others, as in Gentoo (`1.01` < `1.1`).
 *
 * @see apk-tools, `src/version.c`; apk-package(5), "Package version"
 */
export function compareApk(a: string, b: string): number {
  return compareTokens(tokens(a), tokens(b), END)
}

function tokens(version: string): Token[] {
  const list: Token[] = []
  let afterSuffix = false
  for (const { groups = {} } of version.matchAll(PIECE)) {
    list.push(tokenOf(groups, afterSuffix))
    afterSuffix = groups['suffix'] !== undefined
  }
  return list
}

function tokenOf(groups: Readonly<Record<string, string | undefined>>, afterSuffix: boolean): Token {
  const { suffix, revision, commit, dot, number, letter, other } = groups
  if (suffix !== undefined) return suffixToken(suffix)
  if (revision !== undefined) return { rank: REVISION, text: revision, number: true }
  if (commit !== undefined) return { rank: COMMIT, text: commit, number: false }
  if (letter !== undefined) return { rank: LETTER, text: letter, number: false }
  if (number === undefined) return { rank: OTHER, text: other ?? '', number: false }
  if (dot === '' && afterSuffix) return { rank: SUFFIX_NUMBER, text: number, number: true }
  const zeroLed = dot === '.' && number.startsWith('0')
  return { rank: zeroLed ? ZERO_LED : NUMBER, text: number, number: !zeroLed }
}

function suffixToken(suffix: string): Token {
  const index = PRE_SUFFIXES.indexOf(suffix)
  if (index >= 0) return { rank: PRE_SUFFIX, text: String(index), number: true }
  return { rank: POST_SUFFIX, text: String(POST_SUFFIXES.indexOf(suffix)), number: true }
}
