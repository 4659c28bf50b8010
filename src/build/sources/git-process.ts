import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { DetectorError, throwIfAborted } from '../../errors.ts'

/** A running git whose stdin and stdout belong to the caller. */
export interface GitProcess {
  readonly child: ChildProcessWithoutNullStreams
  /**
   * Waits for the end; call it once stdout was read to its end.
   *
   * @throws DetectorError `SOURCE_FAILED` with git's last words when it failed, `ABORTED` when the signal ended it
   */
  finish(): Promise<void>
  /** Ends the process when it still runs, and waits for it. Harmless afterwards. */
  kill(): Promise<void>
}

export interface GitStart {
  /** Subcommand and its arguments; nothing of it passes a shell. */
  readonly arguments: readonly string[]
  /** The `.git` directory or bare repository to work on. Without it git runs on none. */
  readonly gitDirectory?: string
  /** Commands that fetch may speak {@link ALLOWED_PROTOCOLS}; all others reach no transport at all. */
  readonly network?: boolean
  readonly signal?: AbortSignal | undefined
}

/** Transports that a clone may use. `ext` and `fd` run commands by design; `http` can be tampered with on the way. */
export const ALLOWED_PROTOCOLS: readonly string[] = ['https', 'ssh', 'git', 'file']

/** An empty file, by the name that git knows on every system. */
const NOTHING = '/dev/null'

/**
 * Settings that make git run a program, turned off from the command line, which overrules the repository's own config.
 *
 * Two more places are closed by {@link environment}: `core.sshCommand` and `core.askPass`, which the environment
 * overrules. `uploadpack.packObjectsHook` is never read from a repository's config, and what runs in `pager.*`,
 * `filter.*` and `diff.*` needs a terminal or a command that is not used here.
 *
 * @see git-config(1); git(1) "SECURITY" for reading repositories of others
 */
const SAFE_SETTINGS: readonly string[] = [
  `core.hooksPath=${NOTHING}`,
  'core.fsmonitor=false',
  'core.pager=cat',
  'core.gitProxy=',
  'credential.helper=',
  'protocol.ext.allow=never',
  'fetch.recurseSubmodules=false',
  'gc.auto=0',
  'maintenance.auto=false',
  // The content is read, nothing is written: who owns the files does not matter once no program can be run from them.
  'safe.directory=*',
]

/** Kept of what git says on stderr; the last line is shown. */
const STDERR_BYTES = 8192

/**
 * Starts git so that nothing inside the repository can run a program: no hooks, no helpers, no lazy fetch, no
 * replacement objects, no configuration of the user or the system, and no `GIT_*` variable of the caller.
 *
 * @throws DetectorError `ABORTED`
 */
export function startGit(start: GitStart): GitProcess {
  throwIfAborted(start.signal)
  const options = ['--no-pager', '--no-replace-objects', ...SAFE_SETTINGS.flatMap((setting) => ['-c', setting])]
  if (start.gitDirectory !== undefined) options.push(`--git-dir=${start.gitDirectory}`)
  const child = spawn('git', [...options, ...start.arguments], {
    env: environment(process.env, start.network === true),
    shell: false,
    windowsHide: true,
  })
  // SIGTERM, so that a fetch takes its half-written packs with it.
  const kill = (): void => void child.kill('SIGTERM')
  start.signal?.addEventListener('abort', kill, { once: true })

  let words = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    words = (words + text).slice(-STDERR_BYTES)
  })
  // A git that ends early closes the pipe under the writer; the exit status tells why.
  child.stdin.on('error', () => undefined)

  let failure: Error | undefined
  child.on('error', (error) => {
    failure = error
  })
  const closed = new Promise<void>((resolve) => {
    child.on('close', () => {
      start.signal?.removeEventListener('abort', kill)
      resolve()
    })
  })

  return {
    child,
    async finish() {
      await closed
      throwIfAborted(start.signal)
      if (failure !== undefined) throw notStarted(failure)
      if (child.exitCode !== 0) throw failed(start.arguments[0]!, child.exitCode ?? child.signalCode, words)
    },
    async kill() {
      if (child.exitCode === null && child.signalCode === null) kill()
      // Output that nobody takes any more would keep the pipe open, and the end from coming.
      child.stdout.destroy()
      await closed
    },
  }
}

/**
 * Runs git to its end and returns what it printed.
 *
 * @param input written to stdin
 * @throws DetectorError `SOURCE_FAILED`, `ABORTED`
 */
export async function runGit(start: GitStart, input = ''): Promise<Uint8Array> {
  const git = startGit(start)
  try {
    git.child.stdin.end(input)
    const chunks: Uint8Array[] = []
    for await (const chunk of git.child.stdout) chunks.push(chunk as Uint8Array)
    await git.finish()
    return Buffer.concat(chunks)
  } finally {
    await git.kill()
  }
}

/** The caller's environment without its `GIT_*` variables, and with those that keep git quiet and harmless. */
export function environment(inherited: NodeJS.ProcessEnv, network: boolean): NodeJS.ProcessEnv {
  const kept = Object.entries(inherited).filter(([name]) => !name.toUpperCase().startsWith('GIT_'))
  return {
    ...Object.fromEntries(kept),
    LC_ALL: 'C',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: NOTHING,
    GIT_ATTR_NOSYSTEM: '1',
    GIT_ALLOW_PROTOCOL: network ? ALLOWED_PROTOCOLS.join(':') : 'none',
    GIT_NO_LAZY_FETCH: '1',
    GIT_OPTIONAL_LOCKS: '0',
    GIT_TERMINAL_PROMPT: '0',
    // Overrules core.askPass and SSH_ASKPASS; empty means that nobody is asked.
    GIT_ASKPASS: '',
    // Overrules core.sshCommand. A constant: git hands it to a shell.
    GIT_SSH_COMMAND: 'ssh -o BatchMode=yes',
  }
}

function notStarted(cause: Error): DetectorError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
  const message = missing ? 'need the program git, not found in PATH: install git' : 'cannot start git'
  return new DetectorError('SOURCE_FAILED', message, { cause })
}

function failed(command: string, status: number | string | null, words: string): DetectorError {
  const last = words.trim().split('\n').at(-1)?.trim()
  const reason = last === undefined || last === '' ? 'without a word' : withoutPassword(last)
  return new DetectorError('SOURCE_FAILED', `git ${command} ended with ${status}: ${reason}`)
}

/** The text with `user:password@` of addresses taken out. */
export function withoutPassword(text: string): string {
  return text.replace(/(:\/\/)[^/@\s]*@/g, '$1')
}
