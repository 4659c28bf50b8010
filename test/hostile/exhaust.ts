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
