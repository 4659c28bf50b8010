import { DetectorError, type ErrorCode } from '../errors.ts'

/** Characters of what was there instead that a message shows. */
const SHOWN_CHARACTERS = 80

/**
 * Reads the fields of one JSON object; every reader throws with file, field and what was there: `CATALOG_CORRUPT`, or
 * the code that was given.
 */
export class Fields {
  readonly #path: string
  readonly #code: ErrorCode
  readonly #prefix: string
  readonly #values: Readonly<Record<string, unknown>>

  /** `path` names what is read: a file, or what else a message should say. */
  constructor(path: string, value: unknown, prefix = '', code: ErrorCode = 'CATALOG_CORRUPT') {
    this.#path = path
    this.#code = code
    this.#prefix = prefix
    this.#values = {}
    if (typeof value !== 'object' || value === null || Array.isArray(value)) throw this.error('', 'an object', value)
    this.#values = value as Record<string, unknown>
  }

  error(field: string, needed: string, value: unknown = this.#values[field]): DetectorError {
    const where = `${this.#prefix}${field}`.replace(/\.$/, '')
    const message = `need ${needed} ${where === '' ? 'in' : `as ${where} of`} ${this.#path}, have ${shown(value)}`
    return new DetectorError(this.#code, message, { locus: { path: this.#path } })
  }

  /** True where the field is there and not null. */
  has(field: string): boolean {
    return Object.hasOwn(this.#values, field) && this.#values[field] !== null
  }

  /** True for the empty text. */
  isEmpty(field: string): boolean {
    return this.#values[field] === ''
  }

  /** True for the value true. */
  is(field: string): boolean {
    return this.#values[field] === true
  }

  names(): string[] {
    return Object.keys(this.#values)
  }

  text(field: string): string {
    const value = this.#values[field]
    if (typeof value !== 'string' || value === '') throw this.error(field, 'a text')
    return value
  }

  match(field: string, pattern: RegExp, needed: string): string {
    const value = this.#values[field]
    if (typeof value !== 'string' || !pattern.test(value)) throw this.error(field, needed)
    return value
  }

  /** A whole number, 0 or more. */
  count(field: string): number {
    const value = this.#values[field]
    if (!Number.isSafeInteger(value) || (value as number) < 0) throw this.error(field, 'a whole number')
    return value as number
  }

  optionalText(field: string): string | null {
    return this.#values[field] === null ? null : this.text(field)
  }

  optionalUrl(field: string): string | null {
    const value = this.#values[field] ?? null
    return value === null ? null : this.match(field, /^https:\/\/[^\s/]+\//, 'an https URL')
  }

  strings(field: string, pattern: RegExp = /./, needed = 'texts'): string[] {
    const value = this.#values[field]
    const isValid = (item: unknown): item is string => typeof item === 'string' && pattern.test(item)
    if (!Array.isArray(value) || !value.every(isValid)) throw this.error(field, `a list of ${needed}`)
    return value
  }

  regExp(field: string): string {
    const source = this.text(field)
    try {
      new RegExp(source)
    } catch {
      throw this.error(field, 'a regular expression')
    }
    return source
  }

  object(field: string): Fields {
    return new Fields(this.#path, this.#values[field], `${this.#prefix}${field}.`, this.#code)
  }

  objects(field: string): Fields[] {
    const value = this.#values[field]
    if (!Array.isArray(value)) throw this.error(field, 'a list')
    return value.map((item, index) => new Fields(this.#path, item, `${this.#prefix}${field}[${index}].`, this.#code))
  }
}

/**
 * The value of a JSON text; `path` is where it stands.
 *
 * @throws DetectorError `CATALOG_CORRUPT`, or the code that was given
 */
export function parseJson(text: string, path: string, code: ErrorCode = 'CATALOG_CORRUPT'): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw new DetectorError(code, `need JSON in ${path}: ${(cause as Error).message}`, { locus: { path }, cause })
  }
}

function shown(value: unknown): string {
  if (value === undefined) return 'nothing'
  try {
    return JSON.stringify(value).slice(0, SHOWN_CHARACTERS)
  } catch {
    // The parser takes any depth, the writer does not.
    return 'something nested too deeply to show'
  }
}
