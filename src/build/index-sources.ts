import { hash64 } from '../bytes/hash.ts'
import type { Limits } from '../bytes/limits.ts'
import type { PrintsBuilder } from '../database/prints-builder.ts'
import { buildFileMacros } from '../fingerprint/build-files.ts'
import type { Token } from '../fingerprint/c-lexer.ts'
import { extractLiterals } from '../fingerprint/extract.ts'
import { type Macro, type MacroFallback, MacroTable, type ResolvedText } from '../fingerprint/macros.ts'
import { Kind } from '../fingerprint/print-set.ts'
import { readSource } from '../fingerprint/source-c.ts'
import type { Template } from '../fingerprint/templates.ts'
import { ConstantIndexer, type PlacedFile } from './constant-indexer.ts'
import { Interner } from './interner.ts'
import { classifyPath, isVendored, type PathRules, unitPaths } from './sources/paths.ts'
import type { Blob, TreeFile } from './sources/tree.ts'

/** Features of one text, by number of the builder. */
interface TextPrints {
  readonly strings: readonly number[]
  readonly templates: readonly NumberedTemplate[]
}

interface NumberedTemplate {
  readonly number: number
  readonly template: Template
}

/** One file's contribution, computed once however many releases hold it. */
interface FilePrints {
  readonly own: TextPrints
  readonly symbols: readonly number[]
  readonly runs: readonly (readonly Token[])[]
  readonly names: readonly string[]
  readonly macros: readonly Macro[]
  readonly localMacros: ReadonlyMap<string, readonly Macro[]>
}

/** Build files longer than this are generated (`configure`), and hold nothing that their source does not. */
const MAX_BUILD_FILE_BYTES = 1 << 20

/**
 * Turns the source files of a component's releases into prints. Files are read first, each content once; releases are
 * added afterwards, oldest first, because what a literal spells depends on the macros of its release.
 */
export class SourceIndexer {
  readonly #builder: PrintsBuilder
  readonly #rules: PathRules
  readonly #names: readonly string[]
  readonly #limits: Limits
  readonly #files = new Map<string, FilePrints>()
  readonly #kept = new Interner()
  readonly #constants: ConstantIndexer
  /** Resolved texts repeat from release to release: their features are computed once. */
  readonly #texts = new Map<string, TextPrints>()

  /** `names` are what the component calls itself, for macros that only its build system defines. */
  constructor(builder: PrintsBuilder, rules: PathRules, names: readonly string[], limits: Limits) {
    this.#builder = builder
    this.#rules = rules
    this.#names = names.map((name) => name.toLowerCase())
    this.#limits = limits
    this.#constants = new ConstantIndexer(builder, this.#kept, limits.macroExpansions)
  }

