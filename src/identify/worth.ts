import { Kind } from '../fingerprint/print-set.ts'

/**
 * Instructions that say as much as one sentence of text. A function of fewer than this is a getter or a wrapper, of which
 * unrelated programs hold the same ones; the prototype counted functions from 15 instructions on, five of them for a
 * component.
 */
const INSTRUCTIONS_PER_SENTENCE = 10
/** A function never says more than this many sentences: its length is no second witness. */
const MOST_OF_A_FUNCTION = 8
/**
 * Without operands, constants and offsets of structures are gone, and with them most of what tells two functions of one
 * length apart.
 */
const WITHOUT_OPERANDS = 0.25

/** What one hit of a kind says, in sentences, before it is divided among those that hold it. */
export function worthOf(kind: Kind, flags: number): number {
  if (kind === Kind.Function) return Math.min(flags / INSTRUCTIONS_PER_SENTENCE, MOST_OF_A_FUNCTION)
  if (kind === Kind.Mnemonics) return WITHOUT_OPERANDS * Math.min(flags / INSTRUCTIONS_PER_SENTENCE, MOST_OF_A_FUNCTION)
  return 1
}
