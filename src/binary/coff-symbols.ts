import type { Cursor } from '../bytes/cursor.ts'
import { checkLimit, type Limits } from '../bytes/limits.ts'
import { hex } from '../errors.ts'
import type { CoffLayout, CoffSections } from './coff-sections.ts'
import type { DamageLog } from './damage.ts'
import { NamePool } from './name-pool.ts'
import { SymbolFlag } from './program.ts'
import type { SymbolTableBuilder } from './symbol-table.ts'

/** `IMAGE_SYM_CLASS_…` of the PE Format, "Storage Class". */
const Class = { External: 2, Static: 3, Label: 6, WeakExternal: 105 } as const
const LISTED: ReadonlySet<number> = new Set([Class.External, Class.Static, Class.Label, Class.WeakExternal])

/** The complex type "function" of the Type field. */
const TYPE_FUNCTION = 0x20
const SHORT_NAME_BYTES = 8

const UNDERSCORE = 0x5f
const AT_SIGN = 0x40

/** How symbol values become addresses, and how the C compiler of the machine decorates names. */
export interface CoffSymbolOptions {
  /** 32-bit x86 puts `_` before C names, and `@12` behind those of callee-cleaned functions. */
  readonly decorated: boolean
}

/**
 * Adds the COFF symbols to `builder`, without section, file and debug entries. Names lose the decoration of 32-bit x86.
 *
 * A value counts from the start of its section, so that addresses are virtual in images and section offsets in objects.
 *
 * @throws DetectorError `LIMIT_EXCEEDED`
 * @see Microsoft PE Format, "COFF Symbol Table"
 */
export function addCoffSymbols(
  builder: SymbolTableBuilder,
  cursor: Cursor,
  layout: CoffLayout,
  { sections, names }: CoffSections,
  options: CoffSymbolOptions,
  limits: Limits,
  damage: DamageLog,
): void {
  const { symbolsOffset, symbolBytes } = layout
  if (symbolsOffset === 0 || layout.symbolCount === 0) return
  const fit = Math.max(0, Math.floor((cursor.size - symbolsOffset) / symbolBytes))
  if (fit < layout.symbolCount)
    damage.add(`symbol table needs ${layout.symbolCount} entries at ${hex(symbolsOffset)}, file has room for ${fit}`)
  const count = Math.min(fit, layout.symbolCount)
  checkLimit(limits, 'symbols', count, { offset: symbolsOffset })
  if (count === 0) return

  // Names of up to 8 bytes stand in the table itself, which so is a table of names too.
  const table = new NamePool(cursor.source, symbolsOffset, count * symbolBytes, limits)
  const view = new DataView(table.bytes.buffer, table.bytes.byteOffset, table.bytes.byteLength)
  const tail = symbolBytes === 20 ? 2 : 0
  let nameless = 0
  for (let i = 0; i < count; i++) {
    const at = i * symbolBytes
    const auxiliary = view.getUint8(at + 17 + tail)
    i += auxiliary
    const storage = view.getUint8(at + 16 + tail)
    if (!LISTED.has(storage)) continue
    const value = view.getUint32(at + 8, true)
    const sectionNumber = tail === 0 ? view.getInt16(at + 12, true) : view.getInt32(at + 12, true)
    const isFunction = (view.getUint16(at + 14 + tail, true) & 0xf0) === TYPE_FUNCTION
    if (sectionNumber < -1) continue
    // A static symbol that is no function and has an auxiliary record stands for a section.
    if (storage === Class.Static && auxiliary > 0 && !isFunction) continue

    const name = nameAt(table, view, at, names)
    if (name === undefined) {
      nameless++
      continue
    }
    if (options.decorated) undecorate(name)
    if (name.length === 0) continue
    const section = sectionNumber > 0 ? sections[sectionNumber - 1] : undefined
    // An external symbol without section but with a value is a common block of that many bytes.
    const common = sectionNumber === 0 && value > 0 && storage === Class.External
    const index = builder.add({
      address: common ? 0 : (section?.address ?? 0) + value,
      size: common
        ? value
        : isFunction && auxiliary > 0 && at + symbolBytes + 8 <= view.byteLength
          ? view.getUint32(at + symbolBytes + 4, true)
          : 0,
      flags:
        (sectionNumber !== 0 || common ? SymbolFlag.Defined : 0) |
        (isFunction ? SymbolFlag.Function : 0) |
        (common ? SymbolFlag.Object : 0) |
        (storage === Class.WeakExternal ? SymbolFlag.Weak : 0),
      section: section === undefined ? -1 : sectionNumber - 1,
      pool: name.pool,
      nameStart: name.start,
      nameLength: name.length,
    })
    if (storage !== Class.Static) builder.remember(index)
  }
  if (nameless > 0) damage.add(`${nameless} symbols of the table at ${hex(symbolsOffset)} have names without end`)
}

interface Name {
  readonly pool: NamePool
  start: number
  length: number
}

function nameAt(table: NamePool, view: DataView, at: number, names: NamePool | undefined): Name | undefined {
  if (view.getUint32(at, true) === 0) {
    const start = view.getUint32(at + 4, true)
    const length = names?.length(start) ?? -1
    return names === undefined || length < 0 ? undefined : { pool: names, start, length }
  }
  let length = 0
  while (length < SHORT_NAME_BYTES && view.getUint8(at + length) !== 0) length++
  return { pool: table, start: at, length }
}

/** Cuts `_name`, `_name@12` and `@name@12` to `name`; C++ names (`?…`) stay. */
function undecorate(name: Name): void {
  const { bytes } = name.pool
  const first = bytes[name.start]
  if (first !== UNDERSCORE && first !== AT_SIGN) return
  let end = name.start + name.length
  while (end > name.start && isDigit(bytes[end - 1])) end--
  if (end < name.start + name.length && end > name.start + 1 && bytes[end - 1] === AT_SIGN)
    name.length = end - 1 - name.start
  name.start++
  name.length--
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}
