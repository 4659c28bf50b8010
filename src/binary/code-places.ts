import type { Program, Section } from './program.ts'

/** The linker's jump stubs: no functions of the program, though unwind tables describe them. */
const STUB_SECTION = /^\.i?plt(\.|$)/

/** Where code stands in the file and in memory: answers by binary search, for programs with 100,000 code sections. */
export class CodePlaces {
  readonly #program: Program
  readonly #byOffset: readonly number[]
  readonly #byAddress: readonly number[]
  /** Where the sections of either list start, in its order. */
  readonly #offsets: Float64Array
  readonly #addresses: Float64Array
  readonly #isCode: Uint8Array
  /** Bytes of all code sections. */
  readonly codeBytes: number

  constructor(program: Program) {
    this.#program = program
    const { sections } = program
    this.#isCode = Uint8Array.from(sections, (section) => Number(holdsFunctions(section)))
    const code = Array.from(sections.keys()).filter((index) => this.#isCode[index] === 1)
    this.codeBytes = code.reduce((sum, index) => sum + this.#section(index).size, 0)
    this.#byOffset = code.toSorted((a, b) => this.#section(a).offset - this.#section(b).offset)
    // An object has no addresses: what its tables point to is known by section only.
    this.#byAddress = program.kind === 'object' ? [] : code.toSorted((a, b) => this.base(a) - this.base(b))
    this.#offsets = Float64Array.from(this.#byOffset, (index) => this.#section(index).offset)
    this.#addresses = Float64Array.from(this.#byAddress, (index) => this.base(index))
  }

  /** Indexes of the code sections, ascending by file offset. */
  get sections(): readonly number[] {
    return this.#byOffset
  }

  /** The address that offset 0 of the section has in symbols and ranges. */
  base(section: number): number {
    return this.#program.kind === 'object' ? 0 : this.#section(section).address
  }

  /** File offset of an address in a section, -1 where the section holds no code there; `section` -1 finds it. */
  offsetOf(address: number, section: number): number {
    const index = section >= 0 ? section : last(this.#byAddress, this.#addresses, address)
    if (this.#isCode[index] !== 1) return -1
    const { offset, size } = this.#section(index)
    const within = address - this.base(index)
    return within >= 0 && within < size ? offset + within : -1
  }

  /**
   * Index of the code section that holds the byte at a file offset, -1 where none does: of sections that overlap, as only
   * damaged files have them, the last one that begins before it.
   */
  sectionAt(offset: number): number {
    const index = last(this.#byOffset, this.#offsets, offset)
    return index >= 0 && offset < this.end(index) ? index : -1
  }

  /** File offset behind the section's last byte. */
  end(section: number): number {
    const { offset, size } = this.#section(section)
    return offset + size
  }

  #section(index: number): Section {
    return this.#program.sections[index] as Section
  }
}

/** The last of the ascending sections that starts at `value` or before it, -1 for none. */
function last(order: readonly number[], starts: Float64Array, value: number): number {
  let [first, end] = [0, order.length]
  while (first < end) {
    const middle = (first + end) >> 1
    if ((starts[middle] as number) <= value) first = middle + 1
    else end = middle
  }
  return first === 0 ? -1 : (order[first - 1] as number)
}

function holdsFunctions({ role, size, name }: Section): boolean {
  return (role === 'code' || role === 'mixed') && size > 0 && !STUB_SECTION.test(name)
}
