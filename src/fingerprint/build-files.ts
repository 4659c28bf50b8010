import { lexFragment } from './c-lexer.ts'
import type { Macro } from './macros.ts'

/**
 * The variables of a build file that reach the sources as macros or `@NAME@`: `AC_INIT`, `AC_DEFINE`, `AC_SUBST`,
 * `m4_define`, CMake's `project` and `set`, meson's `project`, and plain `NAME=value` lines of shell, make and
 * `VERSION.dat`.
 *
 * References among them (`$MAJOR.$MINOR`, `${MAJOR}`, bare m4 names) are resolved; what stays unresolved is left out.
 */
export function buildFileMacros(path: string, bytes: Uint8Array): Macro[] {
  const raw = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const values = new Map<string, string>()
  const base = path.slice(path.lastIndexOf('/') + 1)
  const isAutoconf = /^configure\.|\.(?:ac|m4)$/.test(base)
  // `lib_version()` and `lib_version` are the same m4 call.
  const text = isAutoconf ? raw.replace(/\b([A-Za-z_]\w{0,99})\(\)/g, '$1') : raw
  if (isAutoconf) readAutoconf(text, values)
  if (base === 'CMakeLists.txt' || base.endsWith('.cmake')) readCmake(text, values)
  if (base === 'meson.build') readMeson(text, values)
  if (base !== 'CMakeLists.txt' && base !== 'meson.build') readAssignments(text, values)
  const macros: Macro[] = []
  const resolver = new Resolver(values)
  for (const [name, unresolved] of values) {
    const value = resolver.resolve(unresolved)
    if (value === undefined || value === '') continue
    const body =
      /^\d+$/.test(value) || value.startsWith('"') ? lexFragment(value) : [{ kind: 's' as const, text: value }]
    macros.push({ name, body, fromHeader: true })
  }
  return macros
}

/** A longer value is a script, not a version. */
const MAX_VALUE = 200

function note(values: Map<string, string>, name: string | undefined, value: string | undefined): void {
  if (name === undefined || value === undefined || values.has(name) || value.length > MAX_VALUE) return
  values.set(name, value.trim())
}

/*
 * No repetition below is unlimited where what follows it may fail, and no two of them can share out the same text: a
 * hostile file costs a bounded number of steps for each of its bytes.
 */

/** One m4 argument, quoted or not, without nested quotes; white space around it is trimmed where it is noted. */
const ARGUMENT = String.raw`(?:\s{0,99}\[)?([^[\],)]{0,200})(?:\]\s{0,99})?`
/** The start of a call whose first argument is a plain name. */
const NAMED = String.raw`\(\s{0,99}\[?(\w{1,100})\]?\s{0,99},`
/** The start of an argument whose quoted form may hold anything but quotes. */
const LOOSE_ARGUMENT = String.raw`(?:\s{0,99}\[([^\]]{0,400})\]|([^,)]{0,400}))`

const M4_DEFINE = new RegExp(String.raw`\bm4_define${NAMED}${ARGUMENT}\)`, 'g')
/** `m4_defn([foo_version])`, which ends with a bracket of its own. */
const REFERENCE = String.raw`m4_(?:defn|normalize)\(\[?\w{1,100}\]?\)`
const AC_INIT = new RegExp(
  String.raw`\bAC_INIT\(${ARGUMENT},(?:\s{0,99}\[?(${REFERENCE})|\s{0,99}\[([^\]]{0,400})\]|([^,)\]]{0,400}))`,
)
const AM_INIT_AUTOMAKE =
  /\bAM_INIT_AUTOMAKE\(\s{0,99}\[?([A-Za-z][\w.+-]{0,99})\]?\s{0,99},\s{0,99}\[?([^[\],)\s]{1,200})\]?/
const AC_DEFINE = new RegExp(String.raw`\bAC_DEFINE(?:_UNQUOTED)?${NAMED}${LOOSE_ARGUMENT}`, 'g')
const AC_SUBST = new RegExp(String.raw`\bAC_SUBST${NAMED}(?:\s{0,99}\[)?([^[\])]{0,200})(?:\]\s{0,99})?\)`, 'g')
/**
 * Commands may have any letter case, keywords not: `version` is a word of a comment. 2,000 characters reach over the
 * comments and options that stand before the keyword.
 */
const CMAKE_PROJECT =
  /\b[Pp][Rr][Oo][Jj][Ee][Cc][Tt]\s{0,99}\(\s{0,99}"?([\w.+-]{1,100})(?![\w.+-])"?[^)]{0,2000}?\bVERSION\s{1,99}"?([^\s")]{1,200})/
