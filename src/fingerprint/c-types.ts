import type { Token } from './c-lexer.ts'
import { evaluate, type ValueOf } from './c-values.ts'

/** A type as a declaration spells it; {@link resolveType} gives its layout. */
export type TypeSpec =
  /** Identifiers in front of a declarator, macros and qualifiers among them: the last one that is a type counts. */
  | { readonly kind: 'names'; readonly names: readonly string[] }
  | { readonly kind: 'struct'; readonly members: readonly Member[]; readonly isUnion: boolean }
  | { readonly kind: 'array'; readonly element: TypeSpec; readonly counts: readonly (readonly Token[])[] }
  /** An enumeration: as wide as an `int`. */
  | { readonly kind: 'enum' }
  /** Pointers, bit fields and what else has no one layout. */
  | { readonly kind: 'unknown' }

/** A member of a structure or union, in the order of its source. */
export interface Member {
  readonly name: string
  readonly type: TypeSpec
}

/** Where the members of a type lie. All sizes and offsets are bytes. */
export type Layout =
  | { readonly kind: 'scalar'; readonly size: 1 | 2 | 4 | 8; readonly isFloat: boolean }
  /** `count` is undefined for `[]`. */
  | { readonly kind: 'array'; readonly element: Layout; readonly count: number | undefined }
  /** Of a union `members` is only the first, the one that a list initialises. */
  | {
      readonly kind: 'struct'
      readonly members: readonly { readonly type: Layout; readonly offset: number }[]
      readonly size: number
      readonly align: number
    }

/** What the names of one file mean in one release. */
export interface TypeScope {
  readonly numberOf: ValueOf
  /** The type behind `name`, or behind `struct name` and `enum name`. */
  readonly typeOf: (name: string) => TypeSpec | undefined
  /** The names that an object-like macro consists of, for each of its definitions that does consist of names. */
  readonly namesOf: (name: string) => readonly (readonly string[])[]
}

/** Types of types; a chain that is longer goes in circles. */
const MAX_CHAIN = 16
const MAX_MEMBERS = 256
/** Types looked at for one table: members of members multiply. */
const MAX_RESOLVED = 10_000
/** Elements of one array: the largest tables of real sources have some hundred thousand. */
const MAX_COUNT = 1 << 24

/** Widths by names that have one meaning everywhere, by a standard. */
const STANDARD = /^(?:__)?u?_?int(8|16|32|64)_t$/
/** The same by names that projects give their own types, for where the definition is out of sight. */
const CUSTOM = /^(?:__)?(?:[A-Z]+_)?(?:[us]|u?int_?|U?INT_?|[US])(8|16|32|64)(?:_t|_T)?$/
const CUSTOM_BYTES = /^(?:byte|BYTE|Byte|uchar|UCHAR|u_char|guint8|gint8|bool|_Bool|char8_t)$/
const QUALIFIERS = /^(?:const|static|constexpr|constinit|extern|volatile|register|inline|thread_local|restrict|auto)$/
const BUILTIN =
  /^(?:char|short|int|long|signed|unsigned|float|double|void|size_t|ssize_t|ptrdiff_t|wchar_t|u?intptr_t)$/

const SCALARS: Readonly<Record<number, Layout>> = {
  1: { kind: 'scalar', size: 1, isFloat: false },
  2: { kind: 'scalar', size: 2, isFloat: false },
  4: { kind: 'scalar', size: 4, isFloat: false },
  8: { kind: 'scalar', size: 8, isFloat: false },
}

/**
 * The layout of a type that is the same for all compilers and data models; undefined for every other (`long`, pointers,
 * `size_t`, bit fields), and for what cannot be told.
 */
