import { pathFilter } from '../../database/catalog.ts'
import { DetectorError } from '../../errors.ts'
import { isTestPath } from './test-paths.ts'

/** How a file of a release is read: code, declarations and macros only, version variables only, or not at all. */
export type PathClass = 'source' | 'header' | 'build' | 'skip'

/** What the catalog says about the paths of one component. */
export interface PathRules {
  /** Patterns of {@link pathFilter}: what is not indexed, beyond tests, examples and documentation. */
  readonly exclude: readonly string[]
  /** Patterns of {@link pathFilter}: where the code of others is, beyond {@link patterns}. */
  readonly vendored: readonly string[]
  /**
   * Where projects put the code of others, as regular expressions up to and with the directory that bears its name:
   * `(^|/)third_party/[^/]+/`, in any letter case. `weak` places hold own code as well and need the name of another component.
   */
  readonly patterns: readonly { readonly pattern: string; readonly strength: 'strong' | 'weak' }[]
  /** Names and aliases of all components. */
  readonly componentNames: ReadonlySet<string>
  /** Name and aliases of the component itself. */
  readonly ownNames: ReadonlySet<string>
}

/**
 * Tells what a path of a release is read as. Tests, benchmarks, examples and documentation are skipped: no shipped
 * program holds them. Letter case does not matter.
 *
 * @param path relative to the root of the release, with `/`
 * @throws DetectorError `CATALOG_CORRUPT` for a vendored pattern that is no regular expression
 */
export function classifyPath(path: string, rules: PathRules): PathClass {
  const compiled = compile(rules)
  const known = compiled.classes.get(path)
  if (known !== undefined) return known
  const found = classify(path, compiled)
  compiled.classes.set(path, found)
  return found
}

/**
 * True when the path lies in a copy of another component's code.
 *
 * A directory with the component's own name is not vendored, wherever it is.
 *
 * @throws DetectorError `CATALOG_CORRUPT` for a vendored pattern that is no regular expression
 */
export function isVendored(path: string, rules: PathRules): boolean {
  const compiled = compile(rules)
  const known = compiled.vendored.get(path)
  if (known !== undefined) return known
  const found = compiled.isForeign(path) || liesWithOthers(path, compiled)
  compiled.vendored.set(path, found)
  return found
}

/**
 * Names of folders, in lower case and in order, that {@link isVendored} held against the names of components so far: with
 * other names of components it says the same as long as these stay what they are, a component's or nobody's.
 */
export function askedNames(rules: PathRules): { readonly own: string[]; readonly foreign: string[] } {
  const { asked, componentNames } = compile(rules)
  const names = [...asked].sort()
  return {
    own: names.filter((name) => !componentNames.has(name)),
    foreign: names.filter((name) => componentNames.has(name)),
  }
}

/**
 * The shortest suffix of each path that no other path ends in: `inflate.c`, or `rsa/lib.c` where two share the name.
 * A path that is itself the end of another one keeps its full form, as there is nothing longer.
 */
export function unitPaths(paths: Iterable<string>): Map<string, string> {
  const distinct = new Set(paths)
  const ends = new Map<string, number>()
  for (const path of distinct) for (const end of suffixes(path)) ends.set(end, (ends.get(end) ?? 0) + 1)
  const units = new Map<string, string>()
  for (const path of distinct) units.set(path, suffixes(path).find((end) => ends.get(end) === 1) ?? path)
  return units
}

/** `.tab.i` are tables that a generator writes to be included; `.i` alone is an interface of SWIG. */
const SOURCE = '(?:c|cc|cpp|cxx|c\\+\\+|cppm|ixx|inc|inl|ipp|ypp|yy|y|lex|ll|l|re|rl|mm|m|def|tbl|gperf|tab\\.i)'
const HEADER = '(?:h|hh|hpp|hxx|h\\+\\+|tcc)'
/** What build systems put behind the name of a template: config.h.in, zconf.h.cmakein, pcre2.h.generic, a.c.dist. */
const TEMPLATE = '(?:\\.(?:in|cmake|cmakein|cmake\\.in|meson|meson\\.in|generic|dist|prebuilt|tmpl|template|build))?'
const IS_SOURCE = new RegExp(`\\.${SOURCE}${TEMPLATE}$`)
const IS_HEADER = new RegExp(`\\.${HEADER}${TEMPLATE}$`)

