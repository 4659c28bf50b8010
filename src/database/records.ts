import { hash64, low32 } from '../bytes/hash.ts'
import { DetectorError, type Locus } from '../errors.ts'

/** The last bytes of every value: the lower half of the xxh64 of those before. LevelDB checks its blocks only on repair. */
const CHECKSUM_BYTES = 4

/** The value with its checksum behind it. */
export function seal(bytes: Uint8Array): Buffer {
  const sealed = Buffer.allocUnsafe(bytes.length + CHECKSUM_BYTES)
  sealed.set(bytes)
  sealed.writeUInt32LE(low32(hash64(bytes)), bytes.length)
  return sealed
}

/**
 * A view of the value before its checksum. `what` names it in messages.
 *
 * @throws DetectorError `STORE_CORRUPT` when it is missing or damaged
 */
export function unseal(sealed: Uint8Array | undefined, what: string, locus: Locus): Uint8Array {
  if (sealed === undefined) throw damagedValue(what, 'is missing', locus)
  const length = sealed.length - CHECKSUM_BYTES
  if (length < 0) throw damagedValue(what, `has ${sealed.length} bytes`, locus)
  const bytes = sealed.subarray(0, length)
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength)
  if (view.getUint32(length, true) !== low32(hash64(bytes))) throw damagedValue(what, 'has another checksum', locus)
  return bytes
}

/**
 * A record as a sealed value. Plain objects, arrays, text, numbers, booleans and null come back as they are.
 *
 * It is JSON: no reader is as fast in JavaScript as the engine's own, and none needs no time to be loaded.
 */
export function packRecord(record: object): Buffer {
  return seal(Buffer.from(JSON.stringify(record), 'utf8'))
}

/** @throws DetectorError `STORE_CORRUPT` when it is missing, damaged or no object */
export function unpackRecord(sealed: Uint8Array | undefined, what: string, locus: Locus): Record<string, unknown> {
  return parseRecord(unseal(sealed, what, locus), what, locus)
}

/** A record without its seal. @throws DetectorError `STORE_CORRUPT` when it cannot be decoded or is no object */
export function parseRecord(bytes: Uint8Array, what: string, locus: Locus): Record<string, unknown> {
  let record: unknown
  try {
    record = JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8'))
  } catch (cause) {
    throw damagedValue(what, 'cannot be decoded', locus, cause)
  }
  return checkedRecord(record, what, locus)
}

/** @throws DetectorError `STORE_CORRUPT` when the decoded value is no object */
export function checkedRecord(record: unknown, what: string, locus: Locus): Record<string, unknown> {
  if (typeof record === 'object' && record !== null && !Array.isArray(record)) return record as Record<string, unknown>
  throw damagedValue(what, 'is no record', locus)
}

/** The `STORE_CORRUPT` of one value of the database. */
export function damagedValue(what: string, how: string, locus: Locus, cause?: unknown): DetectorError {
  return new DetectorError(
    'STORE_CORRUPT',
    `${what} of the database ${how}: delete ${locus.path ?? 'the database'} to have it built again`,
    cause === undefined ? { locus } : { locus, cause },
  )
}
