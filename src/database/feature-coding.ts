import { VarintReader, VarintWriter } from '../bytes/varint.ts'
import { BitReader, BitWriter, groupedBits } from './bits.ts'
import type { FeatureTable, TemplateRecord } from './schema.ts'
import { corrupt } from './text-coding.ts'

/**
 * The packed form of hashes and postings. Hashes are differences in Rice code, which for evenly spread hashes is within
 * 0.1 bits of the least possible (50.2 bits each among 40,000, where varints need 58); then per feature the number of
 * postings in unary, unit numbers in fixed width, set numbers in groups of bits whose size suits the data, and where
 * postings have names, the number of the name in fixed width.
 *
 * @see Golomb, "Run-length encodings", 1966; Rice, "Some practical universal noiseless coding techniques", 1979
 */

/** What a decoded posting must stay within. */
export interface TableBounds {
  readonly units: number
  readonly sets: number
  /** Names of functions; undefined for tables whose postings have no names. */
  readonly names?: number | undefined
}

export function encodeFeatures(table: FeatureTable, bounds: TableBounds): Uint8Array {
  const groupBits = bestGroupBits(table.sets)
  const writer = startTable(table.high.length, table.units.length, groupBits)
  const bits = new BitWriter()
  const hashes = hashWriter(bits, table.high.length)
  const unitBits = bitLength(bounds.units - 1)
  const nameBits = bitLength(bounds.names ?? 0)
  for (let i = 0; i < table.high.length; i++) {
    hashes(table.high[i]!, table.low[i]!)
    const end = table.starts[i + 1]!
    const start = table.starts[i]!
    if (end <= start) throw new TypeError(`prints: feature ${i} has no posting`)
    bits.unary(end - start - 1)
    for (let p = start; p < end; p++) {
      bits.fixed(table.units[p]!, unitBits)
      bits.grouped(table.sets[p]!, groupBits)
      if (nameBits > 0) bits.fixed(table.names![p]!, nameBits)
    }
  }
  writer.raw(bits.finish())
  return writer.finish()
}

/** @throws DetectorError `STORE_CORRUPT` */
export function decodeFeatures(bytes: Uint8Array, bounds: TableBounds): FeatureTable {
  const { count, postings, groupBits, bits } = openTable(bytes, bounds)
  const table: FeatureTable = {
    high: new Uint32Array(count),
    low: new Uint32Array(count),
    starts: new Uint32Array(count + 1),
    units: new Uint32Array(postings),
    sets: new Uint32Array(postings),
    // There for all kinds, so that code which reads tables is compiled for one shape of them.
    names: bounds.names === undefined ? undefined : new Uint32Array(postings),
  }
  const hash = hashReader(bits, count)
  const unitBits = bitLength(bounds.units - 1)
  const nameBits = bitLength(bounds.names ?? 0)
  let posting = 0
  for (let i = 0; i < count; i++) {
    hash.next()
    table.high[i] = hash.high
    table.low[i] = hash.low
    const end = posting + bits.unary() + 1
    if (end > postings) throw corrupt(`feature ${i} has more than the ${postings} postings announced`)
    for (let unitBefore = -1; posting < end; posting++) {
      const unit = checkUnit(bits.fixed(unitBits), unitBefore, bounds)
      table.units[posting] = unit
      table.sets[posting] = checkSet(bits.grouped(groupBits), bounds)
      if (nameBits > 0) {
        const name = bits.fixed(nameBits)
        if (name > bounds.names!) throw corrupt(`name ${name - 1} of ${bounds.names}`)
        table.names![posting] = name
      }
      unitBefore = unit
    }
    table.starts[i + 1] = posting
  }
  if (posting !== postings) throw corrupt(`${postings} postings announced, have ${posting}`)
  bits.finish()
  return table
}

export function encodeTemplates(templates: readonly TemplateRecord[], bounds: TableBounds): Uint8Array {
  const firsts: number[] = []
  templates.forEach(({ high, low }, i) => {
    const before = templates[i - 1]
    if (before === undefined || before.high !== high || before.low !== low) firsts.push(i)
  })
  const groupBits = bestGroupBits(templates.flatMap(({ agreeing, seen }) => [agreeing, seen]))
  const writer = startTable(firsts.length, templates.length, groupBits)
  const bits = new BitWriter()
  const hashes = hashWriter(bits, firsts.length)
  const unitBits = bitLength(bounds.units - 1)
  firsts.forEach((start, i) => {
    const end = firsts[i + 1] ?? templates.length
    hashes(templates[start]!.high, templates[start]!.low)
    bits.unary(end - start - 1)
    for (const template of templates.slice(start, end)) {
      bits.fixed(template.unit, unitBits)
      bits.grouped(template.agreeing, groupBits)
      bits.grouped(template.seen, groupBits)
      bits.fixed(Number(template.selfNaming) * 4 + Number(template.head) * 2 + Number(template.headerOnly), 3)
    }
  })
  writer.raw(bits.finish())
  return writer.finish()
}

