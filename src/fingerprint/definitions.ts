import type { Token } from './c-lexer.ts'
import { qualifiedName } from './qualified-names.ts'
import { closingParentheses, skipCall, WITHOUT_TEXT } from './token-calls.ts'

/** `#if`, `#else` or `#endif`, by the index of the token that follows. */
export interface Branch {
  readonly at: number
  readonly name: string
}

/** Names too short to tell one component from another. */
const MIN_SYMBOL_BYTES = 5
/** Keywords before a parenthesis that are no function names. */
const NOT_FUNCTIONS = new Set(['if', 'for', 'while', 'switch', 'return', 'sizeof', 'defined', 'alignof', 'decltype'])

/** Namespaces around a name, and scopes before it; deeper ones are no C++ that anybody links. */
const MAX_SCOPES = 16

/** What an open brace belongs to, linked to the one around it: saving the state at an `#if` costs nothing. */
interface Frame {
  readonly isBody: boolean
  /** All namespaces around, outermost first; undefined where one is anonymous or there are too many. */
  readonly path: readonly string[] | undefined
  readonly outer: Frame | undefined
}

/**
 * The names that a source file defines at file level: functions, that is, a name before `(…)` and `{`, with old-style
 * parameter declarations between them perhaps; and, inside a named namespace, classes too, all with their namespaces as
 * {@link qualifiedName} joins them. What stands in an anonymous namespace has no name outside its file.
 *
 * Braces that only one branch of an `#if` opens are undone at its `#else`.
 */
export function readDefinitions(tokens: readonly Token[], branches: readonly Branch[]): string[] {
  const found = new Set<string>()
  const closing = closingParentheses(tokens)
  const saved: { readonly frame: Frame | undefined }[] = []
  let frame: Frame | undefined
  let candidate: string | undefined
  let type: string | undefined
  let branch = 0
  for (let i = 0; i < tokens.length; i++) {
    // Branches within a parameter list lie behind already.
    for (; branch < branches.length && branches[branch]!.at <= i; branch++) {
      const { name } = branches[branch]!
      if (name.startsWith('if')) saved.push({ frame })
      else if (name === 'endif') saved.pop()
      else frame = (saved.at(-1) ?? { frame }).frame
    }
    const { kind, text } = tokens[i]!
    const inBody = frame?.isBody === true
    if (kind === 'p' && text === '{') {
      const inner = openFrame(tokens, i, frame)
      if (!inBody && inner.isBody) add(found, frame, candidate ?? type)
      frame = inner
      candidate = type = undefined
    } else if (kind === 'p' && text === '}') {
      frame = frame?.outer
      candidate = type = undefined
    } else if (inBody) continue
    else if (kind === 'p' && (text === '=' || text === ';')) {
      if (text === '=' || tokens[i - 1]?.text === ')') candidate = undefined
      type = undefined
    } else if (kind === 'i' && /^(?:struct|union|enum|class|typedef)$/.test(text)) {
      const before = tokens[i - 1]?.text
      if (before !== ',' && before !== '(' && before !== '<') {
        candidate = undefined
        type = frame !== undefined && /^(?:struct|class)$/.test(text) ? typeName(tokens, i + 1) : undefined
      }
    } else if (kind === 'i' && tokens[i + 1]?.kind === 'p' && tokens[i + 1]?.text === '(') {
      const next = skipCall(tokens, closing, i) - 1
      if (WITHOUT_TEXT.test(text)) i = next
      else if (!NOT_FUNCTIONS.has(text) && /[a-z]/.test(text) && tokens[i - 1]?.text !== '~') {
        candidate = qualifiedBefore(tokens, i)
        i = next
      }
    }
  }
  return [...found]
}

function add(found: Set<string>, frame: Frame | undefined, name: string | undefined): void {
  const path = frame === undefined ? [] : frame.path
  if (name === undefined || path === undefined) return
  const full = qualifiedName([...path, ...name.split('::')])
  if (full.length >= MIN_SYMBOL_BYTES) found.add(full)
}

/** What the brace at `at` opens, by the tokens before it. */
function openFrame(tokens: readonly Token[], at: number, outer: Frame | undefined): Frame {
  const around = outer === undefined ? [] : outer.path
  if (tokens[at - 1]?.kind === 's' && tokens[at - 2]?.text === 'extern') return { isBody: false, path: around, outer }
  if (tokens[at - 1]?.text === 'namespace') return { isBody: false, path: undefined, outer }
  const path: string[] = []
  for (let i = at - 1; i >= 0 && i > at - 32; i--) {
    const { kind, text } = tokens[i]!
    if (kind === 'i' && text === 'namespace') {
      const all = around === undefined || around.length + path.length > MAX_SCOPES ? undefined : [...around, ...path]
      return { isBody: false, path: all, outer }
    }
    if (kind === 'i' && text !== 'inline') path.unshift(text)
    else if (text !== ':') break
  }
  return { isBody: true, path: around, outer }
}

/** `Reader` of `class EXPORT Reader final : public Base {`. */
function typeName(tokens: readonly Token[], from: number): string | undefined {
  let name: string | undefined
  for (let i = from; i < tokens.length && i < from + 16; i++) {
    const { kind, text } = tokens[i]!
    if (kind === 'p' && (text === ':' || text === '{')) return name
    if (kind !== 'i') return undefined
    if (text !== 'final') name = text
  }
  return undefined
}

/** `Writer::Append` for the `Append` of `bool Writer::Append(`. A constructor repeats its class and is left out. */
function qualifiedBefore(tokens: readonly Token[], at: number): string | undefined {
  const path = [tokens[at]!.text]
  let i = at
  while (tokens[i - 1]?.text === ':' && tokens[i - 2]?.text === ':' && tokens[i - 3]?.kind === 'i') {
    if (path.length > MAX_SCOPES) return undefined
    i -= 3
    path.unshift(tokens[i]!.text)
  }
  // `X<T>::f(` names a template's member, which is mangled with its arguments.
  if (tokens[i - 1]?.text === ':') return undefined
  return path.length > 1 && path.at(-1) === path.at(-2) ? undefined : path.join('::')
}
