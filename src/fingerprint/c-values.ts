import type { Token } from './c-lexer.ts'

/** What names stand for while a constant expression is computed; undefined where that is unknown. */
export type ValueOf = (name: string) => bigint | undefined

/** Brackets and prefixes within each other; deeper ones are no code that anybody wrote. */
const MAX_DEPTH = 64
/** Bits that a value may have: products of products must not fill the memory. */
const MAX_BITS = 256n
const INTEGER = /^(0[xX][0-9a-fA-F']+|0[bB][01']+|[0-9][0-9']*)(?:[uUlLzZ]{0,4}|[uU]?i(?:8|16|32|64))$/

/** The value of an integer literal; undefined for other numbers. */
export function integerValue(text: string): bigint | undefined {
  const digits = INTEGER.exec(text)?.[1]?.replaceAll("'", '')
  if (digits === undefined || digits.length > 80) return undefined
  if (/^0[0-9]/.test(digits)) return /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : undefined
  return BigInt(digits)
}

/** The value of a literal with a fraction or an exponent; undefined for what is none. */
export function floatValue(text: string): number | undefined {
  const hexadecimal = /^0[xX]([0-9a-fA-F]*)\.?([0-9a-fA-F]*)[pP]([-+]?\d{1,4})[fFlL]?$/.exec(text)
  if (hexadecimal !== null) {
    const [, whole = '', fraction = '', exponent = ''] = hexadecimal
    return Number(`0x0${whole}${fraction}`) * 2 ** (Number(exponent) - 4 * fraction.length)
  }
  return /^(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d{1,4})?[fFlL]?$/.test(text)
    ? Number(text.replace(/[fFlL]$/, ''))
    : undefined
}

/** The value of a character literal: several characters make one number, the first the most significant. */
export function characterValue(bytes: string): bigint {
  let value = 0n
  for (let i = 0; i < bytes.length; i++) value = (value << 8n) | BigInt(bytes.charCodeAt(i))
  return value
}

/**
 * Computes the integer constant expression that `tokens[from … to - 1]` spell, without the wrapping of C's types: whoever
 * stores the value takes its lower bits. Undefined for anything else, and where a name has no value.
 */
export function evaluate(tokens: readonly Token[], from: number, to: number, numberOf: ValueOf): bigint | undefined {
  const expression = new Expression(tokens, from, to, numberOf)
  const value = expression.conditional()
  return expression.isAtEnd ? value : undefined
}

/** Binary operators with their precedence, those of two characters by both. */
const PRECEDENCE: ReadonlyMap<string, number> = new Map(
  [
    ['||'],
    ['&&'],
    ['|'],
    ['^'],
    ['&'],
    ['==', '!='],
    ['<', '>', '<=', '>='],
    ['<<', '>>'],
    ['+', '-'],
    ['*', '/', '%'],
  ].flatMap((operators, rank) => operators.map((operator): [string, number] => [operator, rank + 1])),
)

/** Names of types by their form. */
const CAST =
  /^(?:unsigned|signed|char|short|int|long|const|u?int(?:_least|_fast)?\d+_t|u?int\d*|[su]?\d+|size_t|\w+_t|BYTE|[A-Z]?U?INT\d*|U?LONG|U?CHAR|U?SHORT|WORD|DWORD)$/

class Expression {
  readonly #tokens: readonly Token[]
  readonly #end: number
  readonly #numberOf: ValueOf
  #at: number
  #depth = 0

  constructor(tokens: readonly Token[], from: number, to: number, numberOf: ValueOf) {
    this.#tokens = tokens
    this.#at = from
    this.#end = to
    this.#numberOf = numberOf
  }

  get isAtEnd(): boolean {
    return this.#at === this.#end
  }

  conditional(): bigint | undefined {
    const condition = this.#binary(0)
    if (condition === undefined || !this.#skip('?')) return condition
    if (++this.#depth > MAX_DEPTH) return undefined
    const [yes, colon, no] = [this.conditional(), this.#skip(':'), this.conditional()]
    this.#depth--
    return !colon || yes === undefined || no === undefined ? undefined : condition !== 0n ? yes : no
  }

  #skip(mark: string): boolean {
    const token = this.#peek()
    if (token?.kind !== 'p' || token.text !== mark) return false
    this.#at++
    return true
  }

  #binary(least: number): bigint | undefined {
    if (++this.#depth > MAX_DEPTH) return undefined
    let left = this.#unary()
    while (left !== undefined) {
      const operator = this.#operator()
      const precedence = PRECEDENCE.get(operator)
      if (precedence === undefined || precedence <= least) break
      this.#at += operator.length
      const right = this.#binary(precedence)
      left = right === undefined ? undefined : apply(operator, left, right)
    }
    this.#depth--
    return left
  }

  #peek(offset = 0): Token | undefined {
    const at = this.#at + offset
    return at < this.#end ? this.#tokens[at] : undefined
  }

  #operator(): string {
    const token = this.#peek()
    if (token?.kind !== 'p') return ''
    const both = token.text + (this.#peek(1)?.text ?? '')
    return PRECEDENCE.has(both) ? both : token.text
  }

  #unary(): bigint | undefined {
    let sign = ''
    for (let token = this.#peek(); token?.kind === 'p' && /^[-+~!]$/.test(token.text); token = this.#peek()) {
      if (sign.length > MAX_DEPTH) return undefined
      sign = token.text + sign
      this.#at++
    }
    let value = this.#primary()
    for (const mark of sign) {
      if (value === undefined) break
      if (mark === '-') value = -value
      else if (mark === '~') value = ~value
      else if (mark === '!') value = truth(value === 0n)
    }
    return value
  }

  /**
   * Passes over the names and the `)` of a cast, whose value is kept, as it is cut to its place in the end. Names of types
   * are told by their form; before what cannot follow a value, any name is one.
   */
  #skipCast(): boolean {
    let behind = this.#at
    let isType = true
    for (; behind < this.#end && this.#tokens[behind]?.kind === 'i'; behind++)
      if (!CAST.test(this.#tokens[behind]!.text)) isType = false
    if (behind === this.#at || behind >= this.#end || this.#tokens[behind]?.text !== ')') return false
    const next = this.#tokens[behind + 1]
    const isValue = behind + 1 < this.#end && (next?.kind !== 'p' || next.text === '(' || next.text === '~')
    if (!isType && !isValue) return false
    this.#at = behind + 1
    return true
  }

  #primary(): bigint | undefined {
    const token = this.#peek()
    if (token === undefined) return undefined
    this.#at++
    if (token.kind === 'n') return integerValue(token.text)
    if (token.kind === 'c') return characterValue(token.text)
    if (token.kind === 'i') {
      if (this.#peek()?.text === '(' && this.#peek()?.kind === 'p')
        return /^U?INT(?:8|16|32|64|MAX)_C$/.test(token.text) ? this.#primary() : undefined
      return this.#numberOf(token.text)
    }
    if (token.kind !== 'p' || token.text !== '(') return undefined
    if (this.#skipCast()) {
      if (++this.#depth > MAX_DEPTH) return undefined
      return this.#unary()
    }
    const value = this.conditional()
    return this.#skip(')') ? value : undefined
  }
}

function apply(operator: string, left: bigint, right: bigint): bigint | undefined {
  switch (operator) {
    case '|':
      return left | right
    case '^':
      return left ^ right
    case '&':
      return left & right
    case '+':
      return left + right
    case '-':
      return left - right
    case '*':
      return bounded(left * right)
    case '<<':
      return right < 0n || right > MAX_BITS ? undefined : bounded(left << right)
    case '>>':
      return right < 0n || right > MAX_BITS ? undefined : left >> right
    case '||':
      return truth(left !== 0n || right !== 0n)
    case '&&':
      return truth(left !== 0n && right !== 0n)
    case '==':
      return truth(left === right)
    case '!=':
      return truth(left !== right)
    case '<':
      return truth(left < right)
    case '>':
      return truth(left > right)
    case '<=':
      return truth(left <= right)
    case '>=':
      return truth(left >= right)
    case '/':
      return right === 0n ? undefined : left / right
    default:
      return right === 0n ? undefined : left % right
  }
}

function truth(holds: boolean): bigint {
  return holds ? 1n : 0n
}

function bounded(value: bigint): bigint | undefined {
  return value >> MAX_BITS === 0n || value >> MAX_BITS === -1n ? value : undefined
}
