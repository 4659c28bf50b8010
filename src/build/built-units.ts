import type { CatalogEntry } from '../database/catalog.ts'
import type { PrintsBuilder } from '../database/prints-builder.ts'
import type { ComponentPrints, UnitRecord } from '../database/schema.ts'
import { Kind } from '../fingerprint/print-set.ts'

/** Sources that compilers take; a header is never an object of its own. */
const SOURCE_EXTENSION = /\.(?:c|cc|cpp|cxx|c\+\+|m|mm|s|asm)$/i
const OBJECT_EXTENSION = /(?:\.pic)?\.(?:o|obj|lo|os)$/i
/** What automake (`libxml2_la-xmlIO.o`) and OpenSSL (`libcrypto-lib-cversion.o`) put before a source's name. */
const LIBRARY_PREFIX = /^(?:.*?_l?a-|lib[^-]+-(?:shlib|lib)-)/

/**
 * Finds the source file that an archive member was compiled from, among the units that a component's prints have.
 *
 * Build systems keep the name of the source in that of the object, with a prefix, an extension or its directories around
 * it. Of several sources with one name that one counts which shares most strings with the object.
 */
export class BuiltUnits {
  readonly #prints: ComponentPrints
  readonly #builder: PrintsBuilder
  readonly #byStem = new Map<string, number[]>()
  readonly #strings = new Map<number, ReadonlySet<number>>()
  readonly #release: number | undefined
  #definedIn: Int32Array | undefined
  #present: ReadonlySet<number> | undefined

  /**
   * `builder` numbers the hashes that {@link ofMember} is asked with; `release` is the index in `prints` of the source
   * release that was built, if it is there.
   */
  constructor(prints: ComponentPrints, builder: PrintsBuilder, release?: number) {
    this.#prints = prints
    this.#builder = builder
    this.#release = release
    prints.units.forEach(({ path }, unit) => {
      if (!SOURCE_EXTENSION.test(path)) return
      const stem = sourceStem(path)
      const same = this.#byStem.get(stem)
      if (same === undefined) this.#byStem.set(stem, [unit])
      else same.push(unit)
    })
  }

  /** The source file of an archive member; undefined where it cannot be told. */
  ofMember(member: string, strings: ReadonlySet<number>): UnitRecord | undefined {
    const base = member.replace(/^.*[/\\]/, '')
    for (const stem of candidateStems(base)) {
      const units = this.#byStem.get(stem)
      const unit = units === undefined ? undefined : this.#closest(this.#ofRelease(units), strings)
      if (unit !== undefined) return this.#prints.units[unit]!
    }
    return undefined
  }

  /** The only file that defines a function, by the number of its name's hash; undefined for none and for several. */
  ofFunction(name: number): UnitRecord | undefined {
    const unit = this.#definitions()[name] ?? 0
    return unit > 0 ? this.#prints.units[unit - 1] : undefined
  }

  /** By number of a name's hash, one more than the unit that defines it. */
  #definitions(): Int32Array {
    if (this.#definedIn !== undefined) return this.#definedIn
    const { high, low, starts, units } = this.#prints.features[Kind.Symbol]
    const numbers = Array.from(high, (half, i) => this.#builder.internHalves(half, low[i]!))
    const found = new Int32Array(numbers.reduce((most, number) => Math.max(most, number), 0) + 1)
    numbers.forEach((number, i) => {
      const defining = new Set<number>()
      for (let p = starts[i]!; p < starts[i + 1]!; p++)
        if (SOURCE_EXTENSION.test(this.#prints.units[units[p]!]!.path)) defining.add(units[p]!)
      const [unit] = defining
      if (unit !== undefined && defining.size === 1) found[number] = unit + 1
    })
    this.#definedIn = found
    return found
  }

  /** Those of several units that the release has, if it has any: files were renamed and moved. */
  #ofRelease(units: readonly number[]): readonly number[] {
    if (units.length === 1 || this.#release === undefined) return units
    this.#present ??= unitsOf(this.#prints, this.#release)
    const present = units.filter((unit) => this.#present?.has(unit))
    return present.length === 0 ? units : present
  }

  #closest(units: readonly number[], strings: ReadonlySet<number>): number | undefined {
    if (units.length === 1) return units[0]
    let best: number | undefined
    let most = 0
    for (const unit of units) {
      let shared = 0
      for (const string of this.#stringsOf(unit)) if (strings.has(string)) shared++
      if (shared === most) best = undefined
      if (shared <= most) continue
      most = shared
      best = unit
    }
    return best
  }

  #stringsOf(unit: number): ReadonlySet<number> {
    const known = this.#strings.get(unit)
    if (known !== undefined) return known
    const found = new Set<number>()
    const table = this.#prints.features[Kind.String]
    for (let i = 0; i < table.high.length; i++)
      for (let p = table.starts[i]!; p < table.starts[i + 1]!; p++)
        if (table.units[p] === unit) found.add(this.#builder.internHalves(table.high[i]!, table.low[i]!))
    this.#strings.set(unit, found)
    return found
  }
}

/** The units of which a release has anything. */
function unitsOf({ features, sets }: ComponentPrints, release: number): Set<number> {
  const holding = sets.map((set) => set.some((from, i) => i % 2 === 0 && from <= release && release <= set[i + 1]!))
  const found = new Set<number>()
  for (const { units, sets: numbers } of Object.values(features))
    for (let posting = 0; posting < units.length; posting++)
      if (holding[numbers[posting]!] === true) found.add(units[posting]!)
  return found
}

/**
 * Tells of an archive member whether its name is that of a file which the catalog says is another project's
 * (`lib/common/xxhash.*`). Sources without text or tables have no unit that would say so.
 */
export function foreignMembers({ vendored }: CatalogEntry): (member: string) => boolean {
  const names = vendored
    .map(({ path }) => path.replace(/^.*\//, ''))
    .filter((name) => name.includes('.'))
    .map((name) => globPattern(name.slice(0, name.indexOf('.')).toLowerCase()))
  return (member) =>
    candidateStems(member.replace(/^.*[/\\]/, '')).some((stem) => names.some((pattern) => pattern.test(stem)))
}

/** `*` stands for any characters. */
function globPattern(glob: string): RegExp {
  return new RegExp(
    `^${glob
      .split('*')
      .map((part) => part.replace(/[^a-z0-9_]/g, '\\$&'))
      .join('.*')}$`,
  )
}

/** The unit of a shared library or program: its file name without the version behind `.so`. */
export function unitOfFile(path: string): string {
  return path.replace(/^.*[/\\]/, '').replace(/(\.so)(?:\.\d+)+$/, '$1')
}

/** What the source of an object may be called, likeliest first; Meson writes the directories before it with `_`. */
function candidateStems(member: string): string[] {
  const base = member.replace(OBJECT_EXTENSION, '')
  const whole = sourceStem(base)
  const stems = [whole, sourceStem(base.replace(LIBRARY_PREFIX, ''))]
  if (SOURCE_EXTENSION.test(base))
    for (let at = whole.indexOf('_'); at >= 0; at = whole.indexOf('_', at + 1)) stems.push(whole.slice(at + 1))
  return [...new Set(stems)].filter((stem) => stem !== '')
}

function sourceStem(path: string): string {
  return path.replace(/^.*\//, '').replace(SOURCE_EXTENSION, '').toLowerCase()
}
