import type { Progress, Watch } from '../index.ts'
import { cut, escapeText } from '../report/escape.ts'
import type { Context, Output } from './context.ts'

/** Milliseconds between two updates: ten a second look continuous and cost nothing. */
const UPDATE_INTERVAL = 100
/** Terminals that do not tell their width are taken for the classic one. */
const DEFAULT_COLUMNS = 80
const CLEAR_LINE = '\r\u001b[K'
/** Cells of the bar: one for each five percent. */
const BAR_CELLS = 20
/** Milliseconds until a phase shows rate and time left: before that a bar would only flicker, and the rate mislead. */
const STEADY_AFTER = 2000

/** One line that is rewritten in place, on terminals only. */
export interface ProgressLine {
  /** Undefined off terminals, so that nothing is counted in vain. */
  readonly onProgress: ((progress: Progress) => void) | undefined
  /** Takes the line away; whatever is printed next starts clean. */
  clear(): Promise<void>
}

/** `now` gives milliseconds. */
export function progressLine(stderr: Output, now: () => number = Date.now): ProgressLine {
  if (!stderr.isTerminal) return { onProgress: undefined, clear: async () => undefined }
  let last = Number.NEGATIVE_INFINITY
  let pending: Promise<void> = Promise.resolve()
  let visible = false
  let start: { readonly phase: string; readonly time: number; readonly done: number } | undefined
  return {
    onProgress(progress) {
      const time = now()
      if (start?.phase !== progress.phase) start = { phase: progress.phase, time, done: progress.done }
      if (time - last < UPDATE_INTERVAL) return
      last = time
      visible = true
      const elapsed = time - start.time
      const line = progressText(progress, elapsed < STEADY_AFTER ? undefined : (progress.done - start.done) / elapsed)
      pending = stderr.write(`${CLEAR_LINE}${cut(line, (stderr.columns ?? DEFAULT_COLUMNS) - 1)}`)
    },
    async clear() {
      await pending
      if (visible) await stderr.write(CLEAR_LINE)
      visible = false
    },
  }
}

/**
 * `scanning 12/40 usr/bin/node`, and with a rate, in steps for each millisecond,
 * `index [#####---------------] 12/40 3.1/s 9s left zlib`. The total is left out while it is not known.
 */
export function progressText({ phase, done, total, label }: Progress, rate?: number): string {
  const amount = total > 0 ? `${done}/${total}` : `${done}`
  const words = [phase]
  if (rate !== undefined && total > 0) words.push(bar(done / total))
  words.push(amount)
  if (rate !== undefined) words.push(`${perSecond(rate * 1000)}/s`)
  if (rate !== undefined && rate > 0 && total > 0) words.push(`${duration((total - done) / rate)} left`)
  if (label !== undefined) words.push(label)
  return escapeText(words.join(' '))
}

function bar(share: number): string {
  const full = Math.min(BAR_CELLS, Math.max(0, Math.floor(share * BAR_CELLS)))
  return `[${'#'.repeat(full)}${'-'.repeat(BAR_CELLS - full)}]`
}

function perSecond(rate: number): string {
  return rate >= 10 ? rate.toFixed(0) : rate.toFixed(1)
}

/** `9s`, `4m09s` or `1h04m`. */
function duration(milliseconds: number): string {
  const seconds = Math.ceil(milliseconds / 1000)
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m${String(seconds % 60).padStart(2, '0')}s`
  return `${Math.floor(minutes / 60)}h${String(minutes % 60).padStart(2, '0')}m`
}

/**
 * Runs the work with the signal and the progress of the context, and takes the progress line away whichever way the work
 * ends. What is printed meanwhile clears it first.
 */
export async function watching<T>(
  context: Context,
  work: (watch: Watch, clear: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const { onProgress, clear } = progressLine(context.stderr)
  try {
    return await work({ signal: context.signal, ...(onProgress === undefined ? {} : { onProgress }) }, clear)
  } finally {
    await clear()
  }
}
