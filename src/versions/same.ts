import { compareNumeric, isPreReleaseWord } from './numeric.ts'
import { upstreamVersion } from './upstream.ts'

/**
 * Whether two texts name one release of a component, however each is written: with or without a `v`, with the epoch and
 * revision of a distribution, with separators of another kind (`2_9_14`), with zeros at the end or not, a date with
 * dashes (`2022-06-01`) or none.
 *
 * What a builder appends does not count: `1.3.1-e00f703`, `1.1.1k+quic` and `1.3.0.1-motley-8002e91` are `1.3.1`,
 * `1.1.1k` and `1.3.0.1`. What announces another release does: `1.10.1-DEV` is not `1.10.1`. Texts that name no release
 * are the same as nothing.
 */
export function sameRelease(a: string, b: string): boolean {
  if (!namesRelease(a) || !namesRelease(b)) return false
  const [left, right] = [plainVersion(a), plainVersion(b)]
  return (
    compareNumeric(left, right) === 0 ||
    compareNumeric(withoutRevision(left), right) === 0 ||
    compareNumeric(left, withoutRevision(right)) === 0
  )
}

/** False for the empty text and for commit ids (`072ca92`), which stand where a version is not known. */
export function namesRelease(version: string): boolean {
  return /\d/.test(version) && !isCommitId(version.trim())
}

/** The version without a leading `v`, the marks of a distribution and what a builder appended. */
export function plainVersion(version: string): string {
  const written = version
    .trim()
    .replace(/^v(?=\d)/i, '')
    .replace(/^(\d{4})-(\d\d)-(\d\d)(?!\d)/, '$1$2$3')
  return isDistributionVersion(written) ? upstreamVersion(written) : withoutBuild(written)
}

/** An epoch, or a mark that no upstream writes. */
function isDistributionVersion(version: string): boolean {
  return /^\d+:|[.+~](?:dfsg|ds)\b|[.+~](?:dfsg|ds)\d*[-+.]|\+really|[-+~.](?:deb|ubuntu|el|fc|bpo|nmu)\d|\+b\d+$|-r\d+$/.test(
    version,
  )
}

/** Cuts at the first `+`, and at the first `-` before a commit id or a word that announces no other release. */
function withoutBuild(version: string): string {
  for (const mark of version.matchAll(/[-+]/g)) {
    const word = /^[0-9A-Za-z]*/.exec(version.slice(mark.index + 1))?.[0] ?? ''
    if (mark[0] === '+' || isCommitId(word) || isBuildWord(word)) return version.slice(0, mark.index)
  }
  return version
}

/** Patch levels (`p2`, `pl1`) are releases; dates and numbers may be. */
function isBuildWord(word: string): boolean {
  const letters = /^[A-Za-z]+/.exec(word)?.[0]
  return letters !== undefined && !isPreReleaseWord(letters) && !/^(?:p|pl|patch)\d/i.test(word)
}

/** Seven hexadecimal digits are git's shortest usual id; eight decimal ones from 19 or 20 on are a date. */
function isCommitId(word: string): boolean {
  return /^[0-9a-f]{7,40}$/.test(word) && !/^(?:19|20)\d{6}$/.test(word)
}

/** `2.41-12` may be a distribution's second part; `3.1-20221030` is not. */
function withoutRevision(version: string): string {
  return version.replace(/-\d{1,3}(?:\.\d{1,3})*$/, '')
}
