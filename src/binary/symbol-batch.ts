import type { NamePool } from './name-pool.ts'

/**
 * Symbols on their way from a table of the file into a {@link SymbolTableBuilder}, as a struct of arrays. One batch is
 * filled anew and anew: tables have a million entries.
 */
export class SymbolBatch {
  /** Where all their names stand. */
  readonly pool: NamePool
  count = 0
  readonly addresses: Float64Array
  readonly sizes: Float64Array
  /** Bits of {@link SymbolFlag}. */
  readonly flags: Uint8Array
  /** Indexes into the program's sections, -1 for none. */
  readonly sections: Int32Array
  readonly nameStarts: Uint32Array
  /** Bytes; 0 for what has no name and is no symbol to be listed. */
  readonly nameLengths: Uint32Array
  /** `STB_LOCAL`: only the own file's other symbols could mean it. */
  readonly locals: Uint8Array

  constructor(pool: NamePool, capacity: number) {
    this.pool = pool
    this.addresses = new Float64Array(capacity)
    this.sizes = new Float64Array(capacity)
    this.flags = new Uint8Array(capacity)
    this.sections = new Int32Array(capacity)
    this.nameStarts = new Uint32Array(capacity)
    this.nameLengths = new Uint32Array(capacity)
    this.locals = new Uint8Array(capacity)
  }
}
