import { type Directive, lexC, lexFragment, type Token } from './c-lexer.ts'
import { type Branch, readDefinitions } from './definitions.ts'
import { type Macro, readArguments } from './macros.ts'
import { mayBeNumber, readConstants, type SourceConstants } from './source-constants.ts'
import type { Include } from './source-tables.ts'
import { closingParentheses, skipCall, WITHOUT_TEXT } from './token-calls.ts'

/** What one source file says by itself, before the macros of its release are known. */
export interface SourceFacts {
  /** Distinct literals that need no macro, adjacent ones joined; one character per byte. */
  readonly literals: readonly string[]
  /** Literals with macros among them, to be resolved per release. */
  readonly runs: readonly (readonly Token[])[]
  /** Names that stand alone and look like macros; those that resolve to text count as literals. */
  readonly names: readonly string[]
  readonly macros: readonly Macro[]
  /** Names defined at file level; see {@link readDefinitions}. */
  readonly functions: readonly string[]
  /** Its tables and numbers, when they were asked for. */
  readonly constants?: SourceConstants
}

/** Options of reading one source file. */
export interface ReadOptions {
  readonly isHeader: boolean
  /** `*.in`, whose `@NAME@` a build fills. */
  readonly isTemplate: boolean
  /** Default: false. */
  readonly withConstants?: boolean
}

/** Tokens of a macro worth keeping: longer bodies are code. */
const MAX_MACRO_TOKENS = 48
/** The same for macros that may be numbers: four characters made one with casts and shifts take eighty. */
const MAX_NUMBER_TOKENS = 96
/** Arguments of a macro call within a run. */
const MAX_CALL_TOKENS = 64

/** Marks `@NAME@` and `${NAME}` of template files while they pass through the lexer. */
const OPEN = '\x01'
const CLOSE = '\x02'

/**
 * Reads a C or C++ source, header, or a template of one.
 *
 * Both branches of every `#if` are read: which one a binary holds is not known here.
 */
export function readSource(bytes: Uint8Array, options: ReadOptions): SourceFacts {
  let text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
  if (options.isTemplate) text = text.replace(/@([A-Za-z_]\w*)@|\$\{([A-Za-z_]\w*)\}/g, `${OPEN}$1$2${CLOSE}`)
  const reader = new SourceReader(options)
  lexC(text, { token: (token) => reader.token(token), directive: (directive) => reader.directive(directive) })
  return reader.finish()
}

/** Looks like a macro by the convention that all C projects share; `PRIu64` and kin are let in by name. */
function isMacroName(name: string): boolean {
  return /^(?:[A-Z_][A-Z0-9_]{2,}|PRI[a-zX](?:8|16|32|64|MAX|PTR))$/.test(name)
}

/** Conditions of code for debugging, self-tests and stand-alone programs; `NDEBUG` is the reverse. */
const DEBUG_CONDITION = /(?<!N)DEBUG(?!_C\b)|(?:^|_)DBG|SELF_?TEST|UNIT_?TEST|STANDALONE|_MAIN\b|_TEST\b|\bTEST\b|FUZZ/

class SourceReader {
  readonly #tokens: Token[] = []
  readonly #branches: Branch[] = []
  readonly #macros: Macro[] = []
  /** Macros with parameters, defined so far, whose calls spell text of their own. */
  readonly #spellers = new Set<string>()
  readonly #literals = new Set<string>()
  readonly #runs: Token[][] = []
  readonly #names = new Set<string>()
  readonly #isHeader: boolean
  readonly #withConstants: boolean
  readonly #includes: Include[] = []
  readonly #numbers: Macro[] = []
  /** For each open `#if`: whether its current branch is code of debug builds. */
  readonly #debug: boolean[] = []
  #debugDepth = 0

  constructor({ isHeader, withConstants = false }: ReadOptions) {
    this.#isHeader = isHeader
    this.#withConstants = withConstants
  }

