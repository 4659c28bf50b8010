import { latin1 } from '../bytes/cursor.ts'
import { DetectorError } from '../errors.ts'

/**
 * The path of an archive member without `./`, doubled and trailing slashes; `''` for the archive's root.
 *
 * @throws DetectorError `SOURCE_UNSAFE` for paths that would leave the directory they are unpacked to
 */
export function memberPath(raw: string): string {
  if (raw.startsWith('/') || /^[A-Za-z]:[\\/]/.test(raw)) throw unsafe(raw, 'is absolute')
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw unsafe(raw, 'has a `..` step')
  if (raw.includes('\0')) throw unsafe(raw, 'has a NUL byte')
  return parts.join('/')
}

function unsafe(raw: string, why: string): DetectorError {
  const shown = JSON.stringify(raw.length > 120 ? `${raw.slice(0, 120)}...` : raw)
  return new DetectorError(
    'SOURCE_UNSAFE',
    `archive member ${shown} ${why}: unpack the archive by hand if you trust it`,
  )
}

/** Bytes as UTF-8, or as Latin-1 where they are none: archives do not say which. */
export function pathText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8')
  return text.includes('\ufffd') ? latin1(bytes) : text
}
