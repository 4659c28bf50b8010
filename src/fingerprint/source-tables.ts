import type { Token } from './c-lexer.ts'
import { readDeclaration, type TypeSpec } from './c-types.ts'
import type { Branch } from './definitions.ts'
import { MAX_STRING_BYTES } from './strings.ts'

/** `#include "path"` in front of the token with this index. */
export interface Include {
  readonly at: number
  readonly path: string
}

/** An array or structure with its initialiser, before names and types are known. */
export interface SourceTable {
  readonly type: TypeSpec
  /** The initialiser, from its opening brace to its closing one; or literals alone. */
  readonly tokens: readonly Token[]
  /** Files whose text stands in the initialiser, by index of the token behind it. */
  readonly includes: readonly Include[]
}

/** `from` is included, `to` is not. */
export interface TokenRange {
  readonly from: number
  readonly to: number
}

/** Tokens before the `=` in which its declaration starts; longer ones are no tables. */
const MAX_HEAD_TOKENS = 96
/** `{ 1, 2 }`: fewer tokens hold no 32 bytes of which ten differ. */
const MIN_TOKENS = 5

/**
 * For each bracket `(`, `[` and `{` the index of its partner, -1 for every other token and where there is none. Brackets
 * of another kind that nothing closes are passed over, so that a branch of an `#if` spoils no more than its surroundings.
 */
export function closingBrackets(tokens: readonly Token[]): Int32Array {
  const closing = new Int32Array(tokens.length).fill(-1)
  const open: number[] = []
  const counts: Record<string, number> = { '(': 0, '[': 0, '{': 0 }
  for (let i = 0; i < tokens.length; i++) {
    const { kind, text } = tokens[i]!
    if (kind !== 'p') continue
    if (text === '(' || text === '[' || text === '{') {
      open.push(i)
      counts[text]!++
      continue
    }
    const partner = text === ')' ? '(' : text === ']' ? '[' : text === '}' ? '{' : undefined
    if (partner === undefined || counts[partner] === 0) continue
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      const mark = tokens[at]!.text
      counts[mark]!--
      if (mark !== partner) continue
      closing[at] = i
      break
    }
  }
  return closing
}

/**
 * The tables of a file in order, and where their initialisers stand. Of an initialiser with branches of `#if` in it the
 * first branches make one table and the last ones another.
 */
export function findTables(
  tokens: readonly Token[],
  branches: readonly Branch[],
  includes: readonly Include[],
  closing: Int32Array,
): { readonly tables: readonly SourceTable[]; readonly ranges: readonly TokenRange[] } {
  const opening = new Int32Array(tokens.length).fill(-1)
  for (let i = 0; i < closing.length; i++) if (closing[i]! >= 0) opening[closing[i]!] = i
  const tables: SourceTable[] = []
  const ranges: TokenRange[] = []
  let [branch, include] = [0, 0]
  for (let i = 1; i + 1 < tokens.length; i++) {
    if (tokens[i]!.kind !== 'p' || tokens[i]!.text !== '=') continue
    const next = tokens[i + 1]!
    const to = next.kind === 's' ? endOfText(tokens, i + 1) : next.text === '{' ? closing[i + 1]! + 1 : 0
    if (to <= 0) continue
    const from = i + 1
    ranges.push({ from, to })
    while (branch < branches.length && branches[branch]!.at <= from) branch++
    while (include < includes.length && includes[include]!.at <= from) include++
    const start = declarationStart(tokens, i, opening)
    const type = start < 0 ? undefined : readDeclaration(tokens, start, i, closing).declarators.at(-1)?.type
    const inside: Branch[] = []
    for (; branch < branches.length && branches[branch]!.at < to; branch++) inside.push(branches[branch]!)
    const files: Include[] = []
    for (; include < includes.length && includes[include]!.at < to; include++) files.push(includes[include]!)
    if (type !== undefined && mayBeTable(type) && (to - from >= MIN_TOKENS || files.length > 0 || next.kind === 's'))
      tables.push(...variants(tokens, from, to, inside, files, type))
    i = to - 1
  }
  return { tables, ranges }
}