export function resolveType(
  spec: TypeSpec,
  scope: TypeScope,
  depth = 0,
  budget: { left: number } = { left: MAX_RESOLVED },
): Layout | undefined {
  if (depth > MAX_CHAIN || budget.left-- <= 0) return undefined
  switch (spec.kind) {
    case 'names':
      return resolveNames(spec.names, scope, depth, budget)
    case 'enum':
      return SCALARS[4]
    case 'unknown':
      return undefined
    case 'array': {
      let layout = resolveType(spec.element, scope, depth + 1, budget)
      for (let i = spec.counts.length - 1; i >= 0 && layout !== undefined; i--) {
        const tokens = spec.counts[i]!
        const value = evaluate(tokens, 0, tokens.length, scope.numberOf)
        const count = value !== undefined && value > 0n && value <= MAX_COUNT ? Number(value) : undefined
        // Only the outermost dimension can be counted from the list.
        layout = count === undefined && i > 0 ? undefined : { kind: 'array', element: layout, count }
      }
      return layout
    }
    case 'struct':
      return resolveStruct(spec, scope, depth, budget)
  }
}

/** Undefined for an array without a count, which has no size of its own. */
export function sizeOf(layout: Layout): number | undefined {
  if (layout.kind !== 'array') return layout.size
  const size = sizeOf(layout.element)
  return size === undefined || layout.count === undefined ? undefined : size * layout.count
}

function alignOf(layout: Layout): number {
  return layout.kind === 'array' ? alignOf(layout.element) : layout.kind === 'struct' ? layout.align : layout.size
}

function resolveStruct(
  spec: { readonly members: readonly Member[]; readonly isUnion: boolean },
  scope: TypeScope,
  depth: number,
  budget: { left: number },
): Layout | undefined {
  const members: { type: Layout; offset: number }[] = []
  let [size, align] = [0, 1]
  for (const member of spec.members) {
    const type = resolveType(member.type, scope, depth + 1, budget)
    const bytes = type === undefined ? undefined : sizeOf(type)
    if (type === undefined || bytes === undefined) return undefined
    const own = alignOf(type)
    const offset = spec.isUnion ? 0 : Math.ceil(size / own) * own
    // Eight bytes are aligned to four on i386 and to eight elsewhere: where that moves something there is no one layout.
    if (own === 8 && offset % 8 === 0 && size % 8 !== 0 && !spec.isUnion) return undefined
    if (!spec.isUnion || members.length === 0) members.push({ type, offset })
    size = Math.max(size, offset + bytes)
    align = Math.max(align, own)
    if (size > MAX_COUNT) return undefined
  }
  if (members.length === 0 || (align === 8 && size % 8 !== 0)) return undefined
  return { kind: 'struct', members, size: Math.ceil(size / align) * align, align }
}

function resolveNames(
  names: readonly string[],
  scope: TypeScope,
  depth: number,
  budget: { left: number },
): Layout | undefined {
  const builtin = names.filter((name) => BUILTIN.test(name))
  if (builtin.length > 0) return builtinLayout(builtin)
  for (let i = names.length - 1; i >= 0; i--) {
    const name = names[i]!
    if (QUALIFIERS.test(name)) continue
    const width = STANDARD.exec(name)?.[1]
    if (width !== undefined) return SCALARS[Number(width) / 8]
    const known = scope.typeOf(name)
    if (known !== undefined) return resolveType(known, scope, depth + 1, budget)
    for (const body of scope.namesOf(name)) {
      const layout = resolveType({ kind: 'names', names: body }, scope, depth + 1, budget)
      if (layout !== undefined) return layout
    }
    const custom = CUSTOM.exec(name)?.[1]
    if (custom !== undefined) return SCALARS[Number(custom) / 8]
    if (CUSTOM_BYTES.test(name)) return SCALARS[1]
  }
  return undefined
}

function builtinLayout(words: readonly string[]): Layout | undefined {
  if (words.some((word) => /_t$/.test(word) || word === 'void')) return undefined
  const longs = words.filter((word) => word === 'long').length
  if (words.includes('double')) return longs > 0 ? undefined : { kind: 'scalar', size: 8, isFloat: true }
  if (words.includes('float')) return { kind: 'scalar', size: 4, isFloat: true }
  if (words.includes('char')) return SCALARS[1]
  if (words.includes('short')) return SCALARS[2]
  // `long` has four bytes on Windows and on machines of 32 bits, and eight elsewhere.
  if (longs > 0) return longs === 2 ? SCALARS[8] : undefined
  return SCALARS[4]
}

