/** A set of fingerprints of one file, by their first places in the `PrintSet`: a byte for each, as sets are asked for all hits. */
export class PrintMarks {
  readonly #marked: Uint8Array
  #size = 0

  /** For a `PrintSet` with `count` prints. */
  constructor(count: number) {
    this.#marked = new Uint8Array(count)
  }

  get size(): number {
    return this.#size
  }

  has(print: number): boolean {
    return this.#marked[print] === 1
  }

  /** Whether it is new. */
  add(print: number): boolean {
    if (this.#marked[print] === 1) return false
    this.#marked[print] = 1
    this.#size++
    return true
  }
}

/** What components that were accepted explain. */
export interface Explained {
  /** Prints of their live units. */
  readonly prints: PrintMarks
  /**
   * {@link stemOf} of their live units. Projects that copy a file keep its name: code and data of such a file belong to
   * the component that is known to be there, even where only another one was ever seen built.
   */
  readonly stems: Set<string>
}

/** Nothing yet, of a `PrintSet` with `count` prints; the sets are the caller's to fill. */
export function noneExplained(count: number): Explained {
  return { prints: new PrintMarks(count), stems: new Set() }
}
