import { hashText } from '../bytes/hash.ts'

/** A string with its version taken out. */
export interface Template {
  readonly hash: bigint
  /** The captured token, separators as dots: `1.36.1`, `1.1.1w`, `3.0.15+quic`. */
  readonly version: string
  /** Enough letters are left to name a component; heads always have them. */
  readonly selfNaming: boolean
  /** Only the text up to the version: what follows may differ. */
  readonly head: boolean
}

/**
 * Version-like: two to four numbers of up to four digits, up to two letters and two more digits behind them (`1.1.1w`,
 * `1.2rc1`), and a suffix behind `-`, `+` or `~`. Not inside a longer number or dotted name.
 */
const VERSION = String.raw`(?<![\d.])\d{1,4}(?:[._]\d{1,4}){1,3}(?:[a-z]{1,2}\d{0,2}|alpha\d*|beta\d*|rc\d+)?(?:[-+~][0-9A-Za-z][0-9A-Za-z.]*)?(?![._]*\d|[A-Za-z_])`
const VERSION_PATTERN = new RegExp(VERSION, 'g')
const LITERAL_PATTERN = new RegExp(`^v?(${VERSION})$`)
const MONTH = '(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*'
/** What else changes from release to release: dates in the forms that banners use, times, years, commit ids. */
const CHANGING: readonly (readonly [RegExp, string])[] = [
  [new RegExp(String.raw`\b\d{1,2}[ -]${MONTH}[ ,-]+\d{4}\b`, 'g'), '{D}'],
  [new RegExp(String.raw`\b${MONTH} \d{1,2},? \d{4}\b`, 'g'), '{D}'],
  [/\b(?:19|20)\d\d-\d\d-\d\d\b/g, '{D}'],
  [/\b\d\d:\d\d(?::\d\d)?\b/g, '{T}'],
  [/\b(?:19|20)\d\d\b/g, '{Y}'],
  [/\b(?=[0-9a-f]*\d)[0-9a-f]{7,64}\b/g, '{H}'],
]
/** Letters that must be left for a template to name its component by itself. */
const NAMING_LETTERS = 4
/** Marks a head, so that it never equals a whole template. */
const HEAD_MARK = '…'

/**
 * The templates of a string: the whole string with every version, date, year and long hexadecimal id replaced and white
 * space folded; and, where letters stand before the first version, the head up to it (`BusyBox v{V}…`), which survives
 * what vendors append.
 */
export function templatesOf(text: string): readonly Template[] {
  const tokens = [...text.matchAll(VERSION_PATTERN)].filter((token) => isVersion(token[0]))
  const first = tokens[0]
  if (first === undefined) return []
  const version = first[0].replaceAll('_', '.')
  const found: Template[] = []
  const whole = fold(replaceTokens(text, tokens))
  // A string that is nothing but a version is a literal, and everybody's.
  if (whole !== '{V}' && whole !== 'v{V}')
    found.push({ hash: hashText(whole), version, selfNaming: hasName(whole), head: false })
  const head = fold(`${replaceChanging(text.slice(0, first.index))}{V}`)
  if (hasName(head)) found.push({ hash: hashText(head + HEAD_MARK), version, selfNaming: true, head: true })
  return found
}

/** The version when the whole string is one, without a leading `v`: `v1.2.13` gives `1.2.13`. */
export function versionLiteral(text: string): string | undefined {
  const version = LITERAL_PATTERN.exec(text)?.[1]
  return version !== undefined && isVersion(version) ? version.replaceAll('_', '.') : undefined
}

/** Addresses and masks look like versions (`255.255.255.255`, `127.0.0.1`) and are none. */
function isVersion(token: string): boolean {
  return !/^(?:0\.0\.0\.0|127\.0\.0\.\d+|(?:\d+\.){3}255|255\.(?:\d+\.){2}\d+|10\.0\.0\.\d+|192\.168\.\d+\.\d+)$/.test(
    token,
  )
}

function replaceTokens(text: string, tokens: readonly RegExpExecArray[]): string {
  let result = ''
  let done = 0
  for (const token of tokens) {
    result += `${replaceChanging(text.slice(done, token.index))}{V}`
    done = token.index + token[0].length
  }
  return result + replaceChanging(text.slice(done))
}

function replaceChanging(text: string): string {
  let result = text
  for (const [pattern, placeholder] of CHANGING) result = result.replace(pattern, placeholder)
  return result
}

function fold(text: string): string {
  return text.replace(/\s+/g, ' ')
}

function withoutPlaceholders(template: string): string {
  return template.replace(/\{[VDTYH]\}/g, ' ')
}

/** Words that stand before anybody's version. */
const COMMON_WORDS =
  /\b(?:version|ver|release|revision|rev|build|built|compiled|copyright|date|using|with|for|the|and|from|library|lib|file|format|http|https|www|com|org|linux|windows|gcc|gnu)\b/gi

function hasName(template: string): boolean {
  const own = withoutPlaceholders(template).replace(COMMON_WORDS, '')
  return own.replace(/[^A-Za-z]/g, '').length >= NAMING_LETTERS
}
