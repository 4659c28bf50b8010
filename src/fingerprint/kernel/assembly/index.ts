/** What the kernel offers; `../kernel.ts` loads it and owns the layout of its memory. */

export { retain } from './filter'
export { fingerprintFunctions, x86Length } from './functions'
export { names } from './names'
export { candidateCount, openBytes, openUnits, printCount, stringRows, strings, stringsBytes } from './strings'
export { tableRows, tables } from './tables'
export { xxh64 } from './xxh64'

/** The first address that the caller may use; what lies below belongs to the kernel's constants. */
export const heapStart: usize = __heap_base
