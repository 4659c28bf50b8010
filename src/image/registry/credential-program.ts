import { spawn } from 'node:child_process'
import { DetectorError, throwIfAborted } from '../../errors.ts'
import type { Credentials } from './credentials.ts'

/** What a program prints is one small object; the longest tokens, of ECR, have some 3 KiB. */
const MAX_OUTPUT_BYTES = 1024 ** 2
/** A keychain may ask its user for a password first. */
const TIMEOUT_MILLISECONDS = 60_000
/** The name becomes part of a command: no path, no option. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/
/** How the protocol says that it has none (docker-credential-helpers, credentials/error.go). */
const NOT_FOUND = 'credentials not found in native keychain'
/** The user name that marks an identity token. */
const TOKEN_USER = '<token>'

/**
 * Asks a Docker credential helper, the program `docker-credential-NAME`, for the credentials of a server; undefined if it
 * has none.
 *
 * What it prints may be secret, and is never part of a message.
 *
 * @param server as its user logged in: a host, or the address of Docker Hub's index
 * @param from the file that names the helper
 * @throws DetectorError `IMAGE_UNAUTHORIZED` naming the helper, `ABORTED`
 */
export async function askCredentialProgram(
  name: string,
  server: string,
  from: string,
  {
    environment,
    signal,
    timeoutMilliseconds = TIMEOUT_MILLISECONDS,
  }: {
    readonly environment: Readonly<Record<string, string | undefined>>
    readonly signal?: AbortSignal | undefined
    readonly timeoutMilliseconds?: number
  },
): Promise<Credentials | undefined> {
  const shownName = JSON.stringify(name.slice(0, 80))
  if (!NAME.test(name)) throw failed(`need the plain name of a credential helper in ${from}, have ${shownName}`)
  const program = `docker-credential-${name}`
  const ending = await run(program, server, { environment, signal, timeoutMilliseconds })
  throwIfAborted(signal)
  const what = `credential helper ${program}, which ${from} names,`
  if (ending.kind === 'not-started') {
    const hint = ending.isMissing ? 'install it or take it out of the file' : 'make it executable'
    throw failed(`${what} cannot be run: ${hint}`, ending.cause)
  }
  if (ending.kind === 'stopped') throw failed(`${what} did not end within ${timeoutMilliseconds / 1000} seconds`)
  if (ending.kind === 'talkative') throw failed(`${what} printed more than ${MAX_OUTPUT_BYTES} bytes`)
  if (ending.exitCode === 0) return readAnswer(ending.output, what, `${program}, named in ${from}`)
  if (ending.output.trim() === NOT_FOUND) return undefined
  const hint = `run "echo ${server} | ${program} get" to see why`
  throw failed(`${what} failed with exit code ${ending.exitCode ?? 'none'}: ${hint}`)
}

type Ending =
  | { readonly kind: 'not-started'; readonly isMissing: boolean; readonly cause: unknown }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'talkative' }
  | { readonly kind: 'ended'; readonly exitCode: number | null; readonly output: string }

function run(
  program: string,
  server: string,
  {
    environment,
    signal,
    timeoutMilliseconds,
  }: {
    readonly environment: Readonly<Record<string, string | undefined>>
    readonly signal: AbortSignal | undefined
    readonly timeoutMilliseconds: number
  },
): Promise<Ending> {
  return new Promise((resolve) => {
    const child = spawn(program, ['get'], {
      stdio: ['pipe', 'pipe', 'ignore'],
      env: { ...environment },
      killSignal: 'SIGKILL',
      ...(signal === undefined ? {} : { signal }),
    })
    const chunks: Buffer[] = []
    let size = 0
    const stop = (kind: 'stopped' | 'talkative'): void => {
      child.kill('SIGKILL')
      // A grandchild may hold the pipe open: this does not wait for it.
      child.stdout.destroy()
      resolve({ kind })
    }
    const timer = setTimeout(() => stop('stopped'), timeoutMilliseconds)
    child.stdout.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > MAX_OUTPUT_BYTES) stop('talkative')
      else chunks.push(chunk)
    })
    // One that ends without reading the server's name has its exit code to say so.
    child.stdin.on('error', () => child.stdin.destroy())
    child.on('error', (cause) => {
      clearTimeout(timer)
      resolve({ kind: 'not-started', isMissing: (cause as NodeJS.ErrnoException).code === 'ENOENT', cause })
    })
    child.on('close', (exitCode) => {
      clearTimeout(timer)
      resolve({ kind: 'ended', exitCode, output: Buffer.concat(chunks).toString('utf8') })
    })
    child.stdin.end(server)
  })
}

function readAnswer(output: string, what: string, from: string): Credentials | undefined {
  const answer = parseObject(output)
  const username = answer?.['Username']
  const secret = answer?.['Secret']
  if (typeof username !== 'string' || typeof secret !== 'string')
    throw failed(`${what} needs to print JSON with Username and Secret, printed something else`)
  if (secret === '') return undefined
  return { username, secret, isIdentityToken: username === TOKEN_USER, from }
}

function parseObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    // The parser's message would quote the text.
    return undefined
  }
}

function failed(message: string, cause?: unknown): DetectorError {
  return new DetectorError('IMAGE_UNAUTHORIZED', message, { cause })
}