/** @throws DetectorError `STORE_CORRUPT` */
export function decodeTemplates(bytes: Uint8Array, bounds: TableBounds): TemplateRecord[] {
  const { count, postings, groupBits, bits } = openTable(bytes, bounds)
  const templates: TemplateRecord[] = []
  const hash = hashReader(bits, count)
  const unitBits = bitLength(bounds.units - 1)
  for (let i = 0; i < count; i++) {
    hash.next()
    const end = templates.length + bits.unary() + 1
    if (end > postings) throw corrupt(`template ${i} is in more than the ${postings} units announced`)
    for (let unitBefore = -1; templates.length < end; ) {
      const unit = checkUnit(bits.fixed(unitBits), unitBefore, bounds)
      const agreeing = checkSet(bits.grouped(groupBits), bounds)
      const seen = checkSet(bits.grouped(groupBits), bounds)
      const [selfNaming, head, headerOnly] = [bits.fixed(1) === 1, bits.fixed(1) === 1, bits.fixed(1) === 1]
      templates.push({ high: hash.high, low: hash.low, unit, agreeing, seen, selfNaming, head, headerOnly })
      unitBefore = unit
    }
  }
  if (templates.length !== postings) throw corrupt(`${postings} templates announced, have ${templates.length}`)
  bits.finish()
  return templates
}

/** Writes what both tables begin with: number of hashes, number of postings, group size. */
function startTable(count: number, postings: number, groupBits: number): VarintWriter {
  const writer = new VarintWriter()
  writer.number(count)
  writer.number(postings)
  writer.number(groupBits)
  return writer
}

function openTable(
  bytes: Uint8Array,
  bounds: TableBounds,
): { count: number; postings: number; groupBits: number; bits: BitReader } {
  const reader = new VarintReader(bytes)
  const count = reader.number()
  const postings = reader.number()
  const groupBits = reader.number()
  if (groupBits < 1 || groupBits > MAX_GROUP_BITS) throw corrupt(`groups of ${groupBits} bits`)
  const bits = new BitReader(reader.raw(bytes.length - reader.position))
  // The counts decide what is allocated, so they must fit the bits that are really there.
  const leastBits =
    count * (riceBits(count) + 1) +
    postings * (bitLength(bounds.units - 1) + bitLength(bounds.names ?? 0) + groupBits + 2)
  if (count > postings || leastBits > bits.left)
    throw corrupt(`${count} hashes with ${postings} postings need ${leastBits} bits, have ${bits.left}`)
  return { count, postings, groupBits, bits }
}

/**
 * Bits of the remainder for `count` hashes spread evenly over 64 bits: between 32 and 63. The mean difference is
 * 2^64/count, and Rice code is best where the remainder is half a bit shorter than that.
 */
function riceBits(count: number): number {
  return 64 - bitLength(Math.min(count, 0xffff_ffff))
}

function hashWriter(bits: BitWriter, count: number): (high: number, low: number) => void {
  const upperBits = Math.max(riceBits(count) - 32, 0)
  let highBefore = 0
  let lowBefore = 0
  return (high, low) => {
    const upper = (high - highBefore - (low < lowBefore ? 1 : 0)) >>> 0
    bits.unary(upperBits === 32 ? 0 : upper >>> upperBits)
    bits.fixed(upper, upperBits)
    bits.fixed((low - lowBefore) >>> 0, 32)
    highBefore = high
    lowBefore = low
  }
}

/** Hashes must ascend strictly; `high` and `low` hold the current one. */
function hashReader(bits: BitReader, count: number): { high: number; low: number; next(): void } {
  const upperBits = Math.max(riceBits(count) - 32, 0)
  let first = true
  return {
    high: 0,
    low: 0,
    next(): void {
      const quotient = upperBits === 32 ? 0 : bits.unary()
      const upper = quotient * 2 ** upperBits + bits.fixed(upperBits)
      const lower = bits.fixed(32)
      if (upper === 0 && lower === 0 && !first) throw corrupt('a hash is there twice')
      first = false
      const low = this.low + lower
      const high = this.high + upper + (low > 0xffff_ffff ? 1 : 0)
      if (high > 0xffff_ffff) throw corrupt('hashes exceed 64 bits')
      this.low = low >>> 0
      this.high = high
    },
  }
}

function checkUnit(unit: number, unitBefore: number, bounds: TableBounds): number {
  if (unit > unitBefore && unit < bounds.units) return unit
  throw corrupt(unit < bounds.units ? `unit ${unit} follows ${unitBefore}` : `unit ${unit} of ${bounds.units}`)
}

function checkSet(set: number, bounds: TableBounds): number {
  if (set < bounds.sets) return set
  throw corrupt(`interval set ${set} of ${bounds.sets}`)
}

/** Groups longer than this would hold every set number of the largest components at once. */
const MAX_GROUP_BITS = 12

/** The group size that spends the fewest bits on these numbers; the smaller of equal ones. */
function bestGroupBits(values: Uint32Array | readonly number[]): number {
  const frequency = new Map<number, number>()
  for (const value of values) frequency.set(value, (frequency.get(value) ?? 0) + 1)
  let best = 1
  let bestTotal = Number.POSITIVE_INFINITY
  for (let groupBits = 1; groupBits <= MAX_GROUP_BITS; groupBits++) {
    let total = 0
    for (const [value, times] of frequency) total += times * groupedBits(value, groupBits)
    if (total < bestTotal) [best, bestTotal] = [groupBits, total]
  }
  return best
}

/** Bits needed to write a number; 0 for 0 and below. */
function bitLength(value: number): number {
  return value <= 0 ? 0 : 32 - Math.clz32(value)
}
