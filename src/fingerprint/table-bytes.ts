import type { Token } from './c-lexer.ts'
import { type Layout, sizeOf } from './c-types.ts'
import { characterValue, evaluate, floatValue, integerValue, type ValueOf } from './c-values.ts'

/** An initialiser: a number, text, a list of them, or one with the indices it is for. */
export type Initialiser = number | bigint | string | readonly Initialiser[] | Designated

/** `[from ... to] = value`, both included. */
export interface Designated {
  readonly from: number
  readonly to: number
  readonly value: Initialiser
}

/** Braces within braces; no table has more dimensions. */
const MAX_DEPTH = 12
/** Bytes of one table. The largest of real sources, tables of characters, have some hundred thousand. */
const MAX_TABLE_BYTES = 1 << 24

/**
 * Reads an initialiser, macros expanded. Undefined when an element is no constant, or is for a member by name.
 *
 * `tokens` is `{ … }`, or literals.
 */
export function readInitialiser(tokens: readonly Token[], numberOf: ValueOf): Initialiser | undefined {
  const reader = new InitialiserReader(tokens, numberOf)
  const value = reader.element(0)
  return reader.at >= tokens.length ? value : undefined
}

class InitialiserReader {
  at = 0
  readonly #tokens: readonly Token[]
  readonly #numberOf: ValueOf
  /** Values of literals, which repeat. */
  readonly #known = new Map<string, number | bigint | undefined>()

  constructor(tokens: readonly Token[], numberOf: ValueOf) {
    this.#tokens = tokens
    this.#numberOf = numberOf
  }

  element(depth: number): Initialiser | undefined {
    const token = this.#tokens[this.at]
    if (token === undefined) return undefined
    if (token.kind === 's') return this.#text()
    if (token.kind === 'p' && token.text === '{') return this.#list(depth)
    if (token.kind === 'p' && token.text === '[') return this.#designated(depth)
    const next = this.#tokens[this.at + 1]
    if (next === undefined || (next.kind === 'p' && (next.text === ',' || next.text === '}'))) {
      const value =
        token.kind === 'n'
          ? this.#number(token.text)
          : token.kind === 'c'
            ? Number(characterValue(token.text))
            : undefined
      if (value !== undefined) {
        this.at++
        return value
      }
    }
    return this.#expression()
  }

