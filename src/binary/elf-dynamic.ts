import type { Limits } from '../bytes/limits.ts'
import { DetectorError, hex } from '../errors.ts'
import type { DamageLog } from './damage.ts'
import { type ElfTables, readAddress, readWord, SegmentType } from './elf-headers.ts'
import { SectionType } from './elf-sections.ts'
import { NamePool } from './name-pool.ts'

/** What the dynamic section says, as far as binprint asks. */
export interface ElfDynamic {
  readonly soname: string | null
  /** In file order. */
  readonly needed: readonly string[]
  /** `DF_1_PIE`: the linker made an executable, though the file type says shared. */
  readonly pie: boolean
  /** Where the dynamic symbols are; undefined without them. `count` includes the null symbol. */
  readonly symbols: { readonly offset: number; readonly count: number; readonly names: NamePool } | undefined
}

/** Tags of the dynamic section. System V gABI, ch. 5, and GNU and MIPS extensions. */
const Tag = {
  Null: 0,
  Needed: 1,
  Hash: 4,
  Strtab: 5,
  Symtab: 6,
  StrSize: 10,
  Soname: 14,
  MipsSymbolCount: 0x70000011,
  GnuHash: 0x6ffffef5,
  Flags1: 0x6ffffffb,
} as const

const FLAG_PIE = 0x08000000
const MACHINE_MIPS = 8
/** 64-bit S/390 and Alpha have hash tables of 8-byte entries, against the standard. */
const WIDE_HASH_MACHINES: ReadonlySet<number> = new Set([22, 0x9026])

/**
 * Reads the dynamic section: through `PT_DYNAMIC` as the loader does, else through the section table.
 *
 * Undefined for files that are not dynamically linked. Faults go to `damage`.
 *
 * @throws DetectorError `LIMIT_EXCEEDED`
 * @see System V gABI, ch. 5 "Dynamic Section"
 */
export function readDynamic(tables: ElfTables, limits: Limits, damage: DamageLog): ElfDynamic | undefined {
  const section = tables.sections.find((entry) => entry.type === SectionType.Dynamic)
  const segment = tables.segments.find((entry) => entry.type === SegmentType.Dynamic)
  // A file of debug information only keeps the segment, while the bytes are elsewhere.
  const emptied = section === undefined && tables.sections.some((entry) => isEmptiedDynamic(entry, segment?.address))
  if (emptied) return undefined
  const place =
    segment !== undefined
      ? { offset: segment.offset, size: segment.fileSize }
      : section !== undefined
        ? { offset: section.offset, size: section.size }
        : undefined
  if (place === undefined || place.size === 0) return undefined

  const entries = readEntries(tables, place.offset, place.size, limits, damage)
  const names = findNames(tables, entries, section?.link, limits, damage)
  return {
    soname: (names !== undefined && nameOf(names, entries, Tag.Soname, damage)[0]) || null,
    needed: names === undefined ? [] : nameOf(names, entries, Tag.Needed, damage),
    pie: entries.some((entry) => entry.tag === Tag.Flags1 && (entry.value & FLAG_PIE) !== 0),
    symbols: names === undefined ? undefined : findSymbols(tables, entries, names, limits, damage),
  }
}

function isEmptiedDynamic(section: ElfTables['sections'][number], address: number | undefined): boolean {
  return section.type === SectionType.Nobits && section.address === address && address !== 0
}

interface Entry {
  readonly tag: number
  readonly value: number
}

function readEntries(
  { cursor, header }: ElfTables,
  offset: number,
  size: number,
  limits: Limits,
  damage: DamageLog,
): Entry[] {
  const word = header.bits / 8
  const end = Math.min(offset + size, cursor.size)
  const entries: Entry[] = []
  for (let at = offset; at + 2 * word <= end && entries.length < limits.tableEntries; at += 2 * word) {
    const tag = readWord(cursor, at, header.bits)
    if (tag === Tag.Null) return entries
    entries.push({ tag, value: readAddress(cursor, at + word, header.bits) })
  }
  damage.add(`dynamic section at ${hex(offset)} has no end within ${size} bytes`)
  return entries
}

function tagValue(entries: readonly Entry[], tag: number): number | undefined {
  return entries.find((entry) => entry.tag === tag)?.value
}