const MESON_PROJECT = /\bproject\s{0,99}\([^)]{0,2000}?\bversion\s{0,99}:\s{0,99}'([^']{1,200})'/

function readAutoconf(text: string, values: Map<string, string>): void {
  for (const [, name, value] of text.matchAll(M4_DEFINE)) if (isOneLine(value)) note(values, name, value)
  const init = AC_INIT.exec(text)
  const automake = AM_INIT_AUTOMAKE.exec(text)
  const name = (init?.[1] ?? automake?.[1])?.trim()
  const version = (init?.[2] ?? init?.[3] ?? init?.[4] ?? automake?.[2])?.trim()
  if (name !== undefined && version !== undefined && !version.includes('esyscmd')) {
    for (const key of ['PACKAGE_VERSION', 'VERSION']) note(values, key, version)
    for (const key of ['PACKAGE_NAME', 'PACKAGE', 'PACKAGE_TARNAME']) note(values, key, name)
    note(values, 'PACKAGE_STRING', `${name} ${version}`)
  }
  for (const [, key, quoted, bare] of text.matchAll(AC_DEFINE)) note(values, key, quoted ?? bare)
  for (const [, key, value] of text.matchAll(AC_SUBST)) note(values, key, value)
}

function isOneLine(value: string | undefined): boolean {
  return value !== undefined && !value.trim().includes('\n')
}

function readCmake(text: string, values: Map<string, string>): void {
  const project = CMAKE_PROJECT.exec(text)
  if (project !== null) {
    const [, name, version] = project
    const parts = (version as string).split('.')
    for (const prefix of ['PROJECT', name]) {
      note(values, `${prefix}_VERSION`, version)
      for (const [i, part] of ['MAJOR', 'MINOR', 'PATCH', 'TWEAK'].entries())
        note(values, `${prefix}_VERSION_${part}`, parts[i])
    }
  }
  for (const [, name, value] of text.matchAll(/\bset\s*\(\s*(\w+)\s+"?([^\s")]+)"?/gi)) note(values, name, value)
}

function readMeson(text: string, values: Map<string, string>): void {
  const version = MESON_PROJECT.exec(text)?.[1]
  for (const key of ['VERSION', 'PACKAGE_VERSION', 'PROJECT_VERSION']) note(values, key, version)
}

function readAssignments(text: string, values: Map<string, string>): void {
  for (const [, name, double, single, bare] of text.matchAll(
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*[:?]?=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#;]*))/gm,
  ))
    note(values, name, double ?? single ?? bare)
}

/** References deeper than this feed themselves. */
const MAX_DEPTH = 8

/** Fills in the references among values. Every value is resolved once per depth, however many refer to it. */
class Resolver {
  readonly #values: ReadonlyMap<string, string>
  readonly #known: readonly Map<string, string | undefined>[] = Array.from({ length: MAX_DEPTH + 1 }, () => new Map())

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values
  }

  /** The value with its references filled in; undefined when one is unknown or feeds itself. */
  resolve(value: string, depth = 0): string | undefined {
    const known = this.#known[depth]
    if (known === undefined || value.length > MAX_VALUE) return undefined
    if (known.has(value)) return known.get(value)
    const resolved = this.#fill(value, depth)
    known.set(value, resolved)
    return resolved
  }

  #fill(value: string, depth: number): string | undefined {
    let complete = true
    const lookUp = (name: string): string => {
      const found = this.#values.get(name)
      const expanded = found === undefined ? undefined : this.resolve(found, depth + 1)
      if (expanded === undefined) complete = false
      return expanded ?? ''
    }
    const filled = value
      .replace(/\bm4_(?:defn|normalize)\(\[?(\w+)\]?\)/g, (_, name: string) => lookUp(name))
      .replace(/\$\{(\w+)\}|\$\((\w+)\)|\$(\w+)/g, (_, a?: string, b?: string, c?: string) =>
        lookUp((a ?? b ?? c) as string),
      )
      .replace(/[[\]]/g, '')
    if (!complete || /[$`]/.test(filled) || filled.length > MAX_VALUE) return undefined
    return this.#values.has(filled) && filled !== value
      ? this.resolve(filled, depth + 1)
      : this.#mergeNames(filled, depth)
  }

  /** m4 replaces bare names: `lib_major.lib_minor` with both defined is a version. */
  #mergeNames(text: string, depth: number): string | undefined {
    const merged = text.replace(/[A-Za-z_]\w{3,}/g, (name) => {
      const value = this.#values.get(name)
      return value === undefined || value === name || value.includes(name)
        ? name
        : (this.resolve(value, depth + 1) ?? name)
    })
    return merged.length > MAX_VALUE ? undefined : merged
  }
}
