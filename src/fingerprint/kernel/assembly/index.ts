/** What the kernel offers; `../kernel.ts` is its only caller and owns the layout of the memory. */

export { xxh64 } from './xxh64'

/** The first address that the caller may use; what lies below belongs to the kernel's constants. */
export const heapStart: usize = __heap_base
