import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { Readable, type Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as zlib from 'node:zlib'
import { Decompress as ZstdDecoder } from 'fzstd'
import { latin1 } from '../bytes/cursor.ts'
import { elementAt } from '../bytes/element.ts'
import { DEFAULT_LIMITS, type Limits } from '../bytes/limits.ts'
import { type ByteSource, sliceSource } from '../bytes/source.ts'
import { DetectorError } from '../errors.ts'
import { Unpacked } from './unpacked.ts'
import { zstdFrames } from './zstd-frames.ts'

export type Compression = 'gzip' | 'xz' | 'bzip2' | 'zstd'

export interface Decompressed {
  /** The unpacked bytes; the given source itself for `none`. */
  readonly source: ByteSource
  readonly format: Compression | 'none'
}

/** Bytes that the magic of all of them needs. */
export const MAGIC_BYTES = 10

/** Packed bytes read at a time: enough that streams cost little, few enough for decoders without back-pressure. */
const CHUNK_BYTES = 128 * 1024
/** Unpacked bytes that Node's decoders give at a time, at most: each time another thread stops and this one is woken. */
const MOST_UNPACKED_BYTES = 512 * 1024
/** Above this, the window of a zstd frame is refused, as zstd's own tool does without `--long`. */
const MAX_ZSTD_WINDOW = 128 * 1024 ** 2
/** What is kept of a decoder's complaint. */
const MAX_COMPLAINT = 400

/** Tells the compression by magic bytes; undefined for everything else. */
export function detectCompression(source: ByteSource): Compression | undefined {
  return compressionOf(source.read(0, Math.min(MAGIC_BYTES, source.size)))
}

/** As {@link detectCompression}, by the first {@link MAGIC_BYTES} or more. */
export function compressionOf(bytes: Uint8Array): Compression | undefined {
  const head = latin1(bytes.subarray(0, MAGIC_BYTES))
  if (head.startsWith('\x1f\x8b')) return 'gzip'
  if (head.startsWith('\xfd7zXZ\0')) return 'xz'
  // Level, then the mark of a block or, in an empty file, of the end.
  if (/^BZh[1-9](1AY&SY|\x17rE8P\x90)/.test(head)) return 'bzip2'
  // The second form is a skippable frame, which tools put first for their own data.
  if (/^(\x28\xb5\x2f\xfd|[\x50-\x5f]\x2a\x4d\x18)/.test(head)) return 'zstd'
  return undefined
}

/** What may be asked of {@link decompressToSource} beyond the bytes. */
export interface DecompressOptions {
  /** Unpacked bytes that may stay in memory. Default: 64 MiB. */
  readonly memoryBytes?: number
  /** Sees the packed bytes as they are read, in order; views that do not last. */
  readonly onPacked?: (bytes: Uint8Array) => void
  /** Sees the unpacked bytes as they come, in order; views that do not last. */
  readonly onUnpacked?: (bytes: Uint8Array) => void
}

/**
 * Unpacks gzip, xz, bzip2 or zstd, told by magic bytes, into memory or into an anonymous temporary file.
 *
 * Multi-member files are unpacked as a whole. The caller closes the result, unless `format` is `none`: then the source
 * comes back as it is, and nothing of it was seen.
 *
 * @throws DetectorError `FORMAT_TRUNCATED`, `FORMAT_CORRUPT`, `LIMIT_EXCEEDED`, `ABORTED`; `FORMAT_UNSUPPORTED` when a
 *   decoder is missing, with what to install; `SOURCE_FAILED` if the temporary directory is full
 */
export async function decompressToSource(
  source: ByteSource,
  limits: Limits = DEFAULT_LIMITS,
  signal?: AbortSignal,
  options: DecompressOptions = {},
): Promise<Decompressed> {
  const format = detectCompression(source)
  if (format === undefined) return { source, format: 'none' }
  const into = new Unpacked(limits, signal, options)
  try {
    await DECODERS[format](source, into)
    return { source: into.toSource(), format }
  } catch (error) {
    into.discard()
    throw asDetectorError(error, format)
  }
}

/**
 * Unpacks a deflate stream without header, as members of zip files are.
 *
 * @throws DetectorError as {@link decompressToSource}
 */
export async function inflateToSource(packed: ByteSource, limits: Limits, signal?: AbortSignal): Promise<ByteSource> {
  const into = new Unpacked(limits, signal)
  try {
    await throughTransform(zlib.createInflateRaw({ chunkSize: unpackedBytes(packed) }), packed, into)
    return into.toSource()
  } catch (error) {
    into.discard()
    throw asDetectorError(error, 'deflate')
  }
}

type Decoder = (source: ByteSource, into: Unpacked) => Promise<void>

const DECODERS: Readonly<Record<Compression, Decoder>> = {
  gzip: (source, into) => throughTransform(zlib.createGunzip({ chunkSize: unpackedBytes(source) }), source, into),
  zstd: unpackZstd,
  xz: async (source, into) => {
    if (!(await throughProgram('xz', source, into))) await unpackXz(source, into)
  },
  bzip2: async (source, into) => {
    if (!(await throughProgram('bzip2', source, into))) await unpackBzip2(source, into)
  },
}

/** For small members of large archives a smaller buffer will do. */
function unpackedBytes({ size }: ByteSource): number {
  return Math.min(MOST_UNPACKED_BYTES, Math.max(zlib.constants.Z_MIN_CHUNK, 4 * size))
}

function* chunksOf(source: ByteSource, into: Unpacked): Generator<Uint8Array> {
  for (let offset = 0; offset < source.size; offset += CHUNK_BYTES) {
    const chunk = source.read(offset, Math.min(CHUNK_BYTES, source.size - offset))
    into.take(chunk)
    yield chunk
  }
}

/** Feeds a decoder of Node's and takes what it gives; what broke it off is told, and not only that it was. */
async function throughTransform(transform: Transform, source: ByteSource, into: Unpacked): Promise<void> {
  const taking = (async () => {
    for await (const chunk of transform as AsyncIterable<Uint8Array>) into.write(chunk)
  })()
  const feeding = feed(transform, source, into).catch((error: unknown) => {
    transform.destroy()
    throw error
  })
  const [fed, taken] = await Promise.allSettled([feeding, taking])
  if (fed.status === 'rejected') throw fed.reason
  if (taken.status === 'rejected') throw taken.reason
}

/** Two buffers take turns: one is filled while the decoder, on another thread, works on the other. */
async function feed(decoder: Transform, source: ByteSource, into: Unpacked): Promise<void> {
  const bytes = Math.min(CHUNK_BYTES, source.size)
  const turns = [new Uint8Array(bytes), new Uint8Array(bytes)].map((buffer) => ({ buffer, used: Promise.resolve() }))
  // A decoder that is at its end, with bytes behind it, never says that it has read the last ones.
  const closed = new Promise<void>((resolve) => decoder.once('close', () => resolve()))
  for (let offset = 0, number = 0; offset < source.size; offset += bytes, number++) {
    const turn = elementAt(turns, number % turns.length)
    await Promise.race([turn.used, closed])
    // Whoever takes what it gives hears why it broke off. Behind its end, others still want to see what is packed.
    if (decoder.destroyed && !decoder.readableEnded) return
    const chunk = turn.buffer.subarray(0, Math.min(bytes, source.size - offset))
    source.readInto(chunk, offset)
    into.take(chunk)
    if (!decoder.destroyed) turn.used = new Promise((resolve) => decoder.write(chunk, () => resolve()))
  }
  if (!decoder.destroyed) decoder.end()
}

async function unpackZstd(source: ByteSource, into: Unpacked): Promise<void> {
  // Node has a decoder of its own from 22.15 on.
  const native = (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress
  if (native !== undefined) {
    for (const { offset, size, isSkippable } of zstdFrames(source)) {
      into.begin()
      const frame = sliceSource(source, offset, size)
      if (!isSkippable) await throughTransform(native(), frame, into)
      // What is stored is seen as a whole.
      else for (const chunk of chunksOf(frame, into)) void chunk
    }
    return
  }
  checkZstdWindow(source)
  const decoder = new ZstdDecoder((chunk) => into.write(chunk))
  for (const chunk of chunksOf(source, into)) decoder.push(chunk)
  decoder.push(new Uint8Array(0), true)
}

/**
 * Refuses a first frame whose window the decoder would allocate up to 2 GiB for.
 *
 * @see RFC 8878, 3.1.1.1 "Frame_Header"
 */
export function checkZstdWindow(source: ByteSource): void {
  const head = source.read(0, Math.min(18, source.size))
  const flags = head[4] ?? 0
  const isFrame = head[0] === 0x28
  if (!isFrame || (flags & 0x20) !== 0) return
  const exponent = (head[5] ?? 0) >> 3
  const window = 2 ** (10 + exponent) * (1 + ((head[5] ?? 0) & 7) / 8)
  if (window <= MAX_ZSTD_WINDOW) return
  throw new DetectorError(
    'FORMAT_UNSUPPORTED',
    `zstd window of ${window} bytes, limit ${MAX_ZSTD_WINDOW}: repack it without --long`,
  )
}

/**
 * Lets a program of the system unpack: faster than the decoders in JavaScript (xz 1.2 times, bzip2 2.5 times), and
 * beside this process. Returns false, with nothing read yet, when there is no such program.
 */
async function throughProgram(program: 'xz' | 'bzip2', source: ByteSource, into: Unpacked): Promise<boolean> {
  // Their options could also come from variables such as XZ_OPT: only the search path is passed on.
  const env = { PATH: process.env['PATH'] ?? '', LC_ALL: 'C' }
  const child = spawn(program, ['-d', '-c'], { env, stdio: 'pipe' })
  const failed = await startOf(child)
  if (failed !== undefined) return false

  let complaint = ''
  child.stderr.on('data', (text: Buffer) => {
    if (complaint.length < MAX_COMPLAINT) complaint += text.toString('latin1')
  })
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
  // A decoder that gives up closes its end early: its exit code tells why, the broken pipe does not.
  const feeding: Promise<unknown> = pipeline(Readable.from(chunksOf(source, into)), child.stdin).then(
    () => undefined,
    (error: unknown) => error,
  )
  try {
    for await (const chunk of child.stdout) into.write(chunk)
  } catch (error) {
    child.kill('SIGKILL')
    await ended
    throw error
  }
  const [feedError, code] = await Promise.all([feeding, ended])
  if (feedError instanceof DetectorError) throw feedError
  if (code === 0) return true
  const truncated = /unexpected end|ends unexpectedly/i.test(complaint)
  const said = complaint.trim().split('\n')[0] ?? ''
  throw new DetectorError(truncated ? 'FORMAT_TRUNCATED' : 'FORMAT_CORRUPT', `${program} gave up: ${said}`)
}

/** Undefined once the program runs, else the error that kept it from starting. */
function startOf(child: ChildProcessWithoutNullStreams): Promise<Error | undefined> {
  return new Promise((resolve) => {
    child.once('spawn', () => resolve(undefined))
    child.once('error', resolve)
  })
}

async function unpackXz(source: ByteSource, into: Unpacked): Promise<void> {
  const { XzReadableStream } = await optional(() => import('xz-decompress'), 'xz', 'xz-decompress')
  const chunks = chunksOf(source, into)
  const packed = new ReadableStream<Uint8Array>({
    pull(controller) {
      const { done, value } = chunks.next()
      if (done === true) controller.close()
      else controller.enqueue(value)
    },
  })
  const reader = new XzReadableStream(packed).getReader()
  for (;;) {
    const { done, value } = await reader.read()
    if (done) return
    into.write(value)
  }
}

async function unpackBzip2(source: ByteSource, into: Unpacked): Promise<void> {
  const { default: bunzip } = await optional(() => import('seek-bzip'), 'bzip2', 'seek-bzip')
  const chunks = chunksOf(source, into)
  let chunk: Uint8Array = new Uint8Array(0)
  let at = 0
  const out = new Uint8Array(CHUNK_BYTES)
  let filled = 0

  function atEnd(): boolean {
    while (at === chunk.length) {
      const { done, value } = chunks.next()
      if (done === true) return true
      chunk = value
      at = 0
    }
    return false
  }
  function readByte(): number {
    if (atEnd()) throw new DetectorError('FORMAT_TRUNCATED', `bzip2 stream has no end within ${source.size} bytes`)
    return chunk[at++] ?? 0
  }
  function flush(): void {
    into.write(out.subarray(0, filled))
    filled = 0
  }
  const input = {
    readByte,
    read(buffer: Uint8Array, offset: number, length: number) {
      for (let i = 0; i < length; i++) buffer[offset + i] = readByte()
      return length
    },
    eof: atEnd,
  }
  const output = {
    writeByte(byte: number) {
      out[filled++] = byte
      if (filled === out.length) flush()
    },
    flush: () => undefined,
  }
  bunzip.decode(input, output, true)
  flush()
}

/** Loads an optional dependency. */
async function optional<T>(load: () => Promise<T>, program: string, dependency: string): Promise<T> {
  try {
    return await load()
  } catch (cause) {
    throw new DetectorError(
      'FORMAT_UNSUPPORTED',
      `no decoder for ${program}: install the program ${program} or run npm install ${dependency}`,
      { cause },
    )
  }
}

/** Codes and words by which the decoders say that the input ended early. */
const ENDED_EARLY = /Z_BUF_ERROR|unexpected end of (file|data)|unexpected EOF/i

function asDetectorError(error: unknown, format: Compression | 'deflate'): DetectorError {
  if (error instanceof DetectorError) return error
  const { code, message } = error as { code?: unknown; message?: unknown }
  const truncated = ENDED_EARLY.test(`${String(code)} ${String(message)}`)
  return new DetectorError(
    truncated ? 'FORMAT_TRUNCATED' : 'FORMAT_CORRUPT',
    truncated ? `${format} stream has no end` : `${format} stream does not unpack: ${String(message)}`,
    { cause: error },
  )
}
