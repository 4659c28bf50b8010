import type { Api, Context, Output } from '../../src/cli/context.ts'
import { run } from '../../src/cli/run.ts'
import * as databases from '../../src/scan/databases.ts'
import { evaluate } from '../../src/scan/evaluate.ts'
import { readLabels } from '../../src/scan/labels.ts'
import { readFileComponents, readPredictions } from '../../src/scan/predictions.ts'
import { report } from '../fixtures/report.ts'

export interface Outcome {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
  /** The calls of the API, in order, as `[verb, arguments…]`. */
  readonly calls: readonly (readonly unknown[])[]
}

export interface Circumstances {
  readonly api?: Partial<Api>
  readonly terminal?: boolean
  readonly environment?: Readonly<Record<string, string>>
}

/** Runs a command line against an API that scans nothing and records what it is asked. */
export async function runCommand(args: readonly string[], circumstances: Circumstances = {}): Promise<Outcome> {
  const calls: (readonly unknown[])[] = []
  const stdout = recorder(circumstances.terminal === true)
  const stderr = recorder(circumstances.terminal === true)
  const context: Context = {
    loadApi: async () => ({ ...recordingApi(calls), ...circumstances.api }),
    stdout,
    stderr,
    environment: circumstances.environment ?? {},
    signal: new AbortController().signal,
    version: '1.2.3',
  }
  const code = await run(args, context)
  return { code, stdout: stdout.text(), stderr: stderr.text(), calls }
}

function recordingApi(calls: (readonly unknown[])[]): Api {
  const summary = { components: 28, releases: 1234, digest: '0123456789abcdef', schema: 1, names: ['expat', 'zlib'] }
  const close = async (): Promise<void> => {
    calls.push(['close'])
  }
  return {
    openDatabase: async (location) => {
      calls.push(['openDatabase', location])
      // No command reads the database by itself.
      const reader = undefined as never
      return { summary, reader, close, [Symbol.asyncDispose]: close }
    },
    scanPaths: async (paths, { db: _, signal: __, onProgress, ...options }) => {
      calls.push(['scanPaths', paths, options])
      onProgress?.({ phase: 'scanning', done: 1, total: 2, label: 'bin/\u001bagent' })
      return report
    },
    scanFile: async (input, { db: _, signal: __, ...options }) => {
      calls.push(['scanFile', input, options])
      return report
    },
    // Pure, or with files alone as their result: the real ones.
    ...{ evaluate, readFileComponents, readLabels, readPredictions },
    ...databases,
    catalogNames: (location) => {
      calls.push(['catalogNames', location])
      return [{ name: 'zlib', aliases: ['libz'] }]
    },
    explain: (_report, path, component) => {
      calls.push(['explain', path, component])
      return 'because\n'
    },
    indexRelease: async (prints, inputs, { signal: _, onProgress: __, ...options }) => {
      calls.push(['indexRelease', prints, inputs, options])
      return { component: options.component, releases: ['1.0'], features: 12, path: `${prints}/x.bpf`, skipped: [] }
    },
    buildDatabase: async ({ signal: _, onProgress: __, ...options } = {}) => {
      calls.push(['buildDatabase', options])
      return { built: [], failed: [] }
    },
  }
}

function recorder(isTerminal: boolean): Output & { text(): string } {
  let all = ''
  return {
    isTerminal,
    columns: isTerminal ? 80 : undefined,
    write: async (text) => {
      all += text
    },
    text: () => all,
  }
}
