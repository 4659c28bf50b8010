import { createWriteStream } from 'node:fs'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { ReadableStream } from 'node:stream/web'
import { DetectorError, throwIfAborted } from '../errors.ts'

/** Bytes: far more than any database, and less than a disk. */
const MAX_BYTES = 4 * 1024 ** 3

/** True for what is fetched, and no path. */
export function isDownload(source: string): boolean {
  return /^https?:\/\//i.test(source)
}

/**
 * Fetches an address into a file.
 *
 * Only over https, redirects included; plain http only from this very machine. What comes is not believed for that: the caller
 * checks a signature.
 *
 * @throws DetectorError `SOURCE_UNSAFE`, `SOURCE_FAILED`, `LIMIT_EXCEEDED`, `ABORTED`
 */
export async function download(
  address: string,
  path: string,
  {
    signal,
    onProgress,
  }: { readonly signal?: AbortSignal; readonly onProgress?: (done: number, total: number) => void },
): Promise<void> {
  checkAddress(address)
  try {
    const response = await fetch(address, signal === undefined ? {} : { signal })
    checkAddress(response.url)
    if (!response.ok || response.body === null)
      throw new DetectorError('SOURCE_FAILED', `cannot fetch ${address}: the server says ${response.status}`)
    const total = Number(response.headers.get('content-length') ?? 0)
    let done = 0
    const counted = async function* (chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
      for await (const chunk of chunks) {
        done += chunk.length
        if (done > MAX_BYTES) throw new DetectorError('LIMIT_EXCEEDED', `${address} sends more than ${MAX_BYTES} bytes`)
        onProgress?.(done, total)
        yield chunk
      }
    }
    await pipeline(Readable.fromWeb(response.body as ReadableStream<Uint8Array>), counted, createWriteStream(path))
  } catch (cause) {
    throwIfAborted(signal)
    if (cause instanceof DetectorError) throw cause
    const { message, cause: reason } = cause as Error
    const why = reason instanceof Error ? reason.message : message
    throw new DetectorError('SOURCE_FAILED', `cannot fetch ${address}: ${why}`, { cause })
  }
}

function checkAddress(address: string): void {
  const { protocol, hostname } = new URL(address)
  const isLocal = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  if (protocol === 'https:' || (protocol === 'http:' && isLocal)) return
  throw new DetectorError('SOURCE_UNSAFE', `refused ${address}: need https`)
}
