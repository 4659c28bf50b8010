import type { Token } from './c-lexer.ts'
import type { TypeScope, TypeSpec } from './c-types.ts'
import { evaluate } from './c-values.ts'
import { expandMacros, type Macro } from './macros.ts'
import { canonicalImmediate, isRareImmediate } from './rare.ts'
import { codeConstants, type NamedValue } from './source-constants.ts'

/** What a file, or all headers of a release, give names to. */
export interface Definitions {
  readonly types: ReadonlyMap<string, TypeSpec>
  readonly values: readonly NamedValue[]
  readonly macros: readonly Macro[]
}

/** Names behind names behind names; longer chains go in circles. */
const MAX_CHAIN = 16
/** Definitions of one name in different branches of `#if`; more than these are variants nobody builds. */
const MAX_ALTERNATIVES = 4

/** Definitions of macros that are tried until one gives a constant: casts are written in one way for C and another for C++. */
export const CHOICES = 2

/** What a macro's body says by itself. */
interface MacroFacts {
  /** Undefined where that depends on names, or the body is no constant. */
  readonly value: bigint | undefined
  /** Rare constants in the body, canonical. */
  readonly immediates: readonly bigint[]
  readonly names: readonly string[]
}

const knownFacts = new WeakMap<Macro, MacroFacts>()

/** What a macro stands for, computed once for each. */
export function macroFacts(macro: Macro): MacroFacts {
  const known = knownFacts.get(macro)
  if (known !== undefined) return known
  const { body, parameters } = macro
  const { immediates } = codeConstants(body)
  const names = [...new Set(body.filter(({ kind }) => kind === 'i').map(({ text }) => text))]
  const value = parameters === undefined ? evaluate(body, 0, body.length, () => undefined) : undefined
  const facts = { value, immediates, names: names.filter((name) => !parameters?.includes(name)) }
  knownFacts.set(macro, facts)
  return facts
}

/**
 * The names of constants and types that one file sees: its own before those of the scope around it, the headers of its
 * release. Which header a file includes is not known; of several definitions of one value the first counts.
 */
export class ConstantScope implements TypeScope {
  readonly #outer: ConstantScope | undefined
  readonly #types = new Map<string, TypeSpec>()
  readonly #named = new Map<string, NamedValue>()
  readonly #macros = new Map<string, Macro[]>()
  readonly #values = new Map<string, bigint | undefined>()
  readonly #rare = new Map<string, readonly bigint[]>()
  readonly #maxExpansions: number
  #depth = 0

  constructor(maxExpansions: number, outer?: ConstantScope) {
    this.#maxExpansions = maxExpansions
    this.#outer = outer
  }

  add({ types, values, macros }: Definitions): void {
    for (const [name, type] of types) if (!this.#types.has(name)) this.#types.set(name, type)
    for (const value of values) if (!this.#named.has(value.name)) this.#named.set(value.name, value)
    for (const macro of macros) {
      const known = this.#macros.get(macro.name)
      if (known === undefined) this.#macros.set(macro.name, [macro])
      else if (known.length < MAX_ALTERNATIVES && !known.includes(macro)) known.push(macro)
    }
  }

  readonly numberOf = (name: string): bigint | undefined => {
    if (!this.#has(name)) return this.#outer?.numberOf(name)
    if (this.#values.has(name)) return this.#values.get(name)
    // A definition that comes back to itself has no value.
    this.#values.set(name, undefined)
    if (this.#depth > MAX_CHAIN) return undefined
    this.#depth++
    const value = this.#compute(name)
    this.#depth--
    this.#values.set(name, value)
    return value
  }

  readonly typeOf = (name: string): TypeSpec | undefined => this.#types.get(name) ?? this.#outer?.typeOf(name)

  readonly namesOf = (name: string): readonly (readonly string[])[] =>
    (this.macrosOf(name) ?? [])
      .filter(({ parameters, body }) => parameters === undefined && body.every(({ kind }) => kind === 'i'))
      .map(({ body }) => body.map(({ text }) => text))

  /** All definitions of a macro, the file's own instead of others. */
  macrosOf(name: string): readonly Macro[] | undefined {
    return this.#macros.get(name) ?? this.#outer?.macrosOf(name)
  }

  /** Tokens with the macros of this scope replaced; of a macro with several definitions by that of number `choice`. */
  expand(tokens: readonly Token[], choice = 0): Token[] {
    const definitionOf = (name: string): Macro | undefined => {
      const all = this.macrosOf(name)
      return all?.[Math.min(choice, all.length - 1)]
    }
    return expandMacros(tokens, definitionOf, this.#maxExpansions)
  }

  /** Rare constants that stand in code where `name` does: the value of a number, or those in a macro of code. */
  rareOf(name: string): readonly bigint[] {
    if (!this.#has(name)) return this.#outer?.rareOf(name) ?? []
    const known = this.#rare.get(name)
    if (known !== undefined) return known
    this.#rare.set(name, [])
    if (this.#depth > MAX_CHAIN) return []
    this.#depth++
    const found = new Set<bigint>()
    const value = this.numberOf(name)
    if (value !== undefined) found.add(canonicalImmediate(value))
    for (const macro of this.#macros.get(name) ?? []) {
      const facts = macroFacts(macro)
      if (facts.value !== undefined) found.add(canonicalImmediate(facts.value))
      else if (value === undefined) {
        for (const immediate of facts.immediates) found.add(immediate)
        for (const inner of facts.names) for (const immediate of this.rareOf(inner)) found.add(immediate)
      }
    }
    this.#depth--
    const rare = [...found].filter(isRareImmediate)
    this.#rare.set(name, rare)
    return rare
  }

  #has(name: string): boolean {
    return this.#macros.has(name) || this.#named.has(name)
  }

  #compute(name: string): bigint | undefined {
    for (const macro of this.#macros.get(name) ?? []) {
      if (macro.parameters !== undefined) continue
      const value = macroFacts(macro).value ?? this.#evaluate(macro.body)
      if (value !== undefined) return value
    }
    const named = this.#named.get(name)
    if (named === undefined) return undefined
    const base = named.tokens.length === 0 ? 0n : this.#evaluate(named.tokens)
    return base === undefined ? undefined : base + named.plus
  }

  #evaluate(tokens: readonly Token[]): bigint | undefined {
    const plain = evaluate(tokens, 0, tokens.length, this.numberOf)
    if (plain !== undefined || !tokens.some(({ kind, text }, i) => kind === 'i' && this.#isCall(text, tokens[i + 1])))
      return plain
    for (let choice = 0; choice < CHOICES; choice++) {
      const expanded = this.expand(tokens, choice)
      const value = evaluate(expanded, 0, expanded.length, this.numberOf)
      if (value !== undefined) return value
    }
    return undefined
  }

  #isCall(name: string, next: Token | undefined): boolean {
    return next?.text === '(' && this.macrosOf(name)?.[0]?.parameters !== undefined
  }
}