  token(token: Token): void {
    if (this.#debugDepth > 0) return
    if (token.kind === 'p' && (token.text === OPEN || token.text === CLOSE)) return
    this.#tokens.push(token)
  }

  directive({ name, body }: Directive): void {
    if (name === 'define' || name === 'cmakedefine') this.#define(body)
    else if (name.startsWith('if') || name.startsWith('el') || name === 'endif') {
      this.#branches.push({ at: this.#tokens.length, name })
      this.#enterBranch(name, body)
    } else if (name === 'include' && this.#debugDepth === 0) {
      const path = /^"([^"]+)"/.exec(body)?.[1]
      if (path !== undefined) this.#includes.push({ at: this.#tokens.length, path })
    }
  }

  #enterBranch(name: string, condition: string): void {
    const closed = name.startsWith('if') ? false : this.#debug.pop()
    if (closed === true) this.#debugDepth--
    if (name === 'endif') return
    const negated = name === 'ifndef' || condition.startsWith('!')
    const debug =
      /^0\s*$/.test(condition) ||
      (negated ? /\bNDEBUG\b/.test(condition) : name !== 'else' && DEBUG_CONDITION.test(condition))
    this.#debug.push(debug)
    if (debug) this.#debugDepth++
  }

  finish(): SourceFacts {
    this.#readText(this.#tokens)
    return {
      literals: [...this.#literals],
      runs: this.#runs,
      names: [...this.#names],
      macros: this.#macros,
      functions: readDefinitions(this.#tokens, this.#branches),
      ...(this.#withConstants
        ? { constants: readConstants(this.#tokens, this.#branches, this.#includes, this.#numbers) }
        : {}),
    }
  }

  #define(body: string): void {
    const match = /^([A-Za-z_]\w*)(\(([^()]*)\))?/.exec(body)
    if (match === null) return
    const name = match[1] as string
    const parameters = match[2] === undefined ? undefined : (match[3] as string).split(',').map((p) => p.trim())
    const all = lexFragment(body.slice(match[0].length)).flatMap(splitMarkers)
    if (this.#withConstants && all.length <= MAX_NUMBER_TOKENS && mayBeNumber(all)) {
      const macro = { name, body: all, fromHeader: this.#isHeader }
      this.#numbers.push(parameters === undefined ? macro : { ...macro, parameters })
    }
    // Characters spell no text.
    const tokens = all.filter(({ kind }) => kind !== 'c')
    // Text in the body of a macro with parameters, or of a list macro, reaches the binary wherever the macro is used.
    if (parameters !== undefined) this.#readText(tokens)
    if (tokens.length > MAX_MACRO_TOKENS || !bearsText(name, tokens)) return
    const macro = { name, body: tokens, fromHeader: this.#isHeader }
    this.#macros.push(parameters === undefined ? macro : { ...macro, parameters })
    if (parameters !== undefined && tokens.some(({ kind }) => kind === 's')) this.#spellers.add(name)
  }

  #readText(raw: readonly Token[]): void {
    const tokens = raw.some((token) => token.kind === 's' && token.text.includes(OPEN))
      ? raw.flatMap(splitMarkers)
      : raw
    const closing = closingParentheses(tokens)
    for (let i = 0; i < tokens.length; ) {
      const token = tokens[i]!
      if (token.kind === 'i' && WITHOUT_TEXT.test(token.text)) i = skipCall(tokens, closing, i)
      else if (token.kind === 's' || (token.kind === 'i' && this.#mayBeMacro(token.text))) i = this.#readRun(tokens, i)
      else i++
    }
  }

  #mayBeMacro(name: string): boolean {
    return isMacroName(name) || this.#spellers.has(name)
  }

  /** Reads the longest sequence of literals, macro names and macro calls from `start`; returns where it ends. */
  #readRun(tokens: readonly Token[], start: number): number {
    const run: Token[] = []
    let literals = 0
    let spelled = 0
    let i = start
    for (; i < tokens.length; i++) {
      const token = tokens[i]!
      if (token.kind === 's') {
        literals++
        run.push(token)
        continue
      }
      if (token.kind !== 'i' || !this.#mayBeMacro(token.text)) break
      const next = tokens[i + 1]
      if (next?.kind !== 'p' || next.text !== '(') {
        run.push(token)
        continue
      }
      const call = readArguments(tokens.slice(i + 1, i + 1 + MAX_CALL_TOKENS), 0)
      const after = call === undefined ? undefined : tokens[i + 1 + call.end + 1]
      const isSpeller = call !== undefined && this.#isSpellerCall(token.text, tokens.slice(i + 1, i + 2 + call.end))
      // A call counts as text only beside a literal, or where it spells text by itself (`VERSION_TEXT(MAJOR, MINOR)`);
      // otherwise its arguments are read as ordinary code.
      if (call === undefined || (literals === 0 && after?.kind !== 's' && !isSpeller)) {
        if (run.length === 0) return i + 1
        break
      }
      if (isSpeller) spelled++
      run.push(...tokens.slice(i, i + 2 + call.end))
      i += 1 + call.end
    }
    if (literals + spelled === 0) for (const token of run) this.#names.add(token.text)
    else if (literals === run.length) this.#literals.add(run.map((token) => token.text).join(''))
    else this.#runs.push(run)
    return Math.max(i, start + 1)
  }

  /** A macro of this file with text in its body, called with numbers and names of numbers: text in a call is code's own. */
  #isSpellerCall(name: string, call: readonly Token[]): boolean {
    const isNumeric = ({ kind, text }: Token): boolean =>
      kind === 'n' || (kind === 'p' && /^[(),]$/.test(text)) || (kind === 'i' && isMacroName(text))
    return this.#spellers.has(name) && call.length > 2 && call.every(isNumeric)
  }
}

/** `"a @NAME@ b"` becomes `"a "`, NAME, `" b"`. */
function splitMarkers(token: Token): Token[] {
  if (token.kind === 'p' && (token.text === OPEN || token.text === CLOSE)) return []
  if (token.kind !== 's' || !token.text.includes(OPEN)) return [token]
  return token.text
    .split(/\x01(\w+)\x02/)
    .map((text, i): Token => (i % 2 === 1 ? { kind: 'i', text } : { kind: 's', text }))
    .filter((part) => part.kind === 'i' || part.text !== '')
}

/** Numbers matter only where they can become part of a version. */
const VERSION_PART = /VER|MAJOR|MINOR|MICRO|PATCH|TEENY|REVISION|RELEASE|BUILD|STEP|LEVEL/i

/** Whether a macro can take part in spelling text: it holds a literal, a `#`, other macros, or a part of a version. */
function bearsText(name: string, body: readonly Token[]): boolean {
  if (body.length === 0) return false
  if (body.some((token) => token.kind === 's' || (token.kind === 'p' && token.text === '#'))) return true
  if (VERSION_PART.test(name)) return true
  return body.length <= 8 && body.every((token) => token.kind !== 'n') && body[0]?.kind === 'i'
}
