#!/usr/bin/env node
import { readFileSync } from 'node:fs'
import type { WriteStream } from 'node:tty'
import { setFlagsFromString } from 'node:v8'
import type { Api, Output } from './context.ts'
import { ExitCode } from './gate.ts'
import { errorLine, run } from './run.ts'

/** Lets the space for young objects grow to its full size at once: until it has it, what a file needs for a moment is moved about. */
const GROW_AT_ONCE = '--semi-space-growth-factor=16'
/**
 * Lets functions run longer before they are optimised. A scan is over in seconds, and with the engine's own number, made for programs
 * that run for hours, a third of its processor time went into optimising what had nearly done its work. Later engines have another
 * compiler between the two, and gain nothing.
 */
const OPTIMISE_LATER = '--interrupt-budget=400000'
/** For the same reason: with the engine's own number optimised code is a tenth larger, and runs no faster here. */
const INLINE_LESS = '--max-inlined-bytecode-size-cumulative=200'
/** By the engine's major version: of Node 20, 22 and 24. Others may not know a setting, and would complain of it in each output. */
const ENGINE_SETTINGS = new Map([
  ['11', `${GROW_AT_ONCE} ${INLINE_LESS} ${OPTIMISE_LATER}`],
  ['12', `${GROW_AT_ONCE} ${INLINE_LESS}`],
  ['13', `${GROW_AT_ONCE} ${INLINE_LESS}`],
])
tuneEngine()

const interrupt = new AbortController()
// Once: a second interrupt ends the process at once, as if nobody listened.
process.once('SIGINT', () => interrupt.abort(new Error('interrupted')))

// Whatever escapes every promise. Node's own exit code for it, 1, would read as a failed gate.
process.on('uncaughtException', (error) => {
  process.stderr.write(`binprint: ${errorLine(error)}\n`, () => process.exit(ExitCode.couldNotScan))
})

process.exitCode = await run(process.argv.slice(2), {
  loadApi,
  stdout: output(process.stdout),
  stderr: output(process.stderr),
  environment: process.env,
  signal: interrupt.signal,
  version: packageVersion(),
})

async function loadApi(): Promise<Api> {
  return await import('../index.ts')
}

function output(stream: WriteStream): Output {
  // The write's callback gets the same error; without a listener it would end the process with a stack trace.
  stream.on('error', () => undefined)
  return {
    isTerminal: stream.isTTY === true,
    // Some pseudo-terminals say 0.
    get columns() {
      return stream.columns > 0 ? stream.columns : undefined
    },
    write: (text) =>
      new Promise((resolve, reject) => {
        stream.write(text, (error) => {
          if (error == null || isClosedPipe(error)) resolve()
          else reject(error)
        })
      }),
  }
}

/** The reader went away (`binprint … | head`): it has what it wanted. */
function isClosedPipe(error: Error): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'EPIPE' || code === 'ERR_STREAM_DESTROYED'
}

/** The same place seen from `src/cli` and from `dist/cli`. */
function packageVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return (manifest as { readonly version: string }).version
}

function tuneEngine(): void {
  const settings = ENGINE_SETTINGS.get(process.versions.v8.split('.')[0] ?? '')
  if (settings !== undefined) setFlagsFromString(settings)
}
