/** Sentences kept per program: a file with more faults is not explained better by more of them. */
const KEPT_SENTENCES = 50

/** Collects what was damaged but could be read around. */
export class DamageLog {
  readonly #sentences: string[] = []
  #left = 0

  add(sentence: string): void {
    if (this.#sentences.length < KEPT_SENTENCES) this.#sentences.push(sentence)
    else this.#left++
  }

  /** The sentences in the order they were added; the last one counts those left out. */
  list(): string[] {
    return this.#left === 0 ? [...this.#sentences] : [...this.#sentences, `${this.#left} more of the kind`]
  }
}

/** A name from the file, fit for a message: control and non-ASCII characters become `?`, long names are cut. */
export function printable(name: string): string {
  const shown = name.replace(/[^\x20-\x7e]/g, '?')
  return shown.length > 80 ? `${shown.slice(0, 80)}...` : shown
}
