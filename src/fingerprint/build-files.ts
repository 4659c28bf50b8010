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
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  const values = new Map<string, string>()
  const base = path.slice(path.lastIndexOf('/') + 1)
  if (/^configure\.|\.(?:ac|m4)$/.test(base)) readAutoconf(text, values)
  if (base === 'CMakeLists.txt' || base.endsWith('.cmake')) readCmake(text, values)
  if (base === 'meson.build') readMeson(text, values)
  if (base !== 'CMakeLists.txt' && base !== 'meson.build') readAssignments(text, values)
  const macros: Macro[] = []
  for (const [name, raw] of values) {
    const value = expandValue(raw, values)
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

function readAutoconf(text: string, values: Map<string, string>): void {
  for (const [, name, value] of text.matchAll(/\bm4_define\(\s*\[?(\w+)\]?\s*,\s*\[?([^[\],)\n]*)\]?\s*\)/g))
    note(values, name, value)
  const init = /\bAC_INIT\(\s*\[?([^[\],)]*)\]?\s*,\s*(?:\[([^\]]*)\]|([^,)\]]*))/.exec(text)
  const automake = /\bAM_INIT_AUTOMAKE\(\s*\[?([A-Za-z][\w.+-]*)\]?\s*,\s*\[?([^[\],)\s]+)\]?/.exec(text)
  const name = init?.[1] ?? automake?.[1]
  const version = init?.[2] ?? init?.[3] ?? automake?.[2]
  if (name !== undefined && version !== undefined && !version.includes('esyscmd')) {
    for (const key of ['PACKAGE_VERSION', 'VERSION']) note(values, key, version)
    for (const key of ['PACKAGE_NAME', 'PACKAGE', 'PACKAGE_TARNAME']) note(values, key, name)
    note(values, 'PACKAGE_STRING', `${name} ${version}`)
  }
  const define = /\bAC_DEFINE(?:_UNQUOTED)?\(\s*\[?(\w+)\]?\s*,\s*(?:\[([^\]]*)\]|([^,)]*))/g
  for (const [, key, quoted, bare] of text.matchAll(define)) note(values, key, quoted ?? bare)
  for (const [, key, value] of text.matchAll(/\bAC_SUBST\(\s*\[?(\w+)\]?\s*,\s*\[?([^[\])]*)\]?\s*\)/g))
    note(values, key, value)
}

function readCmake(text: string, values: Map<string, string>): void {
  const project = /\bproject\s*\(\s*"?([\w.+-]+)"?[^)]*?\bVERSION\s+"?([^\s")]+)/i.exec(text)
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
  const version = /\bproject\s*\([^)]*?\bversion\s*:\s*'([^']+)'/.exec(text)?.[1]
  for (const key of ['VERSION', 'PACKAGE_VERSION', 'PROJECT_VERSION']) note(values, key, version)
}

function readAssignments(text: string, values: Map<string, string>): void {
  for (const [, name, double, single, bare] of text.matchAll(
    /^[ \t]*(?:export[ \t]+)?([A-Za-z_]\w*)[ \t]*[:?]?=[ \t]*(?:"([^"\n]*)"|'([^'\n]*)'|([^\s#;]*))/gm,
  ))
    note(values, name, double ?? single ?? bare)
}

/** The value with its references filled in; undefined when one is unknown or feeds itself. */
function expandValue(value: string, values: ReadonlyMap<string, string>, depth = 0): string | undefined {
  if (depth > 8 || value.length > MAX_VALUE) return undefined
  let known = true
  const lookUp = (name: string): string => {
    const found = values.get(name)
    const expanded = found === undefined ? undefined : expandValue(found, values, depth + 1)
    if (expanded === undefined) known = false
    return expanded ?? ''
  }
  const filled = value
    .replace(/\bm4_(?:defn|normalize)\(\[?(\w+)\]?\)/g, (_, name: string) => lookUp(name))
    .replace(/\$\{(\w+)\}|\$\((\w+)\)|\$(\w+)/g, (_, a?: string, b?: string, c?: string) =>
      lookUp((a ?? b ?? c) as string),
    )
    .replace(/[[\]]/g, '')
  if (!known || /[$`]/.test(filled)) return undefined
  return values.has(filled) && filled !== value
    ? expandValue(filled, values, depth + 1)
    : mergeNames(filled, values, depth)
}

/** m4 replaces bare names: `lib_major.lib_minor` with both defined is a version. */
function mergeNames(text: string, values: ReadonlyMap<string, string>, depth: number): string {
  return text.replace(/[A-Za-z_]\w{3,}/g, (name) => {
    const value = values.get(name)
    return value === undefined || value === name || value.includes(name)
      ? name
      : (expandValue(value, values, depth + 1) ?? name)
  })
}
