import { Kind } from '../fingerprint/print-set.ts'

/**
 * Different pairs of neighbouring instructions that say as much as one sentence of text. A function with three times as many
 * stands alone: some thirty instructions of ordinary code. What compilers make alike everywhere has few of them, as the kernel
 * counts them: a wrapper that saves all registers for a variable list of arguments 14, a function that maps codes to texts 10.
 */
const PAIRS_PER_SENTENCE = 7
/** A function never says more than this many sentences: its length is no second witness. */
const MOST_OF_A_FUNCTION = 8
/**
 * Without operands, constants and offsets of structures are gone, and with them most of what tells two functions of one
 * length apart.
 */
const WITHOUT_OPERANDS = 0.25

/** What one hit of a kind says, in sentences, before it is divided among those that hold it. */
export function worthOf(kind: Kind, flags: number): number {
  if (kind === Kind.Function) return Math.min(flags / PAIRS_PER_SENTENCE, MOST_OF_A_FUNCTION)
  if (kind === Kind.Mnemonics) return WITHOUT_OPERANDS * Math.min(flags / PAIRS_PER_SENTENCE, MOST_OF_A_FUNCTION)
  return 1
}

/** Functions with less variety are small, those with one way through among them; without operands twice as much is little. */
const SMALL_VARIETY = 15
const SMALL_VARIETY_WITHOUT_OPERANDS = 30

/**
 * Whether a hit counts only beside others of its unit: a constant, and a small function. Among the hundred thousand functions
 * of a large program some small ones are the same by chance, and chances add up; but they are strewn over the file, while
 * those of one source file are linked together.
 */
export function needsNeighbours(kind: Kind, flags: number): boolean {
  if (kind === Kind.Immediate) return true
  if (kind === Kind.Function) return flags < SMALL_VARIETY
  return kind === Kind.Mnemonics && flags < SMALL_VARIETY_WITHOUT_OPERANDS
}
