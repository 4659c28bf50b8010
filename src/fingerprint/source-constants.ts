import type { Token } from './c-lexer.ts'
import { addTypes, type TypeSpec } from './c-types.ts'
import { characterValue, evaluate, integerValue } from './c-values.ts'
import type { Branch } from './definitions.ts'
import type { Macro } from './macros.ts'
import { canonicalImmediate, isRareImmediate } from './rare.ts'
import { closingBrackets, findTables, type Include, type SourceTable, type TokenRange } from './source-tables.ts'

/** An enumerator or constant: the value of `tokens`, or of what they mean in a release, and `plus`. */
export interface NamedValue {
  readonly name: string
  /** Empty for zero. */
  readonly tokens: readonly Token[]
  readonly plus: bigint
}

/** What one source file says about constants, before the names of its release are known. */
export interface SourceConstants {
  readonly tables: readonly SourceTable[]
  readonly types: ReadonlyMap<string, TypeSpec>
  readonly values: readonly NamedValue[]
  /** Macros that may stand for numbers, with parameters or without. */
  readonly macros: readonly Macro[]
  /** Rare constants that the code spells out, canonical, distinct. */
  readonly immediates: readonly bigint[]
  /** Names that code uses, and that may be numbers or macros. */
  readonly names: readonly string[]
  /** All of a file that is nothing but a list of elements, to be included in an initialiser. */
  readonly list: readonly Token[] | undefined
}

const TYPE_LETTERS = 'tsuec'
const TYPE_KEYWORDS: ReadonlySet<string> = new Set(['typedef', 'struct', 'union', 'enum', 'class', 'using'])
/** Tokens of one enumerator's or constant's value. */
const MAX_VALUE_TOKENS = 48
/** Tokens of a bracket that is computed as one constant. */
const MAX_CONSTANT_TOKENS = 16
/** Elements of a list file. */
const LIST_MARKS = /^[-,+*|~^&<>(){}.]$/

/** Reads the constants of a file from its tokens; brackets that `#if` leaves open cost what is around them. */
export function readConstants(
  tokens: readonly Token[],
  branches: readonly Branch[],
  includes: readonly Include[],
  macros: readonly Macro[],
): SourceConstants {
  const closing = closingBrackets(tokens)
  const { tables, ranges } = findTables(tokens, branches, includes, closing)
  const types = new Map<string, TypeSpec>()
  const values: NamedValue[] = []
  const enumerations: TokenRange[] = []
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!
    if (kind === 'p' && text === '=') readConstant(tokens, i, values)
    // A look at the first letter spares the hash of most names.
    if (kind !== 'i' || !TYPE_LETTERS.includes(text[0]!) || !TYPE_KEYWORDS.has(text)) continue
    addTypes(tokens, i, closing, types)
    if (text === 'enum') readEnumeration(tokens, i, closing, values, enumerations)
  }
  return { tables, types, values, macros, ...readCode(tokens, closing, ranges, enumerations), list: listOf(tokens) }
}

/** `static const uint32_t kMask = 0x1234567;`: wherever the name stands, the number does. */
function readConstant(tokens: readonly Token[], equals: number, values: NamedValue[]): void {
  const name = tokens[equals - 1]
  if (name?.kind !== 'i') return
  let end = equals + 1
  while (end < tokens.length && end - equals <= MAX_CONSTANT_TOKENS && tokens[end]!.text !== ';') end++
  if (tokens[end]?.text !== ';' || tokens[end]?.kind !== 'p') return
  for (let i = equals - 2; i >= 0 && i > equals - 10 && tokens[i]!.kind === 'i'; i--)
    if (/^(?:const|constexpr)$/.test(tokens[i]!.text)) {
      values.push({ name: name.text, tokens: tokens.slice(equals + 1, end), plus: 0n })
      return
    }
}