  #list(depth: number): readonly Initialiser[] | undefined {
    if (depth > MAX_DEPTH) return undefined
    const list: Initialiser[] = []
    this.at++
    while (true) {
      const token = this.#tokens[this.at]
      if (token === undefined) return undefined
      if (token.kind === 'p' && token.text === '}') break
      const value = this.element(depth + 1)
      if (value === undefined) return undefined
      list.push(value)
      const after = this.#tokens[this.at]
      if (after?.kind !== 'p') return undefined
      if (after.text === ',') this.at++
      else if (after.text !== '}') return undefined
    }
    this.at++
    return list
  }

  #text(): string {
    let text = ''
    for (; this.#tokens[this.at]?.kind === 's'; this.at++) text += this.#tokens[this.at]!.text
    return text
  }

  /** `[5] = 1` and GNU's `[5 ... 7] = 1`. */
  #designated(depth: number): Designated | undefined {
    const open = this.at
    let close = open
    let dots = -1
    for (; close < open + 32 && close < this.#tokens.length && this.#tokens[close]!.text !== ']'; close++)
      if (dots < 0 && this.#tokens[close]!.text === '.') dots = close
    if (this.#tokens[close]?.text !== ']' || this.#tokens[close + 1]?.text !== '=') return undefined
    const from = evaluate(this.#tokens, open + 1, dots < 0 ? close : dots, this.#numberOf)
    const to = dots < 0 ? from : evaluate(this.#tokens, dots + 3, close, this.#numberOf)
    this.at = close + 2
    const value = this.element(depth + 1)
    if (from === undefined || to === undefined || value === undefined) return undefined
    if (from < 0n || to < from || to > MAX_TABLE_BYTES) return undefined
    return { from: Number(from), to: Number(to), value }
  }

  #expression(): number | bigint | undefined {
    const start = this.at
    let depth = 0
    let end = start
    for (; end < this.#tokens.length; end++) {
      const { kind, text } = this.#tokens[end]!
      if (kind === 's') return undefined
      if (kind !== 'p') continue
      if (text === '(') depth++
      else if (text === ')') depth--
      else if (text === '{') return undefined
      else if (depth <= 0 && (text === ',' || text === '}')) break
    }
    this.at = end
    const value = evaluate(this.#tokens, start, end, this.#numberOf)
    if (value === undefined) return floatExpression(this.#tokens, start, end)
    return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
  }

  #number(text: string): number | bigint | undefined {
    if (this.#known.has(text)) return this.#known.get(text)
    const integer = integerValue(text)
    const value =
      integer === undefined ? floatValue(text) : integer <= Number.MAX_SAFE_INTEGER ? Number(integer) : integer
    this.#known.set(text, value)
    return value
  }
}

/** A literal with a fraction, perhaps with signs and brackets around it. */
function floatExpression(tokens: readonly Token[], from: number, to: number): number | undefined {
  let sign = 1
  let [start, end] = [from, to]
  while (start < end) {
    const { kind, text } = tokens[start]!
    const isCast =
      text === '(' && /^(?:float|double)$/.test(tokens[start + 1]?.text ?? '') && tokens[start + 2]?.text === ')'
    if (isCast) start += 2
    else if (kind === 'p' && text === '(' && tokens[end - 1]?.text === ')') end--
    else if (kind === 'p' && text === '-') sign = -sign
    else if (kind !== 'p' || text !== '+') break
    start++
  }
  // `.5` is two tokens.
  const fraction = end - start === 2 && tokens[start]!.text === '.'
  const token = tokens[fraction ? start + 1 : start]
  if (token?.kind !== 'n' || end - start > 2 || (end - start === 2 && !fraction)) return undefined
  const value = fraction ? floatValue(`0.${token.text}`) : (floatValue(token.text) ?? Number(integerValue(token.text)))
  return value === undefined || Number.isNaN(value) ? undefined : sign * value
}

/**
 * The bytes of a table as a compiler lays it out (C17, 6.7.9): inner braces may be left out, what is not initialised is
 * zero. Undefined when the initialiser does not fit the type.
 */
export function tableBytes(layout: Layout, value: Initialiser, littleEndian: boolean): Uint8Array | undefined {
  const size = sizeOf(layout)
  if (size !== undefined && size > MAX_TABLE_BYTES) return undefined
  const writer = new TableWriter(littleEndian)
  if (!writer.place(layout, value, 0)) return undefined
  return writer.bytes(size)
}

interface Place {
  readonly list: readonly Initialiser[]
  next: number
}

class TableWriter {
  readonly #littleEndian: boolean
  #buffer = new Uint8Array(256)
  #view = new DataView(this.#buffer.buffer)
  #end = 0

  constructor(littleEndian: boolean) {
    this.#littleEndian = littleEndian
  }

  bytes(size: number | undefined): Uint8Array {
    const end = size ?? this.#end
    this.#reserve(end)
    return this.#buffer.slice(0, end)
  }

  /** False when `value` is no initialiser of such a type. */
  place(layout: Layout, value: Initialiser, offset: number): boolean {
    if (layout.kind === 'scalar') {
      const inner = Array.isArray(value) && value.length === 1 ? (value[0] as Initialiser) : value
      return (typeof inner === 'number' || typeof inner === 'bigint') && this.#scalar(layout, inner, offset)
    }
    const inner = Array.isArray(value) && value.length === 1 && isText(layout) ? (value[0] as Initialiser) : value
    if (typeof inner === 'string') return isText(layout) && this.#text(layout, inner, offset)
    if (!Array.isArray(value)) return false
    const place: Place = { list: value, next: 0 }
    return this.#fill(layout, place, offset, true) && place.next >= value.length
  }

  /** Takes as many elements from the list as the type has places for. */
  #fill(layout: Layout, place: Place, offset: number, ownsBraces: boolean): boolean {
    if (layout.kind === 'scalar') return false
    if (layout.kind === 'struct') {
      for (const { type, offset: inner } of layout.members) {
        if (place.next >= place.list.length) break
        if (!this.#next(type, place, offset + inner)) return false
      }
      this.#extend(offset + layout.size)
      return true
    }
    const size = sizeOf(layout.element)
    if (size === undefined) return false
    const count = layout.count ?? Number.POSITIVE_INFINITY
    for (let index = 0; place.next < place.list.length; index++) {
      const item = place.list[place.next]!
      if (isDesignated(item)) {
        if (!ownsBraces || item.to >= count) return false
        for (index = item.from; index <= item.to; index++)
          if (!this.place(layout.element, item.value, offset + index * size)) return false
        index--
        place.next++
        continue
      }
      if (index >= count) break
      if (!this.#next(layout.element, place, offset + index * size)) return false
    }
    return true
  }

  #next(layout: Layout, place: Place, offset: number): boolean {
    const item = place.list[place.next]!
    if (isDesignated(item) || offset > MAX_TABLE_BYTES) return false
    if (layout.kind === 'scalar' || Array.isArray(item) || (typeof item === 'string' && isText(layout))) {
      place.next++
      return this.place(layout, item, offset)
    }
    return this.#fill(layout, place, offset, false)
  }

  #scalar({ size, isFloat }: Layout & { kind: 'scalar' }, value: number | bigint, offset: number): boolean {
    this.#extend(offset + size)
    const view = this.#view
    if (isFloat) {
      if (size === 4) view.setFloat32(offset, Number(value), this.#littleEndian)
      else view.setFloat64(offset, Number(value), this.#littleEndian)
      return true
    }
    if (typeof value === 'number' && !Number.isSafeInteger(value)) return false
    if (size === 8) view.setBigUint64(offset, BigInt.asUintN(64, BigInt(value)), this.#littleEndian)
    else {
      const bits = typeof value === 'number' ? value : Number(BigInt.asIntN(32, value))
      // Numbers beyond 32 bits are cut by the view as C cuts them.
      if (size === 1) view.setUint8(offset, bits)
      else if (size === 2) view.setUint16(offset, bits, this.#littleEndian)
      else view.setUint32(offset, bits, this.#littleEndian)
    }
    return true
  }

  #text(layout: Layout, text: string, offset: number): boolean {
    const count = layout.kind === 'array' ? (layout.count ?? text.length + 1) : 0
    this.#extend(offset + count)
    for (let i = 0; i < text.length && i < count; i++) this.#buffer[offset + i] = text.charCodeAt(i)
    return true
  }

  #extend(end: number): void {
    if (end > this.#end) this.#end = end
    this.#reserve(end)
  }

  #reserve(end: number): void {
    if (end <= this.#buffer.length) return
    const larger = new Uint8Array(Math.max(end, 2 * this.#buffer.length))
    larger.set(this.#buffer)
    this.#buffer = larger
    this.#view = new DataView(larger.buffer)
  }
}

/** Whether a literal may stand for it: an array of bytes. */
function isText(layout: Layout): boolean {
  return layout.kind === 'array' && layout.element.kind === 'scalar' && layout.element.size === 1
}

function isDesignated(value: Initialiser): value is Designated {
  return typeof value === 'object' && !Array.isArray(value)
}
