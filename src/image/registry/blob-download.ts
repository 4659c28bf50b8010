import type { Hash } from 'node:crypto'
import type { ByteSource } from '../../bytes/source.ts'
import { Spool } from '../../bytes/spool.ts'
import { DetectorError } from '../../errors.ts'
import { checkHash, type Descriptor, startDigest, wrongSize } from '../content.ts'
import { bodyOf, discard, type HttpReply } from './http-client.ts'
import type { RegistrySession } from './registry-session.ts'
import { Attempts, PassingFailure } from './retry.ts'

/** Up to this size a blob stays in memory; half of the layers of small images have less. */
const MEMORY_BYTES = 1024 ** 2
/** A connection that brought this much before it broke has earned all attempts anew: large layers outlive many. */
const PROGRESS_BYTES = 1024 ** 2
/** Content that does not fit its digest is fetched once more: it may have been damaged on its way. */
const MAX_MISMATCHES = 1

interface Watch {
  readonly signal: AbortSignal | undefined
  readonly onBytes: ((done: number, total: number) => void) | undefined
}

/**
 * Fetches a blob, checks it and returns it as a source, in memory while small, else in an anonymous temporary file.
 *
 * Goes on where a connection broke off. Stops at the first byte beyond the announced size.
 *
 * @throws DetectorError `IMAGE_DIGEST_MISMATCH`, `IMAGE_NOT_FOUND`, `IMAGE_UNAUTHORIZED`, `REGISTRY_FAILED`,
 * `SOURCE_FAILED`, `ABORTED`
 */
export async function downloadBlob(
  session: RegistrySession,
  descriptor: Descriptor,
  watch: Watch,
): Promise<ByteSource> {
  for (let mismatches = 0; ; mismatches++) {
    const download = new Download(session, descriptor, watch)
    try {
      await download.run()
      return download.toSource()
    } catch (failure) {
      download.discard()
      const isMismatch = failure instanceof DetectorError && failure.code === 'IMAGE_DIGEST_MISMATCH'
      if (!isMismatch || mismatches === MAX_MISMATCHES) throw failure
    }
  }
}

class Download {
  readonly #session: RegistrySession
  readonly #descriptor: Descriptor
  readonly #watch: Watch
  readonly #spool = new Spool(MEMORY_BYTES)
  #hash: Hash

  constructor(session: RegistrySession, descriptor: Descriptor, watch: Watch) {
    this.#session = session
    this.#descriptor = descriptor
    this.#watch = watch
    this.#hash = startDigest(descriptor.digest)
  }

  async run(): Promise<void> {
    const attempts = new Attempts(this.#session.retry, this.#watch.signal)
    // Never less, though a transfer starts anew: a server could have it start anew without end.
    let furthest = 0
    for (;;) {
      try {
        await this.#transfer()
        break
      } catch (failure) {
        if (this.#spool.size - furthest >= PROGRESS_BYTES) {
          furthest = this.#spool.size
          attempts.renew()
        }
        await attempts.after(failure)
      }
    }
    if (this.#spool.size !== this.#descriptor.size) throw this.#wrongSize(this.#spool.size)
    checkHash(this.#hash, this.#descriptor, this.#where)
  }

  toSource(): ByteSource {
    return this.#spool.toSource()
  }

  discard(): void {
    this.#spool.discard()
  }

  get #where(): string {
    return this.#session.reference.host
  }

  /** One request, from where the last one ended to the end of the body. */
  async #transfer(): Promise<void> {
    const { digest, size } = this.#descriptor
    const done = this.#spool.size
    // A connection may break after the last byte; a range that begins there would be refused.
    if (done > 0 && done === size) return
    const { signal, onBytes } = this.#watch
    const headers: Record<string, string> = done === 0 ? {} : { range: `bytes=${done}-` }
    const reply = await this.#session.request(`blobs/${digest}`, headers, `blob ${digest}`, signal)
    if (!continues(reply, done)) await this.#restart(reply)
    for await (const chunk of bodyOf(reply, signal)) {
      if (this.#spool.size + chunk.length > size) throw this.#wrongSize('more')
      this.#spool.write(chunk)
      this.#hash.update(chunk)
      onBytes?.(this.#spool.size, size)
    }
  }

  /** For a server that sends everything once more, or something else than was asked for. */
  async #restart(reply: HttpReply): Promise<void> {
    this.#spool.discard()
    this.#hash = startDigest(this.#descriptor.digest)
    if (reply.status === 200) return
    await discard(reply)
    throw new PassingFailure(`${this.#where} sends another part of ${this.#descriptor.digest} than was asked for`)
  }

  #wrongSize(have: number | string): DetectorError {
    return wrongSize(this.#descriptor, have, this.#where)
  }
}

/** True if the body begins at the byte that is needed next. */
function continues({ status, message }: HttpReply, done: number): boolean {
  if (status !== 206) return status === 200 && done === 0
  return /^bytes (\d+)-/i.exec(message.headers['content-range'] ?? '')?.[1] === `${done}`
}
