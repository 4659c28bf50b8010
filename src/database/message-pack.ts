import { Packr } from 'msgpackr'
import { Unpackr } from 'msgpackr/unpack-no-eval'
import type { Locus } from '../errors.ts'
import { checkedRecord, damagedValue, seal, unseal } from './records.ts'

/**
 * The functions of built releases are MessagePack: they are lists of numbers, which take half as many bytes as in JSON, and most scans
 * do not ask for them, nor load this. All other records are JSON, which the engine itself reads three times as fast.
 */

const packer = new Packr({ useRecords: false })

// Data can define record structures, for which the usual reader writes and runs code; a database may come from elsewhere.
const unpacker = new Unpackr({ useRecords: false, mapsAsObjects: true })

/** A record as a sealed value. Plain objects, arrays, text, numbers, booleans and null come back as they are. */
export function packMessage(record: object): Buffer {
  return seal(packer.pack(record))
}

/** @throws DetectorError `STORE_CORRUPT` when it is missing, damaged or no object */
export function unpackMessage(sealed: Uint8Array | undefined, what: string, locus: Locus): Record<string, unknown> {
  const bytes = unseal(sealed, what, locus)
  let record: unknown
  try {
    record = unpacker.unpack(bytes)
  } catch (cause) {
    throw damagedValue(what, 'cannot be decoded', locus, cause)
  }
  return checkedRecord(record, what, locus)
}
