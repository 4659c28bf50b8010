import { Packr } from 'msgpackr'
import { Unpackr } from 'msgpackr/unpack-no-eval'
import type { Locus } from '../errors.ts'
import { checkedRecord, damagedValue, seal, unseal } from './records.ts'

/**
 * Records of components are MessagePack: lists of small numbers make nine tenths of them. The manifest is JSON, so that a
 * scan that finds nothing does not even load this.
 */

const packer = new Packr({ useRecords: false })

// Data can define record structures, for which the usual reader writes and runs code; a database may come from elsewhere.
const unpacker = new Unpackr({ useRecords: false, mapsAsObjects: true })

/** A record as a sealed value. Plain objects, arrays, text, numbers, booleans and null come back as they are. */
export function packComponent(record: object): Buffer {
  return seal(packer.pack(record))
}

/** @throws DetectorError `STORE_CORRUPT` when it is missing, damaged or no object */
export function unpackComponent(sealed: Uint8Array | undefined, what: string, locus: Locus): Record<string, unknown> {
  const bytes = unseal(sealed, what, locus)
  let record: unknown
  try {
    record = unpacker.unpack(bytes)
  } catch (cause) {
    throw damagedValue(what, 'cannot be decoded', locus, cause)
  }
  return checkedRecord(record, what, locus)
}