  /** Reads one content. `path` is any path it has: contents that differ in kind by path are rare and read as the first. */
  addFile(blob: Blob, path: string): void {
    const kind = classifyPath(path, this.#rules)
    if (kind === 'skip') return
    if (kind === 'build') {
      if (blob.bytes.length > MAX_BUILD_FILE_BYTES) return
      const macros = buildFileMacros(path, blob.bytes).map((macro) => this.#kept.macro(macro))
      this.#files.set(blob.id, { ...NO_TEXT, macros })
      return
    }
    const isTemplate = /\.(?:in|cmake|meson|cmakein)$/.test(path)
    const isHeader = kind === 'header'
    const read = readSource(blob.bytes, { isHeader, isTemplate, withConstants: true })
    if (read.constants !== undefined) this.#constants.addFile(blob.id, isHeader, read.constants)
    const facts = this.#kept.facts(read)
    const localMacros = new Map<string, Macro[]>()
    for (const macro of facts.runs.length + facts.names.length === 0 ? [] : facts.macros) {
      const known = localMacros.get(macro.name)
      if (known === undefined) localMacros.set(macro.name, [macro])
      else known.push(macro)
    }
    this.#files.set(blob.id, {
      own: this.#printsOf(facts.literals),
      symbols: facts.functions.map((name) => this.#builder.internHash(hash64(Buffer.from(name, 'latin1')))),
      runs: facts.runs,
      names: facts.names,
      macros: isHeader ? facts.macros : [],
      localMacros,
    })
  }

  /** Adds a release whose files were all read. `release` is its index in the builder. */
  addRelease(release: number, version: string, files: readonly TreeFile[]): void {
    const builder = this.#builder
    builder.beginRelease(release)
    const table = new MacroTable(this.#fallback(version), this.#limits.macroExpansions)
    const read = files.flatMap(({ path, id }) => {
      const prints = this.#files.get(id)
      return prints === undefined ? [] : [{ path, id, prints, vendored: isVendored(path, this.#rules) }]
    })
    // Other projects' headers would lend their version macros to names like VERSION.
    for (const { prints, vendored } of read) if (!vendored) for (const macro of prints.macros) table.add(macro)
    const known = new Map<string, readonly ResolvedText[]>()
    const units = unitPaths(read.map(({ path }) => path))
    const placed: PlacedFile[] = []
    for (const { path, id, prints, vendored } of read) {
      const unit = builder.internUnit(units.get(path)!, vendored)
      placed.push({ path, id, unit, vendored })
      this.#addText(prints.own, unit, release, version, false)
      for (const symbol of prints.symbols) builder.addFeature(Kind.Symbol, symbol, unit, release)
      for (const run of prints.runs)
        for (const text of table.resolve(run, prints.localMacros)) this.#addResolved(text, unit, release, version)
      for (const name of prints.names)
        for (const text of resolveName(name, prints.localMacros, table, known))
          this.#addResolved(text, unit, release, version)
    }
    this.#constants.addRelease(release, placed)
  }

  #addResolved(resolved: ResolvedText, unit: number, release: number, version: string): void {
    let prints = this.#texts.get(resolved.text)
    if (prints === undefined) {
      prints = this.#printsOf([resolved.text])
      this.#texts.set(resolved.text, prints)
    }
    // Of a text whose end is unknown only its head is certain.
    const heads = { strings: [], templates: prints.templates.filter(({ template }) => template.head) }
    this.#addText(resolved.partial ? heads : prints, unit, release, version, resolved.headerOnly)
  }

  #addText(text: TextPrints, unit: number, release: number, version: string, headerOnly: boolean): void {
    for (const string of text.strings) this.#builder.addFeature(Kind.String, string, unit, release)
    for (const { number, template } of text.templates) {
      const agrees = withoutState(template.version) === version || template.version === version
      const { selfNaming, head } = template
      this.#builder.addTemplate(number, unit, release, { agrees, selfNaming, head, headerOnly })
    }
  }

  #printsOf(literals: readonly string[]): TextPrints {
    const strings = new Set<number>()
    const templates: NumberedTemplate[] = []
    if (literals.length === 0) return { strings: [], templates }
    extractLiterals(literals, {
      string: (hash) => strings.add(this.#builder.internHash(hash)),
      template: (template) => templates.push({ number: this.#builder.internHash(template.hash), template }),
      literal: () => undefined,
    })
    return { strings: [...strings], templates }
  }

  /**
   * `VERSION` and kin that no file defines are passed in by the build system, and mean the release itself, when the name
   * or the text before it names this component (`"BusyBox v" BB_VER`).
   */
  #fallback(version: string): MacroFallback {
    return (macro, before) => {
      const prefix = /^(.*?)_?(?:VER|VERSION)(?:_STR(?:ING)?|_TEXT)?$/.exec(macro)?.[1]?.toLowerCase()
      if (prefix === undefined) return undefined
      if (prefix === '' || prefix === 'package') return version
      const own = this.#names.some((name) => lettersOf(prefix) === lettersOf(name))
      // A short prefix is an abbreviation; `LIBFOO_INTERFACE_VERSION` is another number.
      const abbreviated = prefix.length <= 3 && this.#names.some((name) => before.toLowerCase().includes(name))
      return own || abbreviated ? version : undefined
    }
  }
}

/** `lib-foo` and `LIB_FOO` alike. */
function lettersOf(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '')
}

/** Repositories tag `7.88.1-DEV` where the release says `7.88.1`: the mark of unreleased text does not count. */
export function withoutState(version: string): string {
  return version.replace(/[-+](?:dev|cvs|svn|git|snapshot|head|wip)$/i, '')
}

/** What a macro name alone spells; names without a definition of the file's own are resolved once per release. */
function resolveName(
  name: string,
  local: ReadonlyMap<string, readonly Macro[]>,
  table: MacroTable,
  known: Map<string, readonly ResolvedText[]>,
): readonly ResolvedText[] {
  if (!table.has(name, local)) return []
  const shared = !local.has(name)
  const before = shared ? known.get(name) : undefined
  if (before !== undefined) return before
  const resolved = table.resolve([{ kind: 'i', text: name }], local)
  if (shared) known.set(name, resolved)
  return resolved
}

const NO_TEXT: FilePrints = {
  own: { strings: [], templates: [] },
  symbols: [],
  runs: [],
  names: [],
  macros: [],
  localMacros: new Map(),
}
