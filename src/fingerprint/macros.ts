import type { Token } from './c-lexer.ts'

/** A `#define`, or a variable of a build file that reaches the sources as one. */
export interface Macro {
  readonly name: string
  /** Absent for object-like macros. */
  readonly parameters?: readonly string[]
  readonly body: readonly Token[]
  /** Defined in a header: every program that includes it may hold the text. */
  readonly fromHeader: boolean
}

/** What a run of literals and macros spells. */
export interface ResolvedText {
  /** One character per byte. */
  readonly text: string
  /** Something behind the text could not be resolved: only the beginning is known. */
  readonly partial: boolean
  /** All of it comes from header macros. */
  readonly headerOnly: boolean
}

/** Definitions of one name in different branches of `#if`; more than these are variants nobody builds. */
const MAX_ALTERNATIVES = 4

/**
 * What one macro call may grow to: arguments of arguments multiply, so that a few lines could fill the memory. The
 * longest calls of real sources spell a usage text of some 10 KiB.
 */
const MAX_EXPANDED_TOKENS = 1024
const MAX_EXPANDED_BYTES = 65_536
/** Tokens that a list may grow to; the largest tables of real sources have a million. */
const MAX_LIST_TOKENS = 1 << 21
/** Macros replaced within macros of one list. */
const MAX_NESTED = 65_536
/** Spelled text beyond this holds no string that would be a feature. */
const MAX_SPELLED_BYTES = 1 << 20
/** Stands for what was cut off: a name that nothing defines, so that the text before it is partial. */
const CUT_OFF: Token = { kind: 'i', text: '' }

/**
 * The length modifiers of `<inttypes.h>` on LP64, on ILP32 and LLP64, and in the Microsoft runtime, in this order.
 *
 * @see ISO C17, 7.8.1
 */
const INTTYPES: ReadonlyMap<string, readonly string[]> = new Map(
  [...'diouxX'].flatMap((c): [string, readonly string[]][] => [
    [`PRI${c}8`, [c, `hh${c}`]],
    [`PRI${c}16`, [c, `h${c}`]],
    [`PRI${c}32`, [c, `l${c}`]],
    [`PRI${c}64`, [`l${c}`, `ll${c}`, `I64${c}`]],
    [`PRI${c}MAX`, [`l${c}`, `j${c}`, `ll${c}`, `I64${c}`]],
    [`PRI${c}PTR`, [`l${c}`, c, `ll${c}`, `I64${c}`]],
  ]),
)

/** Gives a version-like macro that no file defines its value: the build system takes it from the release itself. */
export type MacroFallback = (name: string, before: string) => string | undefined

/** The macros that one release's sources see. */
export class MacroTable {
  readonly #macros = new Map<string, Macro[]>()
  readonly #fallback: MacroFallback
  readonly #maxExpansions: number

  constructor(fallback: MacroFallback, maxExpansions: number) {
    this.#fallback = fallback
    this.#maxExpansions = maxExpansions
  }

  /** Adds a definition; different ones of one name become alternatives, in the order they come. */
  add(macro: Macro): void {
    const known = this.#macros.get(macro.name)
    if (known === undefined) this.#macros.set(macro.name, [macro])
    else if (known.length < MAX_ALTERNATIVES && !known.some((other) => sameBody(other, macro))) known.push(macro)
  }

  /** Whether the name alone may stand for text. */
  has(name: string, local: ReadonlyMap<string, readonly Macro[]>): boolean {
    return local.has(name) || this.#macros.has(name)
  }

  /**
   * What a run of literals, macro names and macro calls spells, once for each distinct alternative. Empty when nothing
   * of it is known.
   */
  resolve(run: readonly Token[], local: ReadonlyMap<string, readonly Macro[]>): ResolvedText[] {
    const found: ResolvedText[] = []
    const definitionsOf = (name: string): readonly Macro[] | undefined => local.get(name) ?? this.#macros.get(name)
    for (let choice = 0; choice < MAX_ALTERNATIVES; choice++) {
      const expansion = new Expansion(definitionsOf, choice, this.#maxExpansions)
      const text = this.#spell(expansion.expand(run, NOTHING_HIDDEN, false), choice)
      if (text !== undefined && !found.some((other) => other.text === text.text)) found.push(text)
      if (!expansion.varied && !text?.varied) break
    }
    return found
  }

  #spell(tokens: readonly ExpandedToken[], choice: number): (ResolvedText & { varied: boolean }) | undefined {
    let text = ''
    let headerOnly = true
    let varied = false
    let started = false
    for (const token of tokens) {
      if (text.length > MAX_SPELLED_BYTES) return { text, partial: true, headerOnly, varied }
      if (token.kind === 'p' && (token.text === '(' || token.text === ')')) continue
      if (token.kind === 's') {
        text += token.text
        started = true
        if (!token.fromHeader && /[A-Za-z]/.test(token.text)) headerOnly = false
        continue
      }
      const inttypes = INTTYPES.get(token.text)
      if (inttypes !== undefined) {
        varied = true
        text += inttypes[Math.min(choice, inttypes.length - 1)] as string
        continue
      }
      const value = token.kind === 'i' ? this.#fallback(token.text, text) : undefined
      if (value !== undefined) {
        text += value
        started = true
        continue
      }
      // Unknown names before the first literal are annotations far more often than text.
      if (token.kind === 'i' && !started) continue
      return started ? { text, partial: true, headerOnly, varied } : undefined
    }
    return started ? { text, partial: false, headerOnly, varied } : undefined
  }
}

/**
 * Tokens with their macros replaced: up to eight times for each name of the list, and `budget` times more. Of several definitions of one name the
 * first counts. What is left over stays as it is.
 */
