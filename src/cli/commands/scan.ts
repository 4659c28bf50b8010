import type { Report, ScanImageOptions } from '../../index.ts'
import { toJson } from '../../report/json.ts'
import { toTable } from '../../report/table.ts'
import { type Command, choice, defineCommand, flag, number, text, usage } from '../args.ts'
import { type Api, type Context, wantsColour } from '../context.ts'
import { ExitCode, GATES, type Gate, scanExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { DB_HELP } from './defaults.ts'
import { IMAGE_OPTIONS, imageOptions, pathOptions } from './image-options.ts'

export const scan: Command = defineCommand({
  name: 'scan',
  summary: 'Names the components inside programs, libraries, containers of them, and container images',
  details: `Directories are read recursively, links are not followed, and what is no program is only counted. A file
that could not be read stands in the report as unknown and does not end the scan.

An image is docker-archive:FILE[:NAME], oci-archive:FILE[:NAME], oci-dir:DIR[:NAME], registry:NAME, or a bare name with a
tag, such as alpine:3.20; dir:DIR and tar:FILE are plain file systems with their package databases. An archive or a
layout is also known by its content. Of an image the files are reported that a container sees. With --tags every
image of a repository is scanned whose tag matches, and JSON has one report a line.`,
  operands: { usage: 'FILE...|DIR|IMAGE', min: 1, max: Number.POSITIVE_INFINITY },
  options: {
    format: choice('FORMAT', ['table', 'json'], 'table (default), or json: the whole report as one document'),
    db: text('DIR', DB_HELP),
    'min-confidence': number('N', { min: 0, max: 1 }, 'leave out claims below N, from 0 to 1 (default 0.8)'),
    'all-layers': flag('of an image report also what later layers replaced or deleted, marked as shadowed'),
    ...IMAGE_OPTIONS,
    tags: text('GLOB', 'scan all images of a repository whose tags match, with * ? and [...] as in file names'),
    'fail-on': choice(
      'GATE',
      GATES,
      'exit 1 when a file could not be read (unknown), denies what it says of itself (contradiction) or was changed since its release (modified)',
    ),
  },
  async run(values, operands, context) {
    const api = await context.loadApi()
    const minConfidence = values['min-confidence']
    const confidence = minConfidence === undefined ? {} : { minConfidence }
    const gates = values['fail-on'] === undefined ? [] : [values['fail-on']]
    const json = values.format === 'json'
    const options = { ...imageOptions(values), ...(values['all-layers'] === true ? { allLayers: true } : {}) }
    if (values.tags !== undefined) {
      const [repository = '', another] = operands
      if (another !== undefined) throw usage('--tags takes one repository at a time')
      return await sweep(
        api,
        repository,
        { db: values.db, tags: values.tags, ...options, ...confidence },
        { json, gates },
        context,
      )
    }
    const report = await watching(context, async (watch) => {
      const image = await imageOperand(api, operands)
      const db = await api.openDatabase(values.db, watch)
      try {
        if (image === undefined)
          return await api.scanPaths(operands, { ...watch, db, ...confidence, ...pathOptions(options) })
        return await api.scanImage(image, { ...watch, db, ...confidence, ...options })
      } finally {
        await db.close()
      }
    })
    await context.stdout.write(json ? toJson(report) : table(report, context))
    return scanExitCode(report, gates)
  },
})

/** The image that is to be scanned, alone; undefined where all operands are files and directories. */
async function imageOperand(api: Api, operands: readonly string[]): Promise<string | undefined> {
  for (const operand of operands) {
    const image = await api.imageOf(operand)
    if (image !== undefined && operands.length > 1) throw usage(`an image is scanned alone, have ${operand} and others`)
    if (image !== undefined) return image
  }
  return undefined
}

interface SweepSettings extends Omit<ScanImageOptions, 'db'> {
  readonly db: string | undefined
  readonly tags: string
}

/** Reports come one after the other as they are made; the worst exit code counts. */
async function sweep(
  api: Api,
  repository: string,
  { db: location, ...settings }: SweepSettings,
  { json, gates }: { readonly json: boolean; readonly gates: readonly Gate[] },
  context: Context,
): Promise<ExitCode> {
  const codes: ExitCode[] = []
  await watching(context, async (watch, clear) => {
    const db = await api.openDatabase(location, watch)
    try {
      for await (const report of api.sweepImages(repository, { ...watch, db, ...settings })) {
        await clear()
        await context.stdout.write(json ? toJson(report, { lines: false }) : `${table(report, context)}\n`)
        codes.push(scanExitCode(report, gates))
      }
    } finally {
      await db.close()
    }
  })
  return codes.includes(ExitCode.couldNotScan) ? ExitCode.couldNotScan : (codes.find((code) => code !== 0) ?? 0)
}

function table(report: Report, context: Context): string {
  const { columns = Number.POSITIVE_INFINITY } = context.stdout
  return toTable(report, { colour: wantsColour(context), width: columns })
}
