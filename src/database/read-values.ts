import { DetectorError, type Locus } from '../errors.ts'
import type { Level } from './level.ts'
import { damagedValue } from './records.ts'

/** One value, at once: there is nothing to do meanwhile, and handing it to another thread costs more than most values do. */
export function readValue(level: Level<Buffer, Buffer>, key: Buffer, locus: Locus): Buffer | undefined {
  try {
    return level.getSync(key)
  } catch (cause) {
    throw damagedValue('file', 'cannot be read', locus, cause)
  }
}

/** Several values, in the order of their keys. */
export async function readValues(
  level: Level<Buffer, Buffer>,
  keys: Buffer[],
  locus: Locus,
): Promise<(Buffer | undefined)[]> {
  try {
    return await level.getMany(keys)
  } catch (cause) {
    throw damagedValue('file', 'cannot be read', locus, cause)
  }
}

/** What `read` returns; contradictions within a value become damage of the database. */
export function decodeWhole<T>(what: string, locus: Locus, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw asDamage(what, locus, cause)
  }
}

/** The error itself, or what it means for the database where it is about no place yet. */
export function asDamage(what: string, locus: Locus, cause: unknown): unknown {
  if (!(cause instanceof DetectorError) || cause.locus !== undefined) return cause
  return damagedValue(what, `contradicts itself (${cause.message})`, locus, cause)
}
