import { DetectorError, type Locus } from '../errors.ts'
import { BLOCK_BYTES } from './bloom.ts'
import type { KindLayout, StoredManifest } from './buckets.ts'
import { LITTLE_ENDIAN } from './postings.ts'
import { damagedValue, unpackRecord } from './records.ts'
import { SCHEMA } from './schema.ts'

/**
 * Reads the record under the manifest's key.
 *
 * @throws DetectorError `STORE_SCHEMA_MISMATCH` for another version's, `STORE_CORRUPT`
 */
export function readManifest([value]: readonly (Buffer | undefined)[], locus: Locus): StoredManifest {
  const stored = unpackRecord(value, 'manifest', locus) as Partial<StoredManifest>
  const { manifest, littleEndian, sonames, layout, fileBits } = stored
  if (manifest?.schema !== SCHEMA)
    throw new DetectorError(
      'STORE_SCHEMA_MISMATCH',
      `database has schema ${manifest?.schema}, this version reads ${SCHEMA}: build it again or install the binprint that wrote it`,
      { locus },
    )
  if (littleEndian !== LITTLE_ENDIAN)
    throw new DetectorError(
      'STORE_SCHEMA_MISMATCH',
      'database was compiled on a machine of another byte order: build it again on this one',
      { locus },
    )
  const lists = [manifest.components, sonames, layout]
  if (
    !lists.every(Array.isArray) ||
    sonames!.length !== manifest.components.length ||
    !layout!.every(isLayout) ||
    !isBits(fileBits)
  )
    throw damagedValue('manifest', 'is not whole', locus)
  return stored as StoredManifest
}

function isLayout(value: unknown): value is KindLayout {
  const { kind, bucketBits, bloomBytes } = (value ?? {}) as Partial<KindLayout>
  return (
    Number.isInteger(kind) &&
    isBits(bucketBits) &&
    Number.isSafeInteger(bloomBytes) &&
    bloomBytes! > 0 &&
    bloomBytes! % BLOCK_BYTES === 0
  )
}

function isBits(value: unknown): value is number {
  return Number.isInteger(value) && (value as number) >= 0 && (value as number) < 32
}
