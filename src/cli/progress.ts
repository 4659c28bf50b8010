import type { Progress, Watch } from '../index.ts'
import { cut, escapeText } from '../report/escape.ts'
import type { Context, Output } from './context.ts'

/** Milliseconds between two updates: ten a second look continuous and cost nothing. */
const UPDATE_INTERVAL = 100
/** Terminals that do not tell their width are taken for the classic one. */
const DEFAULT_COLUMNS = 80
const CLEAR_LINE = '\r\u001b[K'

/** One line that is rewritten in place, on terminals only. */
export interface ProgressLine {
  /** Undefined off terminals, so that nothing is counted in vain. */
  readonly onProgress: ((progress: Progress) => void) | undefined
  /** Takes the line away; whatever is printed next starts clean. */
  clear(): Promise<void>
}

export function progressLine(stderr: Output): ProgressLine {
  if (!stderr.isTerminal) return { onProgress: undefined, clear: async () => undefined }
  let last = 0
  let pending: Promise<void> = Promise.resolve()
  let visible = false
  return {
    onProgress(progress) {
      const now = Date.now()
      if (now - last < UPDATE_INTERVAL) return
      last = now
      visible = true
      const line = cut(progressText(progress), (stderr.columns ?? DEFAULT_COLUMNS) - 1)
      pending = stderr.write(`${CLEAR_LINE}${line}`)
    },
    async clear() {
      await pending
      if (visible) await stderr.write(CLEAR_LINE)
      visible = false
    },
  }
}

/** `scanning 12/40 usr/bin/node`; the total is left out while it is not known. */
export function progressText({ phase, done, total, label }: Progress): string {
  const amount = total > 0 ? ` ${done}/${total}` : ` ${done}`
  return escapeText(`${phase}${amount}${label === undefined ? '' : ` ${label}`}`)
}

/**
 * Runs the work with the signal and the progress of the context, and takes the progress line away whichever way the work
 * ends.
 */
export async function watching<T>(context: Context, work: (watch: Watch) => Promise<T>): Promise<T> {
  const { onProgress, clear } = progressLine(context.stderr)
  try {
    return await work({ signal: context.signal, ...(onProgress === undefined ? {} : { onProgress }) })
  } finally {
    await clear()
  }
}
