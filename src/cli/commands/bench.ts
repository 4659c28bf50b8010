import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { access, readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { DetectorError } from '../../errors.ts'
import type { CatalogNames, FilePrediction, Label, Predictions, Watch } from '../../index.ts'
import { escapeJson, escapeText } from '../../report/escape.ts'
import { type Command, choice, defineCommand, text, usage } from '../args.ts'
import type { Api, Context } from '../context.ts'
import { evaluationTable } from '../evaluation-table.ts'
import { ExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { commandWords, runTool } from '../tool.ts'
import { DB_HELP } from './defaults.ts'

export const bench: Command = defineCommand({
  name: 'bench',
  summary: 'Scores our scan, or what another tool says, against a corpus of labelled files',
  details: `CORPUS lists files by sha256 with what is in them; bench/accuracy/README.md of the repository explains the
form and the figures. Files that are not there are counted as gone and not scored. A tool prints JSON for the file it is
given: a list of {"name", "version", "confidence"}, of which only the name must be there; "version" may be a list.`,
  operands: { usage: 'CORPUS.json', min: 1, max: 1 },
  options: {
    predictions: text(
      'FILE',
      'score this JSON instead of scanning: {"files": [{"sha256", "components"}]}, or a report',
    ),
    tool: text('CMD', "score this command's output instead, run without a shell once per file: 'CMD {file}'"),
    db: text('DIR', DB_HELP),
    files: text('DIR', 'where the files lie, named by their sha256 (default: files in the bench cache)'),
    format: choice('FORMAT', ['table', 'json'], 'table (default): markdown; or json: every figure and every error'),
  },
  async run({ predictions, tool, db, files, format }, [corpus = ''], context) {
    if (predictions !== undefined && tool !== undefined) throw usage('need one of --predictions and --tool, have both')
    const words = tool === undefined ? undefined : commandWords(tool)
    const api = await context.loadApi()
    const labels = api.readLabels(await readJson(corpus))
    const given = predictions === undefined ? undefined : api.readPredictions(await readJson(predictions))
    const catalog = api.catalogNames(db)
    // Predictions may have been made elsewhere: without --files nobody asks where the files are.
    const places = given !== undefined && files === undefined ? undefined : await locate(labels, corpus, files, context)
    const had = labels.filter(({ sha256 }) => places?.has(sha256) !== false)
    const { said, known } = await watching(context, async (watch): Promise<Said> => {
      if (given !== undefined) return { said: given, known: catalog }
      if (words !== undefined)
        return { said: await runOnEach(words, had, places, { ...watch, api, context }), known: catalog }
      return await scanEach(had, places, { ...watch, api, db, catalog })
    })
    const gone = new Set(labels.map(({ sha256 }) => sha256).filter((sha256) => places?.has(sha256) === false))
    const evaluation = api.evaluate(said, labels, { catalog: known, gone })
    const json = `${escapeJson(JSON.stringify(evaluation, null, 2))}\n`
    await context.stdout.write(format === 'json' ? json : evaluationTable(evaluation))
    return ExitCode.clean
  },
})

interface Said {
  readonly said: Predictions
  readonly known: readonly CatalogNames[]
}

/** Paths by sha256; files that are not there, or are others, are left out. */
type Places = ReadonlyMap<string, string>

async function locate(
  labels: readonly Label[],
  corpus: string,
  files: string | undefined,
  { environment }: Context,
): Promise<Places> {
  const cache = environment['BINPRINT_BENCH_CACHE'] ?? join('bench', '.cache')
  const directory = files ?? join(cache, 'files')
  const places = new Map<string, string>()
  for (const { sha256, path } of labels) {
    const place = path === undefined ? join(directory, sha256) : resolve(dirname(corpus), path)
    // Files of the cache got their name when their sha256 was checked; others are checked here.
    if ((await exists(place)) && (path === undefined || (await sha256Of(place)) === sha256)) places.set(sha256, place)
  }
  if (places.size === 0 && labels.length > 0)
    throw new DetectorError(
      'INPUT_NOT_FOUND',
      `need the corpus's files in ${directory}, found none: npm run bench:fetch`,
    )
  return places
}

interface Scanning extends Watch {
  readonly api: Api
  readonly db: string | undefined
  readonly catalog: readonly CatalogNames[]
}

/** Our own scan, one file at a time so that one report is in memory. */
async function scanEach(had: readonly Label[], places: Places | undefined, options: Scanning): Promise<Said> {
  const { api, signal, catalog } = options
  const watch = signal === undefined ? {} : { signal }
  const db = await api.openDatabase(options.db, options)
  try {
    const files: FilePrediction[] = []
    for (const [done, { sha256, id }] of had.entries()) {
      options.onProgress?.({ phase: 'scanning', done, total: had.length, label: id })
      const report = await api.scanFile(places?.get(sha256) ?? '', { ...watch, db })
      files.push(...report.files.map((file) => ({ sha256, components: file.components })))
    }
    const named = new Set(catalog.map(({ name }) => name))
    const others = db.summary.names.filter((name) => !named.has(name)).map((name) => ({ name, aliases: [] }))
    return { said: { files }, known: [...catalog, ...others] }
  } finally {
    await db.close()
  }
}

interface Running extends Watch {
  readonly api: Api
  readonly context: Context
}

/** A failure of the tool concerns one file: it is told, and the file counts as one the tool said nothing about. */
async function runOnEach(
  words: readonly string[],
  had: readonly Label[],
  places: Places | undefined,
  { api, context, onProgress }: Running,
): Promise<Predictions> {
  const files: FilePrediction[] = []
  for (const [done, { sha256, id }] of had.entries()) {
    onProgress?.({ phase: 'running', done, total: had.length, label: id })
    try {
      const output = await runTool(words, places?.get(sha256) ?? '', context.signal)
      files.push({ sha256, components: api.readFileComponents(JSON.parse(output), id) })
    } catch (error) {
      if (context.signal.aborted) throw new DetectorError('ABORTED', 'stopped before the end', { cause: error })
      await context.stderr.write(`binprint: ${escapeText(`${id}: ${(error as Error).message}`)}\n`)
    }
  }
  return { files }
}

async function readJson(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'))
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT'
    const problem = missing ? 'there is none' : (cause as Error).message
    throw new DetectorError(missing ? 'INPUT_NOT_FOUND' : 'INPUT_UNREADABLE', `need JSON in ${path}: ${problem}`, {
      locus: { path },
      cause,
    })
  }
}

async function exists(path: string): Promise<boolean> {
  return await access(path).then(
    () => true,
    () => false,
  )
}

async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of createReadStream(path)) hash.update(chunk as Buffer)
  return hash.digest('hex')
}
