/**
 * Whatever a terminal may obey or hide instead of showing: control characters, bidirectional and zero-width marks, lone
 * surrogates, line and paragraph separators (Unicode categories Cc, Cf, Cs, Zl and Zp).
 */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** Anything but printable ASCII and line breaks, as far as it goes. */
const UNUSUAL = /[^\n\x20-\x7e]+/g

const NAMED = new Map([
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
])

/**
 * The text on one line, with every character that a terminal would obey or hide written as an escape: `\n`, `\x1b`,
 * `\u202e`. Names and texts from scanned files are hostile input; they reach a terminal only through here.
 */
export function escapeText(text: string): string {
  return text.replace(UNPRINTABLE, (character) => NAMED.get(character) ?? numbered(character))
}

/** The same for JSON: the data stays equal, since JSON reads `\u001b` back as the character. */
export function escapeJson(json: string): string {
  // Hardly anything of a report is to be escaped, and a class of characters is found many times faster than categories of Unicode.
  return json.replace(UNUSUAL, (run) => run.replace(UNPRINTABLE, codeUnits))
}

/**
 * The path as one word of a POSIX shell. Paths with unprintable characters take the `$'…'` form of bash, zsh and ksh, so
 * that the line can be read as well as pasted. A path that looks like an option gets `./` in front.
 */
export function shellWord(path: string): string {
  const safe = path.startsWith('-') ? `./${path}` : path
  if (/^[\w@%+=:,./-]+$/.test(safe)) return safe
  if (escapeText(safe) === safe) return `'${safe.replaceAll("'", `'\\''`)}'`
  const inner = safe.replace(/[\\']/g, '\\$&').replace(UNPRINTABLE, utf8Escapes)
  return `$'${inner}'`
}

/** At most `width` characters, the last of them `…` when something was cut. */
export function cut(text: string, width: number): string {
  if (text.length <= width) return text
  const end = Math.max(0, width - 1)
  // Half a surrogate pair would be printed as a replacement character.
  const whole = /[\uD800-\uDBFF]/.test(text.charAt(end - 1)) ? end - 1 : end
  return `${text.slice(0, whole)}…`
}

function numbered(character: string): string {
  const code = character.codePointAt(0) ?? 0
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`
  if (code < 0x1_0000) return `\\u${code.toString(16).padStart(4, '0')}`
  return `\\u{${code.toString(16)}}`
}

function codeUnits(character: string): string {
  let escaped = ''
  for (let i = 0; i < character.length; i++) escaped += `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`
  return escaped
}

function utf8Escapes(character: string): string {
  let escaped = ''
  for (const byte of new TextEncoder().encode(character)) escaped += `\\x${byte.toString(16).padStart(2, '0')}`
  return escaped
}
