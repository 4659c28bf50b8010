import { toJson } from '../../report/json.ts'
import { toTable } from '../../report/table.ts'
import { type Command, choice, defineCommand, number, text } from '../args.ts'
import { wantsColour } from '../context.ts'
import { GATES, scanExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { DB_HELP } from './defaults.ts'

export const scan: Command = defineCommand({
  name: 'scan',
  summary: 'Names the components inside programs, libraries and archives of objects',
  details: `Directories are read recursively, links are not followed, and what is no program is only counted. A file
that could not be read stands in the report as unknown and does not end the scan.`,
  operands: { usage: 'FILE...|DIR', min: 1, max: Number.POSITIVE_INFINITY },
  options: {
    format: choice('FORMAT', ['table', 'json'], 'table (default), or json: the whole report as one document'),
    db: text('DIR', DB_HELP),
    'min-confidence': number('N', { min: 0, max: 1 }, 'leave out claims below N, from 0 to 1 (default 0.8)'),
    'fail-on': choice(
      'GATE',
      GATES,
      'exit 1 when a file could not be read (unknown), denies what it says of itself (contradiction) or was changed since its release (modified)',
    ),
  },
  async run(values, paths, context) {
    const { openDatabase, scanPaths } = await context.loadApi()
    const minConfidence = values['min-confidence']
    const report = await watching(context, async (watch) => {
      const db = await openDatabase(values.db, watch)
      try {
        return await scanPaths(paths, { ...watch, db, ...(minConfidence === undefined ? {} : { minConfidence }) })
      } finally {
        await db.close()
      }
    })
    const { columns = Number.POSITIVE_INFINITY } = context.stdout
    const json = values.format === 'json'
    await context.stdout.write(
      json ? toJson(report) : toTable(report, { colour: wantsColour(context), width: columns }),
    )
    return scanExitCode(report, values['fail-on'] === undefined ? [] : [values['fail-on']])
  },
})
