import { compareDigits } from './token.ts'

/** The three parts of a Debian version; `epoch` is `0` and `revision` empty where absent. */
export interface DebianVersion {
  readonly epoch: string
  readonly upstream: string
  readonly revision: string
}

/** Splits `[epoch:]upstream[-revision]`; the epoch ends at the first colon, the revision starts at the last dash. */
export function parseDebian(version: string): DebianVersion {
  const colon = /^(\d+):/.exec(version)
  const rest = version.slice(colon?.[0].length ?? 0)
  const dash = rest.lastIndexOf('-')
  return {
    epoch: colon?.[1] ?? '0',
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  }
}

/**
 * Compares as dpkg does: epoch, upstream version, revision. Texts such as `1.02` and `1.2` compare as 0.
 *
 * @see deb-version(7), "Sorting algorithm"
 */
export function compareDebian(a: string, b: string): number {
  const left = parseDebian(a)
  const right = parseDebian(b)
  return (
    compareDigits(left.epoch, right.epoch) ||
    comparePart(left.upstream, right.upstream) ||
    comparePart(left.revision, right.revision)
  )
}

/** Compares by turns the stretches without digits, character by character, and the numbers between them. */
function comparePart(a: string, b: string): number {
  const left = stretches(a)
  const right = stretches(b)
  const length = Math.max(left.length, right.length)
  for (let i = 0; i < length; i++) {
    const isNumber = i % 2 === 1
    const order = (isNumber ? compareDigits : compareCharacters)(left[i] ?? '', right[i] ?? '')
    if (order !== 0) return order
  }
  return 0
}

/** `1.2a` → `['', '1', '.', '2', 'a']`: stretches without digits at even places, numbers at odd ones. */
function stretches(text: string): string[] {
  return text.split(/(\d+)/)
}

function compareCharacters(a: string, b: string): number {
  const length = Math.max(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const order = Math.sign(weight(a, i) - weight(b, i))
    if (order !== 0) return order
  }
  return 0
}

/** A tilde comes before the end of the stretch, the end before letters, letters before everything else. */
function weight(text: string, index: number): number {
  if (index >= text.length) return 0
  const code = text.charCodeAt(index)
  if (text[index] === '~') return -1
  return /[A-Za-z]/.test(text.charAt(index)) ? code : code + 0x10000
}