/** Files that set version macros and how deep they may lie; deeper ones build parts, tests or other projects. */
const BUILD_FILES: readonly { readonly name: RegExp; readonly directories: number }[] = [
  { name: /^configure\.(?:ac|in|raw)$/, directories: 1 },
  { name: /^cmakelists\.txt$/, directories: 1 },
  // FindFoo.cmake tells the version of Foo, which is another component.
  { name: /^(?!find).*\.cmake$/, directories: 2 },
  { name: /^meson\.build$/, directories: 0 },
  { name: /^version(?:\.txt|\.dat|\.mk|\.m4)?$/, directories: 1 },
  { name: /\.m4$/, directories: 0 },
  { name: /^(?:gnu)?makefile(?:\.in)?$/, directories: 0 },
  { name: /\.gypi$/, directories: 1 },
  { name: /^package\.json$/, directories: 0 },
]
/** Resource scripts hold the version that Windows shows; `windows/` and `win64/` are other names of the directory. */
const RESOURCE_SCRIPT = /(?:^|\/)win(?:32|64|dows)?\/[^/]*\.rc(?:\.in)?$/

function classify(path: string, rules: CompiledRules): PathClass {
  const lower = path.toLowerCase()
  const kind = classifyName(lower)
  if (kind === 'skip' || isTestPath(lower, rules.ownNames)) return 'skip'
  // Sources beside CMake modules are tried by the configure step, never linked.
  if (kind === 'source' && /(?:^|\/)cmake(?:[-_]?modules)?\//.test(lower) && !rules.ownNames.has('cmake')) return 'skip'
  return rules.isExcluded(path) ? 'skip' : kind
}

function classifyName(lower: string): PathClass {
  if (IS_HEADER.test(lower)) return 'header'
  if (IS_SOURCE.test(lower)) return 'source'
  const name = lower.slice(lower.lastIndexOf('/') + 1)
  const directories = lower.split('/').length - 1
  if (BUILD_FILES.some((file) => directories <= file.directories && file.name.test(name))) return 'build'
  return RESOURCE_SCRIPT.test(lower) ? 'build' : 'skip'
}

/** True when one of the general patterns finds the directory of another component. */
function liesWithOthers(path: string, { patterns, ownNames, componentNames, asked }: CompiledRules): boolean {
  return patterns.some(({ expression, strong }) => {
    for (const [place] of path.matchAll(expression)) {
      const names = directoryNames(place)
      if (names.some((name) => ownNames.has(name))) continue
      if (strong) return true
      for (const name of names) asked.add(name)
      if (names.some((name) => componentNames.has(name))) return true
    }
    return false
  })
}

/** The last directory of the path, as it is and without a version behind it: `gtest-1.8.1/` is also `gtest`. */
function directoryNames(place: string): string[] {
  const name = place.replace(/\/$/, '').replace(/^.*\//, '').toLowerCase()
  const bare = name.replace(/[-_]?v?\d+(?:[._]\d+)+.*$/, '')
  return bare === name || bare === '' ? [name] : [name, bare]
}

/** `c.c`, `b/c.c`, `a/b/c.c` for `a/b/c.c`. */
function suffixes(path: string): string[] {
  const found: string[] = []
  for (let slash = path.lastIndexOf('/'); slash >= 0; slash = slash === 0 ? -1 : path.lastIndexOf('/', slash - 1))
    found.push(path.slice(slash + 1))
  found.push(path)
  return found
}

interface CompiledRules {
  readonly isExcluded: (path: string) => boolean
  readonly isForeign: (path: string) => boolean
  readonly patterns: readonly { readonly expression: RegExp; readonly strong: boolean }[]
  /** Both in lower case. */
  readonly ownNames: ReadonlySet<string>
  readonly componentNames: ReadonlySet<string>
  /** Names that were looked for among {@link componentNames}. */
  readonly asked: Set<string>
  /** Answers so far: the releases of a component have most paths in common. */
  readonly classes: Map<string, PathClass>
  readonly vendored: Map<string, boolean>
}

const compiledRules = new WeakMap<PathRules, CompiledRules>()

function compile(rules: PathRules): CompiledRules {
  const known = compiledRules.get(rules)
  if (known !== undefined) return known
  const compiled: CompiledRules = {
    isExcluded: pathFilter(rules.exclude),
    isForeign: pathFilter(rules.vendored),
    patterns: rules.patterns.map(({ pattern, strength }) => ({
      expression: readExpression(pattern),
      strong: strength === 'strong',
    })),
    ownNames: lowerCase(rules.ownNames),
    componentNames: lowerCase(rules.componentNames),
    asked: new Set(),
    classes: new Map(),
    vendored: new Map(),
  }
  compiledRules.set(rules, compiled)
  return compiled
}

function lowerCase(names: ReadonlySet<string>): ReadonlySet<string> {
  return new Set([...names].map((name) => name.toLowerCase()))
}

function readExpression(pattern: string): RegExp {
  try {
    return new RegExp(pattern, 'gi')
  } catch (cause) {
    throw new DetectorError('CATALOG_CORRUPT', `path rule is no regular expression: ${JSON.stringify(pattern)}`, {
      cause,
    })
  }
}
