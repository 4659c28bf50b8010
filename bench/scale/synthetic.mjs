import { forEachKind, KINDS, keyOf } from './features.mjs'
import { History } from './history.mjs'
import { generator, mixed, permuted } from './random.mjs'
import { isOwn } from './sharing.mjs'

/** What synthetic components are drawn from: a real component's prints and the history of its releases. */
export function shapeOf(prints) {
  const bornUnits = new Uint8Array(prints.units.length).fill(1)
  const history = new History(prints)
  for (const table of Object.values(prints.features))
    for (let p = 0; p < table.units.length; p++) if (!history.isBorn(table.sets[p])) bornUnits[table.units[p]] = 0
  return { prints, history, bornUnits }
}

/**
 * The prints of a synthetic component with `count` releases in the shape of a real one: its units, its features of each kind
 * in each release, its intervals, templates, names and files, with other hashes and texts. Shared features and coincidences
 * are drawn anew (`sharing`, see `measureSharing`); what is in units of other projects stays as it is, as it would in
 * another carrier. `stems` are names of units that several real components have, which so does this one.
 */
export function synthesize(name, shape, count, { seed, sharing, stems }) {
  const { prints, history } = shape
  const sets = new SetNumbers(history, count)
  const units = new Units(shape, seed, stems)
  const rounds = history.rounds(count)
  const features = forEachKind((kind) => {
    const hashes = new Hashes(prints, kind, sharing[kind], mixed(seed, kind))
    return synthesizeTable(prints.features[kind], { kind, rounds, history, sets, units, hashes })
  })
  const templates = synthesizeTemplates(prints, { seed, rounds, history, sets, units })
  return {
    name,
    releases: history.releases(count),
    units: units.list,
    sets: sets.list,
    features,
    templates,
    functionNames: prints.functionNames.map((text) => lettersMoved(text, seed)),
    files: synthesizeFiles(prints, { seed, rounds, history, count }),
  }
}

/** Numbers of a kind's hashes in the synthetic component. */
class Hashes {
  #prints
  #table
  #sharing
  #seed
  #random
  #used = new Set()

