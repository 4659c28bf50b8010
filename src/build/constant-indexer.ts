import { hash64 } from '../bytes/hash.ts'
import type { PrintsBuilder } from '../database/prints-builder.ts'
import type { Token } from '../fingerprint/c-lexer.ts'
import { type Layout, resolveType, type TypeSpec } from '../fingerprint/c-types.ts'
import { CHOICES, ConstantScope, type Definitions, macroFacts } from '../fingerprint/constant-scope.ts'
import { extractTable } from '../fingerprint/extract.ts'
import type { Macro } from '../fingerprint/macros.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { immediateBytes, isRareImmediate } from '../fingerprint/rare.ts'
import type { NamedValue, SourceConstants } from '../fingerprint/source-constants.ts'
import type { Include, SourceTable } from '../fingerprint/source-tables.ts'
import { readInitialiser, tableBytes } from '../fingerprint/table-bytes.ts'
import type { Interner } from './interner.ts'
import { publicPrefix } from './public-tables.ts'

/** Tokens that are kept once, and the names among them. */
interface KeptTokens {
  readonly id: number
  readonly tokens: readonly Token[]
  readonly names: readonly string[]
}

/** A table whose bytes depend on the names of its release. */
interface OpenTable {
  readonly initialiser: KeptTokens
  readonly type: TypeSpec
  readonly includes: readonly Include[]
}

/** Numbers of the builder. */
interface TableFeatures {
  readonly little: readonly number[]
  readonly big: readonly number[]
}

/** What one content gives, once however many releases hold it. */
interface FileConstants {
  readonly isHeader: boolean
  readonly closed: readonly TableFeatures[]
  readonly open: readonly OpenTable[]
  /** Numbers of the builder. */
  readonly immediates: readonly number[]
  names: readonly string[]
  definitions: Definitions
  readonly list: KeptTokens | undefined
}

/** A file of a release, and the unit it is. */
export interface PlacedFile {
  readonly path: string
  readonly id: string
  readonly unit: number
  readonly vendored: boolean
}

/** Names that one table may depend on, macros behind macros included; enumerations of thousands stand in real ones. */
const MAX_NAMES = 65_536

const NOTHING: TableFeatures = { little: [], big: [] }

/**
 * Turns the tables and rare constants of source files into prints: contents first, each once, then releases, as the names
 * in an initialiser mean what the headers of the release say.
 */
export class ConstantIndexer {
  readonly #builder: PrintsBuilder
  readonly #kept: Interner
  readonly #maxExpansions: number
  readonly #files = new Map<string, FileConstants>()
  readonly #tokens = new Map<bigint, KeptTokens>()
  /** Features by table and what its type and names mean. */
  readonly #tables = new Map<string, TableFeatures>()
  readonly #numbers = new Map<bigint, number>()
  readonly #macroIds = new Map<Macro, number>()
  #pruned = false

  constructor(builder: PrintsBuilder, kept: Interner, maxExpansions: number) {
    this.#builder = builder
    this.#kept = kept
    this.#maxExpansions = maxExpansions
  }

