/**
 * C++ names as sources spell them: `snappy::RawCompress`. Inline namespaces that only mark an ABI or a release
 * (`std::__1`, `absl::lts_20240116`, `std::__cxx11`) are left out, because sources hide them behind macros.
 */
export function qualifiedName(path: readonly string[]): string {
  return path.filter((part) => !/^(?:__\d+|__cxx11|lts_\d+)$/.test(part)).join('::')
}

/**
 * The name behind a mangled function, variable, virtual table or type, without arguments; undefined for templates,
 * operators, constructors and anything else that sources do not spell as a plain name.
 *
 * @see Itanium C++ ABI, 5.1 "External Names"; Microsoft names: `?name@scope@…`
 */
export function demangledName(mangled: string): string | undefined {
  if (mangled.startsWith('_Z')) {
    const body = mangled.slice(2).replace(/^T[VSI]/, '')
    return body.startsWith('N') ? nested(body.slice(1).replace(/^[rVK]*[RO]?/, '')) : plain(body)
  }
  const microsoft = /^\?([A-Za-z_]\w*)@((?:[A-Za-z_]\w*@)*)@/.exec(mangled)
  return microsoft === null ? undefined : reversed([microsoft[1] as string, ...scopes(microsoft[2] as string)])
}

/**
 * The class of a run-time type name, which lies among the strings and survives strip: `N6snappy6SourceE` (Itanium),
 * `.?AVSource@snappy@@` (Microsoft). Names without a namespace are too common to read.
 */
export function typeOfRuntimeName(text: string): string | undefined {
  if (text.startsWith('N')) return nested(text.slice(1), true)
  const microsoft = /^\.\?A[VU]([A-Za-z_]\w*)@((?:[A-Za-z_]\w*@)+)@$/.exec(text)
  return microsoft === null ? undefined : reversed([microsoft[1] as string, ...scopes(microsoft[2] as string)])
}

/** Lengths and names up to `E`; with `whole`, nothing may follow it. */
function nested(text: string, whole = false): string | undefined {
  const path: string[] = []
  let at = 0
  while (text[at] !== 'E') {
    const part = sourceName(text, at)
    if (part === undefined) return undefined
    path.push(part.name)
    at = part.end
  }
  if (path.length < 2 || (whole && at + 1 !== text.length)) return undefined
  return path.some(isAnonymous) ? undefined : qualifiedName(path)
}

function plain(text: string): string | undefined {
  const part = sourceName(text, 0)
  return part === undefined || isAnonymous(part.name) || text[part.end] === 'I' ? undefined : part.name
}

/** A length of up to three digits and as many characters (`6snappy`). */
function sourceName(text: string, at: number): { name: string; end: number } | undefined {
  let start = at
  let length = 0
  for (; start < at + 3; start++) {
    const digit = text.charCodeAt(start) - 0x30
    // Behind the end of the text there is no number at all.
    if (!(digit >= 0 && digit <= 9)) break
    length = 10 * length + digit
  }
  if (start === at || text[at] === '0') return undefined
  const end = start + length
  const name = text.slice(start, end)
  return end <= text.length && /^[A-Za-z_]\w*$/.test(name) ? { name, end } : undefined
}

function isAnonymous(name: string): boolean {
  return name.startsWith('_GLOBAL__N_')
}

function scopes(text: string): string[] {
  return text.split('@').filter((part) => part !== '')
}

function reversed(path: readonly string[]): string {
  return qualifiedName([...path].reverse())
}