/** One declarator of a declaration. */
export interface Declarator {
  readonly name: string
  readonly type: TypeSpec
}

/** Words of a type that is the argument of a macro. */
const MAX_TYPE_WORDS = 4
/** Tokens of one declaration; a structure's members stand within it. */
const MAX_DECLARATION = 2048

/**
 * Reads the declaration that starts at `from` up to its `;`, its `=` or `to`: what the names in it are declared as.
 * `closing` gives the partner of each opening bracket.
 */
export function readDeclaration(
  tokens: readonly Token[],
  from: number,
  to: number,
  closing: Int32Array,
  depth = 0,
): { readonly declarators: readonly Declarator[]; readonly next: number } {
  const declarators: Declarator[] = []
  const limit = Math.min(to, from + MAX_DECLARATION)
  const names: string[] = []
  let base: TypeSpec | undefined
  let name: string | undefined
  let counts: Token[][] = []
  let isUnknown = depth > MAX_CHAIN
  const finish = (): void => {
    name ??= names.length > 0 ? names.pop() : undefined
    if (name === undefined) return
    const plain: TypeSpec = isUnknown ? { kind: 'unknown' } : (base ?? { kind: 'names', names: [...names] })
    declarators.push({ name, type: counts.length === 0 ? plain : { kind: 'array', element: plain, counts } })
    name = undefined
    counts = []
  }
  let i = from
  for (; i < limit; i++) {
    const { kind, text } = tokens[i]!
    if (kind === 'i' && /^(?:struct|union|enum|class)$/.test(text)) {
      const tagged = readTagged(tokens, i, limit, closing, depth)
      base = tagged.type
      i = tagged.next - 1
    } else if (text === 'typedef') break
    else if (kind === 'i') names.push(text)
    else if (kind !== 'p') isUnknown = true
    else if (text === '(') {
      // A macro or an attribute with its arguments; behind a type it is a function.
      names.pop()
      const close = closing[i]!
      if (close < 0) break
      // `ARRAY_OF(uint16_t) name[]`: the type may be the argument.
      const inside = close - i <= MAX_TYPE_WORDS ? tokens.slice(i + 1, close) : []
      if (inside.every((token) => token.kind === 'i')) for (const token of inside) names.push(token.text)
      i = close
      if (tokens[i + 1]?.text === '(') isUnknown = true
    } else if (text === '[') {
      const close = closing[i]!
      if (close < 0 || close >= limit) break
      name ??= names.pop()
      counts.push(tokens.slice(i + 1, close))
      i = close
    } else if (text === ':' && tokens[i + 1]?.text === ':') {
      // `std::` before a name.
      names.pop()
      i++
    } else if (text === '<') {
      const array = names.at(-1) === 'array' ? readStdArray(tokens, i, limit) : undefined
      if (array === undefined) break
      base = array.type
      names.length = 0
      i = array.next - 1
    } else if (text === '*' || text === '&' || text === ':') isUnknown = true
    else if (text === ',') {
      finish()
      // Of `int *a, b` only the first is a pointer; nothing that holds a pointer is read, so that does not matter.
    } else break
  }
  finish()
  return { declarators, next: i }
}

/** `struct tag { … }` and kin, from the keyword on. */
function readTagged(
  tokens: readonly Token[],
  from: number,
  to: number,
  closing: Int32Array,
  depth: number,
): { readonly type: TypeSpec; readonly next: number } {
  const keyword = tokens[from]!.text
  let tag: string | undefined
  let i = from + 1
  for (; i < to; i++) {
    const { kind, text } = tokens[i]!
    if (text === 'typedef') break
    if (kind === 'i' && tokens[i + 1]?.text === '(' && closing[i + 1]! > 0) i = closing[i + 1]!
    else if (kind === 'i' && (tag === undefined || tokens[i + 1]?.text === '{')) tag = text
    else break
  }
  if (tokens[i]?.text !== '{' || tokens[i]?.kind !== 'p') {
    if (keyword === 'enum') return { type: { kind: 'enum' }, next: i }
    return { type: { kind: 'names', names: tag === undefined ? [] : [`struct ${tag}`] }, next: i }
  }
  const close = closing[i]!
  if (close < 0) return { type: { kind: 'unknown' }, next: to }
  if (keyword === 'enum') return { type: { kind: 'enum' }, next: close + 1 }
  return { type: readMembers(tokens, i + 1, close, closing, keyword === 'union', depth), next: close + 1 }
}

