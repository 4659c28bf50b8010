import { latin1 } from '../bytes/cursor.ts'
import { DetectorError } from '../errors.ts'

/**
 * The path of an archive member without `./`, doubled and trailing slashes; `''` for the archive's root.
 *
 * @throws DetectorError `SOURCE_UNSAFE` for paths that would leave the directory they are unpacked to
 */
export function memberPath(raw: string): string {
  // Nearly all are plain or have the `./` of tar, and images have hundreds of thousands.
  const plain = raw.startsWith('./') ? raw.slice(2) : raw
  if (isPlain(plain)) return plain
  if (raw.startsWith('/') || /^[A-Za-z]:[\\/]/.test(raw)) throw unsafe(raw, 'is absolute')
  const parts = raw.split('/').filter((part) => part !== '' && part !== '.')
  if (parts.includes('..')) throw unsafe(raw, 'has a `..` step')
  if (raw.includes('\0')) throw unsafe(raw, 'has a NUL byte')
  return parts.join('/')
}

/**
 * The path of a member as it is in the directory that the archive is unpacked to: `/a` and `x/../a` are `a`, as engines for containers
 * read the layers of images.
 *
 * @throws DetectorError `SOURCE_UNSAFE` for paths that would leave the directory
 */
export function rootedPath(raw: string): string {
  const plain = raw.startsWith('./') ? raw.slice(2) : raw
  if (isPlain(plain)) return plain
  if (raw.includes('\0')) throw unsafe(raw, 'has a NUL byte')
  const steps: string[] = []
  for (const step of raw.split('/')) {
    if (step === '..' && steps.pop() === undefined) throw unsafe(raw, 'leads out of the root')
    if (step !== '' && step !== '.' && step !== '..') steps.push(step)
  }
  return steps.join('/')
}

/** Is told of members that are left out because their path, or the target of their link, would leave the archive. */
export type OnUnsafe = (path: string, error: DetectorError) => void

/** As {@link memberPath}, but unsafe paths are told to `onUnsafe` and give undefined. */
export function safePath(raw: string, onUnsafe: OnUnsafe): string | undefined {
  try {
    return memberPath(raw)
  } catch (error) {
    if (!(error instanceof DetectorError)) throw error
    onUnsafe(raw, error)
    return undefined
  }
}

const SLASH = 0x2f
const DOT = 0x2e
const COLON = 0x3a

/** Whether a path is just steps with slashes between them. Says no to names with a leading dot too. */
function isPlain(path: string): boolean {
  let previous = SLASH
  for (let i = 0; i < path.length; i++) {
    const code = path.charCodeAt(i)
    if (code === 0 || (previous === SLASH && (code === SLASH || code === DOT))) return false
    previous = code
  }
  return previous !== SLASH && path.charCodeAt(1) !== COLON
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
