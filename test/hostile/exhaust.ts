import type { FunctionRanges } from '../../src/binary/functions.ts'
import type { Program } from '../../src/binary/program.ts'

/** Reads everything that the program offers, and checks that no range leaves the file. */
export function exhaust(program: Program, size: number): void {
  for (const section of program.sections) {
    if (section.offset < 0 || section.size < 0 || section.offset + section.size > size)
      throw new RangeError(`section ${section.name} at ${section.offset} + ${section.size} leaves ${size}`)
  }
  for (let i = 0; i < program.symbols.count; i++) {
    program.symbols.name(i)
    const end = program.symbols.nameOffset(i) + program.symbols.nameBytes(i).length
    if (end > size) throw new RangeError(`name of symbol ${i} ends at ${end} of ${size}`)
    const section = program.symbols.sections[i]!
    if (section >= program.sections.length) throw new RangeError(`symbol ${i} is in section ${section}`)
  }
}

/** Checks that ranges ascend, are disjoint and lie each within the code section it names, and that the sums are right. */
export function checkRanges(program: Program, ranges: FunctionRanges): void {
  const { count, offsets, addresses, sizes, sections, symbols } = ranges
  let end = 0
  let covered = 0
  for (let i = 0; i < count; i++) {
    const [offset, size, section] = [offsets[i]!, sizes[i]!, program.sections[sections[i]!]]
    const where = `range ${i} at ${offset} + ${size}`
    if (size < 1) throw new RangeError(`${where} is empty`)
    if (offset < end) throw new RangeError(`${where} begins before ${end}`)
    if (section === undefined || (section.role !== 'code' && section.role !== 'mixed'))
      throw new RangeError(`${where} is in section ${sections[i]}, which is no code`)
    if (offset < section.offset || offset + size > section.offset + section.size)
      throw new RangeError(`${where} leaves section ${section.name} at ${section.offset} + ${section.size}`)
    const base = program.kind === 'object' ? 0 : section.address
    if (addresses[i] !== base + (offset - section.offset)) throw new RangeError(`${where} has address ${addresses[i]}`)
    if (symbols[i]! < -1 || symbols[i]! >= program.symbols.count) throw new RangeError(`${where} has no such symbol`)
    end = offset + size
    covered += size
  }
  if (covered !== ranges.coveredBytes) throw new RangeError(`${covered} bytes are covered, not ${ranges.coveredBytes}`)
}
