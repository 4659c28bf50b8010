import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { latin1 } from '../../bytes/cursor.ts'
import type { Limits } from '../../bytes/limits.ts'
import { DetectorError } from '../../errors.ts'
import type { GitProcess } from './git-process.ts'
import { tooLarge } from './tree.ts'

/** The answer of `git cat-file --batch` to one id. */
export interface BatchAnswer {
  readonly id: string
  /** Absent when the content was not kept. */
  readonly bytes?: Uint8Array
  /** Why there are no bytes, as a sentence. */
  readonly reason?: string
}

/** Ids per write: 64 KiB of requests, as much as a pipe holds. */
const IDS_PER_WRITE = 1600

/**
 * Feeds the ids to a `git cat-file --batch` and yields its answers in the same order.
 *
 * Requests run ahead of the answers. Nothing piles up: git stops reading when its answers are not taken, and the
 * writer then waits for git. Content over `limits.sourceFileBytes` is passed over without being held.
 *
 * @throws DetectorError `SOURCE_FAILED` when git ends early or answers out of turn
 */
export async function* readBatch(
  git: GitProcess,
  ids: Iterable<string>,
  limits: Limits,
): AsyncGenerator<BatchAnswer, void, undefined> {
  // The writer fails only when git ends early, which the reader sees as an answer cut off.
  const writing = pipeline(Readable.from(requests(ids)), git.child.stdin).catch(() => undefined)
  const answers = new ChunkReader(git.child.stdout)
  for (const id of ids) yield await readAnswer(answers, git, id, limits)
  await writing
  const rest = await answers.line()
  if (rest !== undefined) throw new DetectorError('SOURCE_FAILED', `need the end from git cat-file, have ${rest}`)
}

async function readAnswer(answers: ChunkReader, git: GitProcess, id: string, limits: Limits): Promise<BatchAnswer> {
  const header = await answers.line()
  // When git died, its exit status says more than the missing answer.
  if (header === undefined) await git.finish()
  const fields = /^([0-9a-f]+) (?:(missing)|([a-z]+) (\d+))$/.exec(header ?? '')
  if (fields === null || fields[1] !== id)
    throw new DetectorError('SOURCE_FAILED', `need the answer for ${id} from git cat-file, have ${header ?? 'the end'}`)
  if (fields[2] !== undefined) return { id, reason: 'the object is missing from the repository' }
  const size = Number(fields[4])
  const wanted = fields[3] === 'blob' && size <= limits.sourceFileBytes
  const bytes = wanted ? await answers.take(size) : undefined
  const whole = wanted ? bytes !== undefined : await answers.skip(size)
  if (!whole || !(await answers.skip(1))) {
    await git.finish()
    throw new DetectorError('SOURCE_FAILED', `need ${size} bytes of ${id} from git cat-file, had fewer`)
  }
  if (bytes !== undefined) return { id, bytes }
  if (fields[3] !== 'blob') return { id, reason: `the object is a ${fields[3]}, not a file` }
  return { id, reason: tooLarge(size, limits) }
}

function* requests(ids: Iterable<string>): Generator<string> {
  let batch: string[] = []
  for (const id of ids) {
    batch.push(id)
    if (batch.length < IDS_PER_WRITE) continue
    yield `${batch.join('\n')}\n`
    batch = []
  }
  if (batch.length > 0) yield `${batch.join('\n')}\n`
}

/** Reads lines and counted bytes from a stream of chunks; takes a new chunk only when the last one is used up. */
class ChunkReader {
  readonly #chunks: AsyncIterator<Uint8Array>
  #chunk: Uint8Array = new Uint8Array(0)
  #position = 0

  constructor(stream: AsyncIterable<Uint8Array>) {
    this.#chunks = stream[Symbol.asyncIterator]()
  }

  /** The next line without its newline, as Latin-1; undefined at the end of the stream, a cut last line included. */
  async line(): Promise<string | undefined> {
    let text = ''
    while (this.#position < this.#chunk.length || (await this.#refill())) {
      const end = this.#chunk.indexOf(0x0a, this.#position)
      const upTo = end < 0 ? this.#chunk.length : end
      text += latin1(this.#chunk.subarray(this.#position, upTo))
      this.#position = end < 0 ? upTo : end + 1
      if (end >= 0) return text
    }
    return undefined
  }

  /** The next `length` bytes as an array of its own; undefined when the stream ends before. */
  async take(length: number): Promise<Uint8Array | undefined> {
    const bytes = new Uint8Array(length)
    let done = 0
    while (done < length) {
      if (this.#position === this.#chunk.length && !(await this.#refill())) return undefined
      const part = this.#chunk.subarray(this.#position, this.#position + length - done)
      bytes.set(part, done)
      done += part.length
      this.#position += part.length
    }
    return bytes
  }

  /** Passes over `length` bytes; false when the stream ends before. */
  async skip(length: number): Promise<boolean> {
    let rest = length
    while (rest > 0) {
      if (this.#position === this.#chunk.length && !(await this.#refill())) return false
      const part = Math.min(rest, this.#chunk.length - this.#position)
      rest -= part
      this.#position += part
    }
    return true
  }

  async #refill(): Promise<boolean> {
    const next = await this.#chunks.next()
    this.#chunk = next.done === true ? new Uint8Array(0) : next.value
    this.#position = 0
    return next.done !== true
  }
}
