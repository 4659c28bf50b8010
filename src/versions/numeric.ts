import { compareTokens, type Token } from './token.ts'

/**
 * Ranks of what may stand at one place of a version. `1.2~x`, `1.2-rc1` < `1.2` < `1.2a`, `1.2p1`, `1.2+git1` < `1.2.1`.
 */
const TILDE = 0
const FIRST_PRE_RELEASE = 1
/** Words that announce a release, oldest first; each takes one rank. OpenSSL goes -dev, alpha, beta; busybox pre, rc. */
const PRE_RELEASES: readonly (readonly string[])[] = [
  ['dev', 'devel', 'unstable'],
  ['snapshot', 'nightly', 'canary', 'test', 'wip'],
  ['alpha'],
  ['beta'],
  ['pre', 'prerelease', 'preview'],
  ['rc', 'candidate'],
]
const END = FIRST_PRE_RELEASE + PRE_RELEASES.length
const WORD = END + 1
const NUMBER = END + 2

const RANK_OF_WORD: ReadonlyMap<string, number> = new Map(
  PRE_RELEASES.flatMap((words, index) => words.map((word) => [word, FIRST_PRE_RELEASE + index] as const)),
)

/**
 * Compares versions made of numbers, with words that come before (`rc1`) or after (`a`, `p1`) the bare numbers.
 *
 * All separators count alike and may be missing. Zeros at the end do not matter here (`1.2.0-rc1` comes before `1.2`),
 * so distinct texts can compare as 0; {@link versionOrder} breaks the tie. A `v` before the first digit is skipped.
 */
export function compareNumeric(a: string, b: string): number {
  return compareTokens(tokens(a), tokens(b), END)
}

/** Whether a word such as `rc` or `beta` announces a release instead of following it. Case does not matter. */
export function isPreReleaseWord(word: string): boolean {
  return RANK_OF_WORD.has(word.toLowerCase())
}

function tokens(version: string): Token[] {
  const list: Token[] = []
  for (const [text] of version.replace(/^v(?=\d)/i, '').matchAll(/\d+|[^\d\W_]+|~/g)) {
    const token = tokenOf(text)
    if (token.rank !== NUMBER) dropZeros(list)
    list.push(token)
  }
  dropZeros(list)
  return list
}

function tokenOf(text: string): Token {
  if (/^\d/.test(text)) return { rank: NUMBER, text, number: true }
  if (text === '~') return { rank: TILDE, text, number: false }
  const word = text.toLowerCase()
  return { rank: RANK_OF_WORD.get(word) ?? WORD, text: word, number: false }
}

function dropZeros(list: Token[]): void {
  while (/^0+$/.test(list.at(-1)?.text ?? '')) list.pop()
}
