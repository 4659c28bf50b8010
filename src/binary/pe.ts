import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import type { ByteSource } from '../bytes/source.ts'
import { coffArch } from './arch.ts'
import { addCoffSymbols } from './coff-symbols.ts'
import { DamageLog } from './damage.ts'
import { RvaNames, readExports, readImports, reading } from './pe-directories.ts'
import { Directory, type PeHeaders, readPeHeaders } from './pe-headers.ts'
import { readVersionInfo } from './pe-resources.ts'
import type { Program, UnwindTable } from './program.ts'
import { SymbolTableBuilder } from './symbol-table.ts'
import { ehFrameSections } from './unwind-sections.ts'

/** `IMAGE_FILE_DLL` of the file header's characteristics. */
const FLAG_DLL = 0x2000

/**
 * Reads a PE image, 32 or 64 bits: sections, exports, imports, COFF symbols and the version resource.
 *
 * Addresses are virtual: image base plus relative address. A damaged directory is listed in {@link Program.damage}.
 *
 * @throws DetectorError `FORMAT_BAD_MAGIC`, `FORMAT_TRUNCATED` if the headers are incomplete, `FORMAT_CORRUPT`,
 *   `LIMIT_EXCEEDED`
 * @see Microsoft PE Format
 */
export function readPe(source: ByteSource, limits: Limits = DEFAULT_LIMITS): Program {
  const damage = new DamageLog()
  const pe = readPeHeaders(source, limits, damage)
  const { cursor, layout, coff } = pe
  const arch = coffArch(pe.machine)
  const hasSymbols = layout.symbolsOffset > 0 && layout.symbolCount > 0
  const builder = new SymbolTableBuilder(0)
  reading('symbol table', damage, undefined, () =>
    addCoffSymbols(builder, cursor, layout, coff, { decorated: arch === 'i386' }, limits, damage),
  )
  const names = new RvaNames(pe, limits)
  const soname = readExports(pe, names, builder, limits, damage)
  const { imports, needed } = readImports(pe, names, limits, damage)
  return {
    format: 'pe',
    arch,
    bits: pe.bits,
    littleEndian: true,
    kind: (pe.characteristics & FLAG_DLL) !== 0 ? 'shared' : 'executable',
    stripped: !hasSymbols,
    sections: coff.sections,
    symbols: builder.build(),
    relocationTables: [],
    unwindTables: unwindTables(pe),
    imageBase: pe.imageBase,
    imports,
    needed,
    soname,
    buildId: null,
    versionInfo: readVersionInfo(pe, limits, damage),
    damage: damage.list(),
  }
}

/** The exception directory, and `.eh_frame` where mingw made one; either cut to the section that holds it. */
function unwindTables({ directories, coff, imageBase, sectionOfRva, offsetOfRva }: PeHeaders): UnwindTable[] {
  const tables: UnwindTable[] = []
  const directory = directories[Directory.Exception]
  const offset = directory === undefined || directory.rva === 0 ? undefined : offsetOfRva(directory.rva)
  const holder = directory === undefined ? undefined : coff.sections[sectionOfRva(directory.rva)]
  if (directory !== undefined && offset !== undefined && holder !== undefined) {
    const size = Math.max(0, Math.min(directory.size, holder.offset + holder.size - offset))
    tables.push({ layout: 'pdata', section: -1, address: imageBase + directory.rva, offset, size })
  }
  return [...tables, ...ehFrameSections(coff.sections)]
}