function findNames(
  tables: ElfTables,
  entries: readonly Entry[],
  link: number | undefined,
  limits: Limits,
  damage: DamageLog,
): NamePool | undefined {
  const { source } = tables.cursor
  const address = tagValue(entries, Tag.Strtab)
  const size = tagValue(entries, Tag.StrSize)
  const offset = address === undefined ? undefined : offsetOfAddress(tables, address)
  if (offset !== undefined && size !== undefined && size > 0 && offset + size <= source.size)
    return new NamePool(source, offset, size, limits)
  const section = link === undefined ? undefined : tables.sections[link]
  if (section?.type === SectionType.Strtab && section.offset + section.size <= source.size)
    return new NamePool(source, section.offset, section.size, limits)
  damage.add('names of the dynamic section are missing')
  return undefined
}

function nameOf(names: NamePool, entries: readonly Entry[], tag: number, damage: DamageLog): string[] {
  const found: string[] = []
  for (const entry of entries) {
    if (entry.tag !== tag) continue
    const name = entry.value >= 0 ? names.text(entry.value) : undefined
    if (name === undefined) damage.add(`name at ${hex(entry.value)} of the dynamic names has no end`)
    else if (name !== '') found.push(name)
  }
  return found
}

function findSymbols(
  tables: ElfTables,
  entries: readonly Entry[],
  names: NamePool,
  limits: Limits,
  damage: DamageLog,
): ElfDynamic['symbols'] {
  const address = tagValue(entries, Tag.Symtab)
  const offset = address === undefined ? undefined : offsetOfAddress(tables, address)
  if (offset === undefined) return undefined
  const entryBytes = tables.header.bits === 64 ? 24 : 16
  const fit = Math.floor(Math.max(0, tables.cursor.size - offset) / entryBytes)
  const announced = symbolCount(tables, entries, limits, damage)
  // Without any table that counts them: linkers put the names right behind the symbols.
  const count = announced ?? Math.max(0, Math.floor((names.offset - offset) / entryBytes))
  if (announced === undefined) damage.add(`dynamic symbols are counted by nothing, taken as ${count}`)
  if (count > fit) damage.add(`dynamic symbol table at ${hex(offset)} needs ${count} entries, file has ${fit}`)
  return { offset, count: Math.max(0, Math.min(count, fit)), names }
}

/** The number of dynamic symbols: no tag gives it, but the hash tables must cover them. */
function symbolCount(
  tables: ElfTables,
  entries: readonly Entry[],
  limits: Limits,
  damage: DamageLog,
): number | undefined {
  const { cursor, header } = tables
  if (header.machine === MACHINE_MIPS) {
    const count = tagValue(entries, Tag.MipsSymbolCount)
    if (count !== undefined) return count
  }
  const hash = offsetOfAddress(tables, tagValue(entries, Tag.Hash))
  const gnuHash = offsetOfAddress(tables, tagValue(entries, Tag.GnuHash))
  try {
    if (hash !== undefined) {
      const wide = header.bits === 64 && WIDE_HASH_MACHINES.has(header.machine)
      return wide ? readWord(cursor, hash + 8, 64) : cursor.u32(hash + 4)
    }
    if (gnuHash !== undefined) return countByGnuHash(tables, gnuHash, limits)
  } catch (error) {
    if (!(error instanceof DetectorError)) throw error
    damage.add(`hash table of the dynamic symbols: ${error.message}`)
  }
  return undefined
}

/**
 * The number of symbols that a GNU hash table covers: the last chain's last index, plus one.
 *
 * Layout: bucket count, index of the first hashed symbol, words of the Bloom filter, a shift; filter, buckets, chains.
 * The lowest bit of a chain value ends the chain.
 */
function countByGnuHash({ cursor, header }: ElfTables, offset: number, limits: Limits): number {
  const bucketCount = cursor.u32(offset)
  const firstHashed = cursor.u32(offset + 4)
  const buckets = offset + 16 + cursor.u32(offset + 8) * (header.bits / 8)
  cursor.need(buckets, bucketCount * 4)
  let last = 0
  for (let i = 0; i < bucketCount; i++) last = Math.max(last, cursor.u32(buckets + i * 4))
  if (last < firstHashed) return firstHashed
  const chains = buckets + bucketCount * 4
  while ((cursor.u32(chains + (last - firstHashed) * 4) & 1) === 0 && last < limits.symbols) last++
  return last + 1
}

/** The file offset of a virtual address within a loaded segment, or undefined where nothing of the file is there. */
function offsetOfAddress(tables: ElfTables, address: number | undefined): number | undefined {
  if (address === undefined) return undefined
  for (const segment of tables.segments) {
    if (segment.type !== SegmentType.Load) continue
    const within = address - segment.address
    const offset = segment.offset + within
    if (within >= 0 && within < segment.fileSize && offset < tables.cursor.size) return offset
  }
  return undefined
}