  constructor(prints, kind, sharing, seed) {
    this.#prints = prints
    this.#table = prints.features[kind]
    this.#sharing = sharing
    this.#seed = seed
    this.#random = generator(seed)
    for (let i = 0; i < this.#table.high.length; i++)
      if (!isOwn(prints, this.#table, i)) this.#used.add(keyOf(this.#table.high[i], this.#table.low[i]))
  }

  of(feature, round) {
    const [high, low] = [this.#table.high[feature], this.#table.low[feature]]
    if (round === 0 && !isOwn(this.#prints, this.#table, feature)) return [high, low]
    if (this.#sharing.isShared(high, low)) return this.#drawn(this.#sharing.pool) ?? this.#own(high, low, round)
    if (this.#random.next() < this.#sharing.chance)
      return this.#drawn(this.#sharing.unknown) ?? this.#own(high, low, round)
    return this.#own(high, low, round)
  }

  #own(high, low, round) {
    return permuted(high, low, mixed(this.#seed, round))
  }

  /** One of a list that the component has not; undefined where it has what was drawn. */
  #drawn(list) {
    if (list.length === 0) return undefined
    const [high, low] = list[this.#random.below(list.length)]
    const key = keyOf(high, low)
    if (this.#used.has(key)) return undefined
    this.#used.add(key)
    return [high, low]
  }
}

function synthesizeTable(table, { kind, rounds, history, sets, units, hashes }) {
  const out = { high: [], low: [], starts: [0], units: [], sets: [], names: [] }
  for (let i = 0; i < table.high.length; i++)
    for (let round = 0; round < rounds; round++) {
      const before = out.units.length
      for (let p = table.starts[i]; p < table.starts[i + 1]; p++) {
        if (round > 0 && !history.isBorn(table.sets[p])) continue
        const set = sets.number(table.sets[p], round, History.variant(mixed(i, round)))
        if (set === undefined) continue
        out.units.push(units.number(table.units[p], round))
        out.sets.push(set)
        out.names.push(table.names?.[p] ?? 0)
      }
      if (out.units.length === before) continue
      const [high, low] = hashes.of(i, round)
      out.high.push(high)
      out.low.push(low)
      out.starts.push(out.units.length)
    }
  const { names, ...columns } = Object.fromEntries(
    Object.entries(out).map(([column, numbers]) => [column, Uint32Array.from(numbers)]),
  )
  return kind === FUNCTIONS ? { ...columns, names } : columns
}

const FUNCTIONS = KINDS.find(({ name }) => name === 'functions').kind

function synthesizeTemplates(prints, { seed, rounds, history, sets, units }) {
  const templates = []
  for (const [index, template] of prints.templates.entries())
    for (let round = 0; round < rounds; round++) {
      if (round > 0 && !history.isBorn(template.seen)) continue
      const variant = History.variant(index)
      const seen = sets.number(template.seen, round, variant)
      if (seen === undefined) continue
      const [high, low] = permuted(template.high, template.low, mixed(seed, round))
      const agreeing = sets.number(template.agreeing, round, variant) ?? sets.nothing()
      templates.push({ ...template, high, low, seen, agreeing, unit: units.number(template.unit, round) })
    }
  return templates
}

function synthesizeFiles(prints, { seed, rounds, history, count }) {
  const files = []
  const hex = (index, length, round) => {
    let text = ''
    for (let word = 0; text.length < length; word++)
      text += mixed(seed, index, round, word).toString(16).padStart(8, '0')
    return text.slice(0, length)
  }
  for (const [index, file] of prints.files.entries())
    for (let round = 0; round < rounds; round++) {
      const release = history.place(file.release, round, count)
      if (release === undefined) continue
      const sha256 = hex(index, 64, round)
      const buildId = file.buildId === null ? null : hex(index, file.buildId.length, round + rounds)
      files.push({ ...file, release, sha256, buildId, name: fileNameMoved(file.name, seed) })
    }
  return files
}

/** The distinct sets of releases of the synthetic component. */
class SetNumbers {
  list = []
  #history
  #count
  #known = new Map()
  #byContent = new Map()

  constructor(history, count) {
    this.#history = history
    this.#count = count
  }

  /** Undefined where the history ends before it begins. */
  number(set, round, variant) {
    const key = `${set} ${round} ${variant}`
    if (this.#known.has(key)) return this.#known.get(key)
    const ranges = this.#history.intervals(set, round, this.#count, variant)
    const number = ranges.length === 0 ? undefined : this.#numberOf(ranges)
    this.#known.set(key, number)
    return number
  }

  /** The set without releases: of a template that no release agrees with. */
  nothing() {
    return this.#numberOf([])
  }

  #numberOf(ranges) {
    const content = ranges.join()
    const known = this.#byContent.get(content) ?? this.list.length
    if (known === this.list.length) {
      this.list.push(ranges)
      this.#byContent.set(content, known)
    }
    return known
  }
}

/** Source files under other names; those that came later in the real component come anew in each round. */
class Units {
  list = []
  #shape
  #seed
  #stems
  #numbers = new Map()
  #names = new Set()

  constructor(shape, seed, stems) {
    this.#shape = shape
    this.#seed = seed
    this.#stems = stems
  }

  number(unit, round) {
    const born = this.#shape.bornUnits[unit] === 1 ? round : 0
    const key = `${unit} ${born}`
    const known = this.#numbers.get(key)
    if (known !== undefined) return known
    const { path, vendored } = this.#shape.prints.units[unit]
    const number = this.list.push({ path: this.#path(path, born, vendored), vendored }) - 1
    this.#numbers.set(key, number)
    return number
  }

  #path(path, round, vendored) {
    const kept = round === 0 && (vendored || this.#stems.has(path.slice(path.lastIndexOf('/') + 1)))
    const moved = kept
      ? path
      : lettersMoved(path.replace(/(?=\.[^./]*$|$)/, round === 0 ? '' : `-${round}`), this.#seed)
    // A name kept may be what another became.
    const distinct = this.#names.has(`${vendored} ${moved}`) ? `${moved}.${this.list.length}` : moved
    this.#names.add(`${vendored} ${distinct}`)
    return distinct
  }
}

/** Other letters in the same places, so that texts share as much with each other as before. The ending stays. */
function lettersMoved(text, seed) {
  const shift = 1 + (seed % 25)
  const end = /\.[a-z+]{1,4}$/.exec(text)?.index ?? text.length
  const moved = text.slice(0, end).replace(/[a-z]/gi, (letter) => {
    const first = letter < 'a' ? 65 : 97
    return String.fromCharCode(first + ((letter.charCodeAt(0) - first + shift) % 26))
  })
  return moved + text.slice(end)
}

/** Of a library `lib` and what stands behind its name stay: `libz.so.1.3` becomes `libb.so.1.3`. */
function fileNameMoved(name, seed) {
  const [, start, own, rest] = /^(lib|)([^.]*)(.*)$/s.exec(name)
  return start + lettersMoved(own, seed) + rest
}