/** The members between the braces of a structure; one with a function or a base class among them is unknown. */
function readMembers(
  tokens: readonly Token[],
  from: number,
  to: number,
  closing: Int32Array,
  isUnion: boolean,
  depth = 0,
): TypeSpec {
  const members: Member[] = []
  for (let i = from; i < to; ) {
    const { declarators, next } = readDeclaration(tokens, i, to, closing, depth + 1)
    if (declarators.length === 0 || members.length > MAX_MEMBERS || tokens[next]?.text !== ';')
      return { kind: 'unknown' }
    for (const { name, type } of declarators) members.push({ name, type })
    i = next + 1
  }
  return { kind: 'struct', members, isUnion }
}

/** `<uint16_t, 256>` behind `std::array`: a structure with one array in it. */
function readStdArray(
  tokens: readonly Token[],
  open: number,
  to: number,
): { readonly type: TypeSpec; readonly next: number } | undefined {
  const names: string[] = []
  let i = open + 1
  for (; i < to && i < open + 16 && tokens[i]?.text !== ','; i++) {
    const token = tokens[i]!
    if (token.kind === 'i') names.push(token.text)
    else if (token.text !== ':') return undefined
  }
  const start = ++i
  while (i < to && i < start + 16 && tokens[i]?.text !== '>') i++
  if (tokens[i]?.text !== '>') return undefined
  const element: TypeSpec = { kind: 'names', names }
  const array: TypeSpec = { kind: 'array', element, counts: [tokens.slice(start, i)] }
  return { type: { kind: 'struct', members: [{ name: 'elements', type: array }], isUnion: false }, next: i + 1 }
}

/** Adds the names that the `typedef`, `struct`, `union`, `enum` or `using` at `at` gives to types. */
export function addTypes(
  tokens: readonly Token[],
  at: number,
  closing: Int32Array,
  types: Map<string, TypeSpec>,
): void {
  const { text } = tokens[at]!
  if (text === 'typedef') {
    for (const { name, type } of readDeclaration(tokens, at + 1, tokens.length, closing).declarators)
      if (!types.has(name)) types.set(name, type)
    return
  }
  if (text === 'using') {
    const name = tokens[at + 1]
    if (name?.kind !== 'i' || tokens[at + 2]?.text !== '=') return
    const names: string[] = []
    for (let i = at + 3; i < tokens.length && i < at + 19 && tokens[i]!.text !== ';'; i++) {
      if (tokens[i]!.kind === 'i') names.push(tokens[i]!.text)
      else if (tokens[i]!.text !== ':') return
    }
    types.set(name.text, { kind: 'names', names })
    return
  }
  // A definition: `struct tag {`; the tag is the last name before the brace, or before the `:` of an enumeration's type.
  let tag: string | undefined
  for (let i = at + 1; i < tokens.length && i < at + 12; i++) {
    const token = tokens[i]!
    if (token.kind === 'i') {
      if (tokens[i + 1]?.text === '(' && closing[i + 1]! > 0) i = closing[i + 1]!
      else if (token.text !== 'class') tag = token.text
      continue
    }
    if (tag === undefined || token.kind !== 'p') return
    const key = `struct ${tag}`
    if (text === 'enum' && token.text === ':') {
      const names = tokens.slice(i + 1, i + 5).filter(({ kind }) => kind === 'i')
      types.set(tag, { kind: 'names', names: names.map((word) => word.text) })
    }
    if (token.text !== '{') return
    if (text === 'enum') {
      if (!types.has(tag)) types.set(tag, { kind: 'enum' })
    } else if (closing[i]! > 0 && closing[i]! - i < MAX_DECLARATION && !types.has(key)) {
      const type = readMembers(tokens, i + 1, closing[i]!, closing, text === 'union')
      if (type.kind === 'unknown') return
      types.set(key, type)
      types.set(tag, type)
    }
    return
  }
}