  /** Takes what a content says; nothing of it is kept as it is, since its texts are slices of the whole file. */
  addFile(id: string, isHeader: boolean, constants: SourceConstants): void {
    const closed: TableFeatures[] = []
    const open: OpenTable[] = []
    for (const table of constants.tables) {
      if (table.includes.length === 0 && isClosed(table)) {
        const features = this.#closedTable(table)
        if (features.little.length + features.big.length > 0) closed.push(features)
      } else
        open.push({
          initialiser: this.#keep(table.tokens),
          type: this.#kept.type(table.type),
          includes: table.includes.map(({ at, path }) => ({ at, path: this.#kept.text(path) })),
        })
    }
    this.#files.set(id, {
      isHeader,
      closed,
      open,
      immediates: constants.immediates.map((value) => this.#number(value)),
      names: constants.names.map((name) => this.#kept.text(name)),
      definitions: {
        types: new Map([...constants.types].map(([name, type]) => [this.#kept.text(name), this.#kept.type(type)])),
        values: constants.values.map((value) => this.#kept.value(value)),
        macros: constants.macros.map((macro) => this.#kept.macro(macro)),
      },
      list: constants.list === undefined ? undefined : this.#keep(constants.list),
    })
  }

  /** Adds what the files of a release hold; all contents were added before. */
  addRelease(release: number, files: readonly PlacedFile[]): void {
    if (!this.#pruned) this.#prune()
    const read = files.flatMap((file) => {
      const constants = this.#files.get(file.id)
      return constants === undefined ? [] : [{ ...file, constants }]
    })
    const shared = new ConstantScope(this.#maxExpansions)
    for (const { constants, vendored } of read) if (constants.isHeader && !vendored) shared.add(constants.definitions)
    // Headers of copies come last: their names are the others' first.
    for (const { constants, vendored } of read) if (constants.isHeader && vendored) shared.add(constants.definitions)
    const lists = new Map<string, KeptTokens>()
    for (const { path, constants } of read) if (constants.list !== undefined) lists.set(path, constants.list)
    for (const { path, unit, constants } of read) {
      const immediates = new Set(constants.immediates)
      if (constants.open.length > 0 || constants.names.length > 0) {
        const scope = new ConstantScope(this.#maxExpansions, shared)
        scope.add(constants.definitions)
        for (const name of constants.names) for (const value of scope.rareOf(name)) immediates.add(this.#number(value))
        for (const table of constants.open) this.#addTable(this.#openTable(table, scope, path, lists), unit, release)
      }
      for (const features of constants.closed) this.#addTable(features, unit, release)
      for (const immediate of immediates) this.#builder.addFeature(Kind.Immediate, immediate, unit, release)
    }
  }

  #addTable({ little, big }: TableFeatures, unit: number, release: number): void {
    for (const hash of little) this.#builder.addFeature(Kind.Table, hash, unit, release)
    for (const hash of big) this.#builder.addFeature(Kind.BigEndianTable, hash, unit, release)
  }

  /**
   * Leaves out the definitions that no table and no rare constant needs: headers define thousands of small numbers, and
   * every release would look at them.
   */
  #prune(): void {
    this.#pruned = true
    const macros = new Map<string, Set<Macro>>()
    const values = new Map<string, Set<NamedValue>>()
    const types = new Map<string, Set<TypeSpec>>()
    for (const { definitions } of this.#files.values()) {
      for (const macro of definitions.macros) entry(macros, macro.name).add(macro)
      for (const value of definitions.values) entry(values, value.name).add(value)
      for (const [name, type] of definitions.types) entry(types, name).add(type)
    }
    const used = new Set<string>()
    for (const file of this.#files.values()) for (const name of file.names) used.add(name)
    const needed = new Set<string>()
    const queue: string[] = []
    const need = (names: Iterable<string>): void => {
      for (const name of names) {
        if (needed.has(name) || !(macros.has(name) || values.has(name) || types.has(name))) continue
        needed.add(name)
        queue.push(name)
      }
    }
    for (const file of this.#files.values()) {
      for (const { initialiser, type } of file.open) {
        need(initialiser.names)
        need(namesOfType(type))
      }
      if (file.list !== undefined) need(file.list.names)
    }
    const interesting = new Set<string>()
    for (const name of used)
      if (mayBeRare(macros.get(name), values.get(name))) {
        interesting.add(name)
        need([name])
      }
    for (let name = queue.pop(); name !== undefined; name = queue.pop()) {
      for (const macro of macros.get(name) ?? []) need(macroFacts(macro).names)
      for (const { tokens } of values.get(name) ?? []) need(namesAmong(tokens))
      for (const type of types.get(name) ?? []) need(namesOfType(type))
    }
    for (const file of this.#files.values()) {
      file.names = file.names.filter((name) => interesting.has(name))
      const { types: named, values: numbers, macros: all } = file.definitions
      file.definitions = {
        types: new Map([...named].filter(([name]) => needed.has(name))),
        values: numbers.filter(({ name }) => needed.has(name)),
        macros: all.filter(({ name }) => needed.has(name)),
      }
    }
  }

  #closedTable(table: SourceTable): TableFeatures {
    const layout = resolveType(table.type, NO_SCOPE)
    if (layout === undefined) return NOTHING
    const key = `${layoutKey(layout)} ${hash64(spelled(table.tokens))}`
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const features = this.#features(layout, table.tokens, NO_SCOPE.numberOf)
    this.#tables.set(key, features)
    return features
  }

  #openTable(
    { initialiser, type, includes }: OpenTable,
    scope: ConstantScope,
    path: string,
    lists: ReadonlyMap<string, KeptTokens>,
  ): TableFeatures {
    const layout = resolveType(type, scope)
    if (layout === undefined || layout.kind === 'scalar') return NOTHING
    const parts: KeptTokens[] = [initialiser]
    for (const include of includes) {
      const list = findList(include.path, path, lists)
      if (list === undefined) return NOTHING
      parts.push(list)
    }
    let expands = false
    let key = `${layoutKey(layout)} ${parts.map(({ id }) => id).join()}`
    const names = new Set(parts.flatMap((part) => part.names))
    for (const name of names) {
      if (names.size > MAX_NAMES) return NOTHING
      const value = scope.numberOf(name)
      const macros = value === undefined ? (scope.macrosOf(name) ?? []) : []
      key += ` ${name}=${value ?? macros.map((macro) => `#${this.#idOf(macro)}`).join('')}`
      if (macros.length > 0) expands = true
      // The set grows while it is walked.
      for (const macro of macros) for (const inner of macroFacts(macro).names) names.add(inner)
    }
    const known = this.#tables.get(key)
    if (known !== undefined) return known
    const joined = joinParts(initialiser.tokens, includes, parts.slice(1))
    let features = NOTHING
    for (let choice = 0; choice < (expands ? CHOICES : 1) && features === NOTHING; choice++)
      features = this.#features(layout, expands ? scope.expand(joined, choice) : joined, scope.numberOf)
    this.#tables.set(key, features)
    return features
  }

  #features(layout: Layout, tokens: readonly Token[], numberOf: ConstantScope['numberOf']): TableFeatures {
    const value = readInitialiser(tokens, numberOf)
    if (value === undefined) return NOTHING
    const windows = (littleEndian: boolean): number[] => {
      const bytes = tableBytes(layout, value, littleEndian)
      const found = new Set<number>()
      if (bytes === undefined) return []
      const open = publicPrefix(bytes)
      extractTable(bytes, (high, low, offset) => {
        if (offset >= open) found.add(this.#builder.internHalves(high, low))
      })
      return [...found]
    }
    return { little: windows(true), big: windows(false) }
  }

  #keep(tokens: readonly Token[]): KeptTokens {
    const key = hash64(spelled(tokens))
    const known = this.#tokens.get(key)
    if (known !== undefined) return known
    const copies = tokens.map((token) => this.#kept.token(token))
    const kept = { id: this.#tokens.size, tokens: copies, names: namesAmong(copies) }
    this.#tokens.set(key, kept)
    return kept
  }

  #number(immediate: bigint): number {
    let number = this.#numbers.get(immediate)
    if (number === undefined) {
      number = this.#builder.internHash(hash64(immediateBytes(immediate)))
      this.#numbers.set(immediate, number)
    }
    return number
  }

  #idOf(macro: Macro): number {
    let id = this.#macroIds.get(macro)
    if (id === undefined) {
      id = this.#macroIds.size
      this.#macroIds.set(macro, id)
    }
    return id
  }
}

const NO_SCOPE = new ConstantScope(0)

/** Whether the bytes of a table need nobody's names: numbers of a type that the language or a standard defines. */
function isClosed({ type, tokens }: SourceTable): boolean {
  if (tokens.some(({ kind }) => kind === 'i')) return false
  return namesOfType(type).every((name) =>
    /^(?:unsigned|signed|char|short|int|long|float|double|const|static|u?int(?:8|16|32|64)_t)$/.test(name),
  )
}

/** Whether some definition of a name may stand for a rare constant, or depends on other names. */
function mayBeRare(macros: ReadonlySet<Macro> | undefined, values: ReadonlySet<NamedValue> | undefined): boolean {
  for (const macro of macros ?? []) {
    const { value, immediates, names } = macroFacts(macro)
    if (value === undefined ? immediates.length + names.length > 0 : isRareImmediate(BigInt.asUintN(64, value)))
      return true
    if (value !== undefined && value < 0n) return true
  }
  for (const { tokens } of values ?? [])
    if (tokens.some(({ text, kind }) => kind === 'i' || text.length > 3)) return true
  return false
}

function namesAmong(tokens: readonly Token[]): readonly string[] {
  const names = new Set<string>()
  for (const { kind, text } of tokens) if (kind === 'i') names.add(text)
  return [...names]
}

function namesOfType(type: TypeSpec): readonly string[] {
  if (type.kind === 'names') return type.names
  if (type.kind === 'array') return [...namesOfType(type.element), ...type.counts.flatMap(namesAmong)]
  return type.kind === 'struct' ? type.members.flatMap((member) => namesOfType(member.type)) : []
}

/** The list file that an initialiser includes: beside the file, or the only one of its name. */
function findList(include: string, from: string, lists: ReadonlyMap<string, KeptTokens>): KeptTokens | undefined {
  const directory = from.slice(0, from.lastIndexOf('/') + 1)
  const beside = lists.get(directory + include)
  if (beside !== undefined) return beside
  const name = `/${include.replace(/^(?:\.{1,2}\/)+/, '')}`
  const same = [...lists].filter(([path]) => `/${path}`.endsWith(name))
  return same.length === 1 ? same[0]![1] : undefined
}

function joinParts(
  tokens: readonly Token[],
  includes: readonly Include[],
  parts: readonly KeptTokens[],
): readonly Token[] {
  if (includes.length === 0) return tokens
  const joined: Token[] = []
  let at = 0
  includes.forEach((include, i) => {
    for (; at < include.at; at++) joined.push(tokens[at]!)
    for (const token of parts[i]!.tokens) joined.push(token)
  })
  for (; at < tokens.length; at++) joined.push(tokens[at]!)
  return joined
}

function layoutKey(layout: Layout): string {
  if (layout.kind === 'scalar') return `${layout.isFloat ? 'f' : 'i'}${layout.size}`
  if (layout.kind === 'array') return `[${layout.count ?? ''}]${layoutKey(layout.element)}`
  return `{${layout.size}:${layout.members.map(({ type, offset }) => `${offset}${layoutKey(type)}`).join()}}`
}

function spelled(tokens: readonly Token[]): Buffer {
  let text = ''
  for (const token of tokens) text += `${token.kind}${token.text}\0`
  return Buffer.from(text, 'latin1')
}

function entry<T>(map: Map<string, Set<T>>, key: string): Set<T> {
  let found = map.get(key)
  if (found === undefined) {
    found = new Set()
    map.set(key, found)
  }
  return found
}
