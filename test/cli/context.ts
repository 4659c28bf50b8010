import type { Api, Context, Output } from '../../src/cli/context.ts'
import { run } from '../../src/cli/run.ts'
import type { FoundComponent } from '../../src/index.ts'
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

/** What `find` finds in the recording API. */
export const found: FoundComponent = {
  component: 'zlib',
  images: 3,
  found: [
    {
      references: ['registry:app:\u001b1', 'registry:app:latest'],
      platform: 'linux/amd64',
      database: '0123456789abcdef',
      places: [
        {
          path: '/bin/agent',
          layer: `sha256:${'cd'.repeat(32)}`,
          layerIndex: 2,
          visibility: 'shadowed',
          ownedBy: 'agent',
          version: { kind: 'set', versions: ['1.2.11', '1.2.12'], likeliest: '1.2.11' },
          confidence: 0.91,
          answer: 'possible',
        },
      ],
    },
  ],
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
      return { summary, reader, location, cacheDirectory: undefined, catalog: '', close, [Symbol.asyncDispose]: close }
    },
    scanPaths: async (paths, { db: _, signal: __, onProgress, ...options }) => {
      calls.push(['scanPaths', paths, options])
      onProgress?.({ phase: 'scanning', done: 1, total: 2, label: 'bin/\u001bagent' })
      return report
    },
    imageOf: async (text) => (text.startsWith('docker-archive:') ? text : undefined),
    scanImage: async (reference, { db: _, signal: __, onProgress: ___, ...options }) => {
      calls.push(['scanImage', reference, options])
      return report
    },
    async *sweepImages(repository, { db: _, signal: __, onProgress: ___, ...options }) {
      calls.push(['sweepImages', repository, options])
      yield report
      yield { ...report, unknowns: [] }
    },
    findComponent: async (query, options) => {
      calls.push(['findComponent', query, options])
      return found
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