/** Behind literals that are longer together than a string may be; 0 for shorter ones, which are strings. */
function endOfText(tokens: readonly Token[], from: number): number {
  let bytes = 0
  let i = from
  for (; tokens[i]?.kind === 's'; i++) bytes += tokens[i]!.text.length
  return bytes > MAX_STRING_BYTES ? i : 0
}

/** Only arrays, and what may be a structure. */
function mayBeTable(type: TypeSpec): boolean {
  if (type.kind === 'array') return type.element.kind !== 'unknown'
  return type.kind === 'struct' || type.kind === 'names'
}

/** Where the declaration that ends before the `=` at `equals` starts: behind the `;` or the brace before it; -1 without. */
function declarationStart(tokens: readonly Token[], equals: number, opening: Int32Array): number {
  let words = 0
  for (let i = equals - 1; i >= 0 && i > equals - MAX_HEAD_TOKENS; i--) {
    const { kind, text } = tokens[i]!
    if (kind === 'i') words++
    if (kind !== 'p') continue
    if (text === ';' || text === '{') return i + 1
    if (text === ')' || text === ']') {
      if (opening[i]! < 0) return -1
      i = opening[i]!
    } else if (text === '(') return -1
    else if (text === '}') {
      const open = opening[i]!
      const isType =
        words === 1 && open > 0 && [1, 2].some((back) => /^(?:struct|union)$/.test(tokens[open - back]?.text ?? ''))
      if (!isType) return i + 1
      i = open
    }
  }
  return equals < MAX_HEAD_TOKENS ? 0 : -1
}

function variants(
  tokens: readonly Token[],
  from: number,
  to: number,
  branches: readonly Branch[],
  includes: readonly Include[],
  type: TypeSpec,
): SourceTable[] {
  if (branches.length === 0) {
    const files = includes.map(({ at, path }) => ({ at: at - from, path }))
    return [{ type, tokens: tokens.slice(from, to), includes: files }]
  }
  const choices: Choice[] = [() => true, () => false]
  const groups = topGroups(branches)
  // `#ifdef A … #endif #ifdef B … #endif`: alternatives without an `#else`.
  for (let i = 0; groups > 1 && i < Math.min(groups, MAX_GROUPS); i++)
    choices.push((group, depth) => depth > 0 || group === i)
  return choices.map((choice) => ({ type, ...chosen(tokens, from, to, branches, includes, choice) }))
}

/** Whether of a group of branches, by its number among those of its depth 0, the first branch counts; else the last. */
type Choice = (group: number, depth: number) => boolean

/** Groups of branches that are tried as alternatives of each other. */
const MAX_GROUPS = 4

function topGroups(branches: readonly Branch[]): number {
  let [groups, depth] = [0, 0]
  for (const { name } of branches) {
    if (name.startsWith('if')) groups += Number(depth++ === 0)
    else if (name === 'endif') depth--
  }
  return groups
}

function chosen(
  tokens: readonly Token[],
  from: number,
  to: number,
  branches: readonly Branch[],
  includes: readonly Include[],
  choice: Choice,
): Pick<SourceTable, 'tokens' | 'includes'> {
  const kept: Token[] = []
  const files: Include[] = []
  const open: { first: boolean; dropped: boolean }[] = []
  let [branch, include, group, dropped] = [0, 0, -1, 0]
  for (let i = from; i < to; i++) {
    for (; branch < branches.length && branches[branch]!.at <= i; branch++) {
      const { name } = branches[branch]!
      if (name.startsWith('if')) {
        if (open.length === 0) group++
        const first = choice(group, open.length)
        open.push({ first, dropped: !first })
        if (!first) dropped++
        continue
      }
      const top = name === 'endif' ? open.pop() : open.at(-1)
      if (top === undefined) continue
      if (top.dropped) dropped--
      if (name === 'endif') continue
      top.dropped = top.first || name !== 'else'
      if (top.dropped) dropped++
    }
    for (; include < includes.length && includes[include]!.at <= i; include++)
      if (dropped === 0) files.push({ at: kept.length, path: includes[include]!.path })
    if (dropped === 0) kept.push(tokens[i]!)
  }
  return { tokens: kept, includes: files }
}
