import { mixed } from './random.mjs'

/** Fates drawn for what outlives a real history: more of them would make more distinct sets than real components have. */
const FATES = 8

/**
 * The releases of a real component as a history that can go on: a synthetic component with more releases lives through it
 * again. What was born in a real release is born anew in each round; what was there at the end of a round meets in the
 * next one the fate of something that was there at its beginning. So births and deaths per release, and the lengths of
 * intervals, are those of the real component, however long the history gets.
 */
export class History {
  /** Of each stored set the release in which it begins, and whether it is there at both ends. */
  #sets
  /** Sets that hold the first release, each as often as postings have it. */
  #fates
  #releases
  /** By real release its place: built ones at the ends move inward, so that a round begins and ends with a source. */
  #places

  constructor(prints) {
    const order = insideSources(prints.releases)
    this.#releases = order.map((release) => prints.releases[release])
    this.#places = new Uint32Array(order.length)
    for (const [place, release] of order.entries()) this.#places[release] = place
    this.#sets = prints.sets.map((set) => this.#moved(set))
    this.#fates = fatesOf(prints, this.#sets)
  }

  /** Releases in one round; the last of a round is the first of the next. */
  get length() {
    return this.#releases.length
  }

  /** The release list of a history of `count` releases: versions `round.number`, built ones behind the source of theirs. */
  releases(count) {
    const list = []
    const numbers = versionNumbers(this.#releases)
    for (let at = 0; at < count; at++) {
      const { round, release } = this.#at(at)
      const version = `${round + 1}.${numbers[release]}`
      list.push({ version, origin: this.#releases[release].origin, provenance: `synthetic ${version}` })
    }
    return list
  }

  /** Rounds begun within `count` releases. */
  rounds(count) {
    return Math.max(1, Math.ceil((count - 1) / Math.max(this.length - 1, 1)))
  }

  /** Where a real release is in a round; undefined where the history has ended, or the round before has it already. */
  place(release, round, count) {
    const place = this.#places[release]
    const at = round * (this.length - 1) + place
    return at < count && (round === 0 || place > 0) ? at : undefined
  }

  /** Whether what has this set is born during a round, and not there at its beginning. */
  isBorn(set) {
    return this.#sets[set].length > 0 && this.#sets[set][0] > 0
  }

  /**
   * The intervals of something with a real set, born in a round of a history of `count` releases; empty when it is born
   * later. `variant` draws the fate.
   */
  intervals(set, round, count, variant) {
    const last = this.length - 1
    const ranges = []
    let current = this.#sets[set]
    for (let at = round; ; at++) {
      const base = at * last
      if (base >= count) break
      addShifted(ranges, current, base, count)
      if (last === 0 || current.at(-1) !== last || this.#fates.length === 0) break
      current = this.#sets[this.#fates[mixed(variant, at) % this.#fates.length]]
    }
    return ranges
  }

  static variant(number) {
    return number % FATES
  }

  #at(at) {
    const last = Math.max(this.length - 1, 1)
    const round = at === 0 ? 0 : Math.floor((at - 1) / last)
    return { round, release: at - round * last }
  }

  /** The set with releases in their new places. */
  #moved(set) {
    const places = []
    for (let i = 0; i < set.length; i += 2)
      for (let release = set[i]; release <= set[i + 1]; release++) places.push(this.#places[release])
    places.sort((a, b) => a - b)
    const ranges = []
    for (const place of places) addRange(ranges, place, place)
    return ranges
  }
}

/** Release indices with built ones before the first and behind the last source moved inside. */
function insideSources(releases) {
  const order = [...releases.keys()]
  const isSource = (release) => releases[release].origin === 'source'
  const first = order.findIndex(isSource)
  const last = order.findLastIndex(isSource)
  if (first < 0 || first === last) return order
  return [first, ...order.slice(0, first), ...order.slice(first + 1, last), ...order.slice(last + 1), last]
}

/** By release the number of its version, counting from 0 whenever the version changes. */
function versionNumbers(releases) {
  let number = -1
  return releases.map(({ version }, i) => (version === releases[i - 1]?.version ? number : ++number))
}

function fatesOf(prints, sets) {
  const uses = new Uint32Array(sets.length)
  for (const table of Object.values(prints.features)) for (const set of table.sets) uses[set]++
  const most = Math.max(...uses, 1)
  return sets.flatMap((set, index) =>
    set[0] === 0 && uses[index] > 0 ? Array(Math.ceil((1000 * uses[index]) / most)).fill(index) : [],
  )
}

function addShifted(ranges, set, base, count) {
  for (let i = 0; i < set.length && base + set[i] < count; i += 2)
    addRange(ranges, base + set[i], Math.min(base + set[i + 1], count - 1))
}

/** Adds a range behind those that are there, joined where they touch. */
function addRange(ranges, from, to) {
  if (ranges.length > 0 && ranges.at(-1) >= from - 1) ranges[ranges.length - 1] = Math.max(ranges.at(-1), to)
  else ranges.push(from, to)
}
