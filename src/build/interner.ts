import type { Token } from '../fingerprint/c-lexer.ts'
import type { TypeSpec } from '../fingerprint/c-types.ts'
import type { Macro } from '../fingerprint/macros.ts'
import type { SourceFacts } from '../fingerprint/source-c.ts'
import type { NamedValue } from '../fingerprint/source-constants.ts'

/**
 * Keeps one copy of what repeats from one version of a file to the next, so that memory grows with the changes and not
 * with the number of contents. Copies are made of every text kept: a slice would keep the whole file alive.
 */
export class Interner {
  readonly #texts = new Map<string, string>()
  readonly #tokens = new Map<string, Token>()
  readonly #bodies = new Map<string, readonly Token[]>()
  readonly #macros = new Map<string, Macro>()
  readonly #values = new Map<string, NamedValue>()
  readonly #types = new Map<string, TypeSpec>()

  /** The same facts; literals and functions are left as they are, to be hashed and dropped. */
  facts(facts: SourceFacts): SourceFacts {
    return {
      ...facts,
      runs: facts.runs.map((run) => this.body(run)),
      names: facts.names.map((name) => this.text(name)),
      macros: facts.macros.map((macro) => this.macro(macro)),
    }
  }

  macro(macro: Macro): Macro {
    const body = this.body(macro.body)
    const key = `${macro.name} ${macro.fromHeader} ${macro.parameters?.join() ?? '-'} ${spell(body)}`
    const known = this.#macros.get(key)
    if (known !== undefined) return known
    const name = this.text(macro.name)
    const parameters = macro.parameters?.map((parameter) => this.text(parameter))
    const kept = parameters === undefined ? { ...macro, name, body } : { ...macro, name, body, parameters }
    this.#macros.set(copyOf(key), kept)
    return kept
  }

  value({ name, tokens, plus }: NamedValue): NamedValue {
    const body = this.body(tokens)
    const key = `${name} ${plus} ${spell(body)}`
    const known = this.#values.get(key)
    if (known !== undefined) return known
    const kept = { name: this.text(name), tokens: body, plus }
    this.#values.set(copyOf(key), kept)
    return kept
  }

  type(type: TypeSpec): TypeSpec {
    const key = JSON.stringify(type)
    const known = this.#types.get(key)
    if (known !== undefined) return known
    // The copy shares nothing with the source's text.
    const kept = JSON.parse(key) as TypeSpec
    this.#types.set(copyOf(key), kept)
    return kept
  }

  body(tokens: readonly Token[]): readonly Token[] {
    const key = spell(tokens)
    const known = this.#bodies.get(key)
    if (known !== undefined) return known
    const kept = tokens.map((token) => this.token(token))
    this.#bodies.set(copyOf(key), kept)
    return kept
  }

  token({ kind, text }: Token): Token {
    const key = kind + text
    const known = this.#tokens.get(key)
    if (known !== undefined) return known
    const kept = { kind, text: this.text(text) }
    this.#tokens.set(copyOf(key), kept)
    return kept
  }

  text(text: string): string {
    const known = this.#texts.get(text)
    if (known !== undefined) return known
    const kept = copyOf(text)
    this.#texts.set(kept, kept)
    return kept
  }
}

function spell(tokens: readonly Token[]): string {
  let key = ''
  for (const { kind, text } of tokens) key += `${kind}${text}\x00`
  return key
}

function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}
