import { hex } from '../errors.ts'
import type { DamageLog } from './damage.ts'

/** How often the sections of a file may cover it in sum before the rest is left out: overlap is no normal thing. */
const COVER_LIMIT = 2

/** Cuts ranges to the file and stops when they cover it more often than twice, so that reading them all ends. */
export class Clipper {
  readonly #fileSize: number
  readonly #damage: DamageLog
  #covered = 0

  constructor(fileSize: number, damage: DamageLog) {
    this.#fileSize = fileSize
    this.#damage = damage
  }

  /** How many of `size` bytes at `offset` are there to read; `what` names the range in a damage sentence. */
  size(what: string, offset: number, size: number): number {
    if (size === 0) return 0
    const inFile = offset < this.#fileSize ? Math.min(size, this.#fileSize - offset) : 0
    if (inFile < size)
      this.#damage.add(`${what} needs ${size} bytes at ${hex(offset)}, file has ${this.#fileSize} bytes`)
    if (this.#covered + inFile > COVER_LIMIT * this.#fileSize) {
      this.#damage.add(`${what} is left out: sections cover the file more than ${COVER_LIMIT} times`)
      return 0
    }
    this.#covered += inFile
    return inFile
  }
}
