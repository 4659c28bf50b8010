import { setTimeout as sleep } from 'node:timers/promises'
import { DetectorError, throwIfAborted } from '../../errors.ts'

export interface RetryPolicy {
  /** How often something is tried in all. */
  readonly attempts: number
  /** The first pause is half to one and a half of this, each further one twice as long. */
  readonly baseMilliseconds: number
}

/** Pauses of 0.5, 1, 2 and 4 seconds bridge a restart of a registry, and are no long wait where it is gone. */
export const DEFAULT_RETRY: RetryPolicy = { attempts: 5, baseMilliseconds: 500 }

/** Pauses do not grow beyond this. */
const MAX_PAUSE_MILLISECONDS = 30_000
/** A server that asks for a longer pause is told to the user instead: rate limits of hours are no matter of patience. */
const MAX_ASKED_MILLISECONDS = 120_000

/** A failure that may be gone at the next attempt. Never leaves the registry client. */
export class PassingFailure extends Error {
  /** The pause that the server asks for. */
  readonly askedMilliseconds: number | undefined

  constructor(
    message: string,
    options: { readonly askedMilliseconds?: number | undefined; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.askedMilliseconds = options.askedMilliseconds
  }
}

/** Counts attempts at one thing and makes the pauses between them. */
export class Attempts {
  readonly #policy: RetryPolicy
  readonly #signal: AbortSignal | undefined
  #made = 0

  constructor(policy: RetryPolicy, signal: AbortSignal | undefined) {
    this.#policy = policy
    this.#signal = signal
  }

  /**
   * Waits before the next attempt.
   *
   * @throws DetectorError `REGISTRY_FAILED` when there is none or the server asks for too long a pause, `ABORTED`; what
   * is no {@link PassingFailure} is thrown as it came
   */
  async after(failure: unknown): Promise<void> {
    throwIfAborted(this.#signal)
    if (!(failure instanceof PassingFailure)) throw failure
    this.#made += 1
    const { message, askedMilliseconds } = failure
    if (askedMilliseconds !== undefined && askedMilliseconds > MAX_ASKED_MILLISECONDS)
      throw failed(`${message}: it asks to come back in ${Math.ceil(askedMilliseconds / 1000)} seconds`, failure)
    if (this.#made >= this.#policy.attempts)
      throw failed(`${message}, at the last of ${this.#made} attempts: try again later`, failure)
    await pause(Math.max(this.#backOff(), askedMilliseconds ?? 0), this.#signal)
  }

  /** After progress: what fails from now on has all attempts again. */
  renew(): void {
    this.#made = 0
  }

  #backOff(): number {
    const grown = this.#policy.baseMilliseconds * 2 ** (this.#made - 1)
    // Many clients that were cut off together do not come back together.
    return Math.min(MAX_PAUSE_MILLISECONDS, grown) * (0.5 + Math.random())
  }
}

/** Does something until it succeeds or fails for good; throws as {@link Attempts.after} does. */
export async function retrying<T>(
  policy: RetryPolicy,
  signal: AbortSignal | undefined,
  attempt: () => Promise<T>,
): Promise<T> {
  const attempts = new Attempts(policy, signal)
  for (;;) {
    try {
      return await attempt()
    } catch (failure) {
      await attempts.after(failure)
    }
  }
}

/** The milliseconds of a `Retry-After` header, in seconds or as a date (RFC 9110, 10.2.3); undefined for anything else. */
export function retryAfter(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000
  const date = Date.parse(header)
  return Number.isNaN(date) ? undefined : Math.max(0, date - now)
}

async function pause(milliseconds: number, signal: AbortSignal | undefined): Promise<void> {
  try {
    await sleep(milliseconds, undefined, signal === undefined ? {} : { signal })
  } catch (cause) {
    throwIfAborted(signal)
    throw cause
  }
}

function failed(message: string, cause: unknown): DetectorError {
  return new DetectorError('REGISTRY_FAILED', message, { cause })
}