export function expandMacros(
  tokens: readonly Token[],
  definitionOf: (name: string) => Macro | undefined,
  budget: number,
): Token[] {
  const definitionsOf = (name: string): readonly Macro[] | undefined => {
    const found = definitionOf(name)
    return found === undefined ? undefined : [found]
  }
  // Every macro name of the text may be replaced, and what it stands for some times again; the budget guards the rest.
  const names = tokens.reduce((sum, { kind }) => sum + Number(kind === 'i'), 0)
  return new Expansion(definitionsOf, 0, Math.min(8 * names, names + MAX_NESTED) + budget, MAX_LIST_TOKENS).expand(
    tokens,
    NOTHING_HIDDEN,
    false,
  )
}

type ExpandedToken = Token & { readonly fromHeader: boolean }
const NOTHING_HIDDEN: ReadonlySet<string> = new Set()

/** One expansion with one choice among the alternatives (C17, 6.10.3, without the finer points of rescanning). */
class Expansion {
  varied = false
  #budget: number
  readonly #definitionsOf: (name: string) => readonly Macro[] | undefined
  readonly #choice: number
  readonly #mostTokens: number

  constructor(
    definitionsOf: (name: string) => readonly Macro[] | undefined,
    choice: number,
    budget: number,
    mostTokens: number = Number.POSITIVE_INFINITY,
  ) {
    this.#mostTokens = mostTokens
    this.#definitionsOf = definitionsOf
    this.#choice = choice
    this.#budget = budget
  }

  expand(tokens: readonly Token[], hidden: ReadonlySet<string>, fromHeader: boolean): ExpandedToken[] {
    const result: ExpandedToken[] = []
    for (let i = 0; i < tokens.length; i++) {
      if (result.length > (hidden.size > 0 ? MAX_EXPANDED_TOKENS : this.#mostTokens))
        return [{ ...CUT_OFF, fromHeader }]
      const token = tokens[i]!
      const macro = token.kind === 'i' && !hidden.has(token.text) ? this.#find(token.text) : undefined
      if (macro === undefined || this.#budget-- <= 0) {
        result.push({ ...token, fromHeader })
        continue
      }
      const inside = new Set(hidden).add(token.text)
      const origin = fromHeader || macro.fromHeader
      if (macro.parameters === undefined) {
        result.push(...this.expand(macro.body, inside, origin))
        continue
      }
      const call = readArguments(tokens, i + 1)
      if (call === undefined) {
        result.push({ ...token, fromHeader })
        continue
      }
      i = call.end
      result.push(...this.expand(this.#substitute(macro, call.values, hidden), inside, origin))
    }
    return result
  }

  #find(name: string): Macro | undefined {
    const found = this.#definitionsOf(name)
    if (found === undefined) return undefined
    if (found.length > 1) this.varied = true
    return found[Math.min(this.#choice, found.length - 1)]
  }

  #substitute(macro: Macro, values: readonly (readonly Token[])[], hidden: ReadonlySet<string>): Token[] {
    const result: Token[] = []
    const argumentOf = (token: Token | undefined): readonly Token[] | undefined => {
      const index = token?.kind === 'i' ? (macro.parameters?.indexOf(token.text) ?? -1) : -1
      return index < 0 ? undefined : (values[index] ?? [])
    }
    const { body } = macro
    for (let i = 0; i < body.length; i++) {
      if (isTooLong(result)) break
      const token = body[i]!
      const isHash = token.kind === 'p' && token.text === '#'
      if (isHash && body[i + 1]?.text === '#') {
        const right = body[i + 2]
        const left = result.pop()
        const pasted = (argumentOf(right) ?? (right === undefined ? [] : [right])).map(spelling).join('')
        if (left !== undefined) result.push({ kind: left.kind === 'p' ? 'i' : left.kind, text: left.text + pasted })
        i += 2
        continue
      }
      const operand = isHash ? argumentOf(body[i + 1]) : undefined
      if (operand !== undefined) {
        result.push({ kind: 's', text: operand.map(spelling).join('') })
        i++
        continue
      }
      const value = argumentOf(token)
      if (value === undefined) result.push(token)
      else
        result.push(
          ...(body[i + 1]?.text === '#' && body[i + 2]?.text === '#' ? value : this.expand(value, hidden, false)),
        )
    }
    return isTooLong(result) ? [CUT_OFF] : result
  }
}

function isTooLong(tokens: readonly Token[]): boolean {
  if (tokens.length > MAX_EXPANDED_TOKENS) return true
  let bytes = 0
  for (const { text } of tokens) bytes += text.length
  return bytes > MAX_EXPANDED_BYTES
}

/** The arguments of a macro call whose `(` stands at `open`; `end` is the index of its `)`. */
export function readArguments(
  tokens: readonly Token[],
  open: number,
): { values: readonly (readonly Token[])[]; end: number } | undefined {
  if (tokens[open]?.text !== '(' || tokens[open]?.kind !== 'p') return undefined
  const values: Token[][] = [[]]
  let depth = 0
  for (let i = open; i < tokens.length; i++) {
    const token = tokens[i]!
    const mark = token.kind === 'p' ? token.text : ''
    if (mark === '(' && depth++ === 0) continue
    if (mark === ')' && --depth === 0) return { values, end: i }
    if (mark === ',' && depth === 1) values.push([])
    else values[values.length - 1]!.push(token)
  }
  return undefined
}

function spelling(token: Token): string {
  return token.kind === 's' ? `"${token.text}"` : token.text
}

function sameBody(a: Macro, b: Macro): boolean {
  return (
    a.body.length === b.body.length && a.body.every((t, i) => t.kind === b.body[i]?.kind && t.text === b.body[i]?.text)
  )
}