function readEnumeration(
  tokens: readonly Token[],
  at: number,
  closing: Int32Array,
  values: NamedValue[],
  ranges: TokenRange[],
): void {
  let open = at + 1
  while (open < at + 12 && open < tokens.length && !/^[{;(),=]$/.test(tokens[open]!.text)) open++
  const close = tokens[open]?.text === '{' ? closing[open]! : -1
  // No enumeration stands in another one: that would only be slow.
  if (close < 0 || (ranges.at(-1)?.to ?? 0) > open) return
  ranges.push({ from: open, to: close + 1 })
  let base: readonly Token[] = []
  let plus = 0n
  for (let i = open + 1; i < close; ) {
    const name = tokens[i]!
    let end = i + 1
    let depth = 0
    for (; end < close; end++) {
      const { kind, text } = tokens[end]!
      if (kind !== 'p') continue
      if (text === '(' || text === '[' || text === '{') depth++
      else if (text === ')' || text === ']' || text === '}') depth--
      else if (text === ',' && depth <= 0) break
    }
    if (name.kind === 'i') {
      if (tokens[i + 1]?.text === '=' && end - i - 2 <= MAX_VALUE_TOKENS) {
        base = tokens.slice(i + 2, end)
        plus = 0n
      }
      values.push({ name: name.text, tokens: base, plus })
      plus++
    }
    i = end + 1
  }
}

/** The numbers and names of code: of what is neither an initialiser of a table nor an enumeration. */
function readCode(
  tokens: readonly Token[],
  closing: Int32Array,
  tables: readonly TokenRange[],
  enumerations: readonly TokenRange[],
): Pick<SourceConstants, 'immediates' | 'names'> {
  const immediates = new Set<bigint>()
  const names = new Set<string>()
  const skipped = [...tables, ...enumerations].sort((a, b) => a.from - b.from)
  let range = 0
  for (let i = 0; i < tokens.length; i++) {
    while (range < skipped.length && skipped[range]!.to <= i) range++
    if (range < skipped.length && skipped[range]!.from <= i) {
      i = skipped[range]!.to - 1
      continue
    }
    const token = tokens[i]!
    if (token.kind === 'i') {
      if (isConstantName(token.text)) names.add(token.text)
    } else if (token.kind === 'n' || token.kind === 'c') {
      // Most numbers of code are small: these cost no more than a look.
      if (token.text.length < 4) continue
      const value = token.kind === 'n' ? integerValue(token.text) : characterValue(token.text)
      if (value !== undefined) addRare(applySign(tokens, i, value), immediates)
    } else if (token.kind === 'p' && token.text === '(' && tokens[i + 1]?.kind === 'n') {
      const close = closing[i]!
      if (close < i + 4 || close > i + MAX_CONSTANT_TOKENS) continue
      const value = evaluate(tokens, i + 1, close, () => undefined)
      if (value === undefined) continue
      addRare(applySign(tokens, i, value), immediates)
      i = close
    }
  }
  return { immediates: [...immediates], names: [...names] }
}

/** The rare constants, canonical, and the names in tokens that are code, such as a macro's body. */
export function codeConstants(tokens: readonly Token[]): Pick<SourceConstants, 'immediates' | 'names'> {
  return readCode(tokens, closingBrackets(tokens), [], [])
}

/** What the sign in front makes of a value: one that stands before the first operand, not between two. */
function applySign(tokens: readonly Token[], at: number, value: bigint): bigint {
  const sign = tokens[at - 1]
  if (sign?.kind !== 'p') return value
  if (sign.text === '~') return ~value
  const before = tokens[at - 2]
  const isUnary =
    before === undefined || (before.kind === 'p' && !/^[)\]]$/.test(before.text)) || before.text === 'return'
  return sign.text === '-' && isUnary ? -value : value
}

/** Adds the canonical form of a value when it is rare. */
function addRare(value: bigint, into: Set<bigint>): void {
  const canonical = canonicalImmediate(value)
  if (isRareImmediate(canonical)) into.add(canonical)
}

/** Names of macros and enumerators by the convention of all C projects, and `kName` by that of C++ ones. */
function isConstantName(name: string): boolean {
  const first = name.charCodeAt(0)
  if (first >= 0x61 && first !== 0x6b) return false
  return /^(?:[A-Z_][A-Z0-9_]{2,}|k[A-Z]\w*)$/.test(name)
}

/** The tokens of a file that only has elements of a list in it. */
function listOf(tokens: readonly Token[]): readonly Token[] | undefined {
  if (tokens.length < 8) return undefined
  let numbers = 0
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!
    if (kind === 'n' || kind === 'c') numbers++
    else if (kind === 'p' && !LIST_MARKS.test(text)) return undefined
    // Two words in a row are code.
    if (kind === 'i' && tokens[i + 1]?.kind === 'i') return undefined
  }
  return numbers > 4 ? tokens : undefined
}

/** Whether a macro's body may be a number, or holds one: what is text or empty is left out. */
export function mayBeNumber(body: readonly Token[]): boolean {
  return body.length > 0 && body.every(({ kind }) => kind !== 's') && body.some(({ kind }) => kind !== 'p')
}
