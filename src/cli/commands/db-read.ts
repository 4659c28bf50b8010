import type { ComponentDescription, DatabaseDifference } from '../../index.ts'
import { escapeText } from '../../report/escape.ts'
import { count } from '../../report/words.ts'
import { type Command, choice, defineCommand, text } from '../args.ts'
import { ExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { DB_HELP } from './defaults.ts'

const format = choice('FORMAT', ['table', 'json'], 'table (default) or json')

/** Releases that are named one by one; beyond these the rest is counted. */
const RELEASES_SHOWN = 12

export const dbInfo: Command = defineCommand({
  name: 'db info',
  summary: 'Shows what a database holds: all in all, or of the components named',
  operands: { usage: '[NAME...]', min: 0, max: Number.POSITIVE_INFINITY },
  options: { db: text('DIR', DB_HELP), format },
  async run(values, names, context) {
    const { describeDatabase, openDatabase } = await context.loadApi()
    if (names.length > 0) {
      const description = await describeDatabase(values.db, names)
      const lines = description.components.map(componentText)
      await context.stdout.write(values.format === 'json' ? json(description) : lines.join('\n'))
      return ExitCode.clean
    }
    const summary = await watching(context, async (watch) => {
      const db = await openDatabase(values.db, watch)
      await db.close()
      return db.summary
    })
    if (values.format === 'json') {
      await context.stdout.write(json(summary))
      return ExitCode.clean
    }
    await context.stdout.write(
      rowsText([
        ['components', summary.components],
        ['releases', summary.releases],
        ['schema', summary.schema],
        ['digest', summary.digest],
        ['names', summary.names.join(' ')],
      ]),
    )
    return ExitCode.clean
  },
})

export const dbVerify: Command = defineCommand({
  name: 'db verify',
  summary: 'Proves every file of a database against its checksums',
  details: 'Exits with 1 where a file is not what it should be, and names it.',
  operands: { usage: '', min: 0, max: 0 },
  options: { db: text('DIR', DB_HELP), format },
  async run(values, _operands, context) {
    const { verifyDatabase } = await context.loadApi()
    const verification = await watching(context, (watch) => verifyDatabase(values.db, watch))
    const { proved, unlocked, problems } = verification
    const lines = problems.map(({ path, reason }) => `${path}: ${reason}`)
    const without = unlocked.length === 0 ? '' : `, ${unlocked.length} whole but without a lock`
    lines.push(`${count(proved.length, 'prints file')} proved${without}, ${count(problems.length, 'problem')}`)
    await context.stdout.write(
      values.format === 'json' ? json(verification) : lines.map((line) => `${escapeText(line)}\n`).join(''),
    )
    return problems.length === 0 ? ExitCode.clean : ExitCode.gateFailed
  },
})

export const dbDiff: Command = defineCommand({
  name: 'db diff',
  summary: 'Shows what tells two databases apart',
  operands: { usage: 'BEFORE AFTER', min: 2, max: 2 },
  options: { format },
  async run(values, [before = '', after = ''], context) {
    const { diffDatabases } = await context.loadApi()
    const difference = await watching(context, (watch) => diffDatabases(before, after, watch))
    await context.stdout.write(values.format === 'json' ? json(difference) : differenceText(difference))
    return ExitCode.clean
  },
})

function componentText({
  name,
  licences,
  sources,
  built,
  units,
  files,
  bytes,
  sections,
}: ComponentDescription): string {
  const sizes = Object.entries(sections)
    .sort(([, a], [, b]) => b - a)
    .map(([section, size]) => `${section} ${size}`)
  return rowsText([
    ['component', name],
    ['licence', licences === null ? 'not in the catalog' : licencesText(licences)],
    ['sources', releasesText(sources)],
    ['built', releasesText(built)],
    ['units', units],
    ['files', files],
    ['bytes', `${bytes}: ${sizes.join(', ')}`],
  ])
}

function licencesText(licences: readonly { readonly from: string | null; readonly licence: string }[]): string {
  return licences.map(({ from, licence }) => (from === null ? licence : `from ${from} on ${licence}`)).join(', ')
}

function releasesText(versions: readonly string[]): string {
  if (versions.length === 0) return 'none'
  if (versions.length <= RELEASES_SHOWN) return `${versions.length}: ${versions.join(' ')}`
  const half = RELEASES_SHOWN / 2
  return `${versions.length}: ${versions.slice(0, half).join(' ')} … ${versions.slice(-half).join(' ')}`
}

function differenceText({ added, removed, changed }: DatabaseDifference): string {
  const lines = [...added.map((name) => `+ ${name}`), ...removed.map((name) => `- ${name}`)]
  for (const one of changed) {
    const { name, features } = one
    lines.push(`~ ${name}: ${features[0]} to ${count(features[1], 'feature')}`)
    if (one.added.length > 0) lines.push(`    + ${releasesText(one.added)}`)
    if (one.removed.length > 0) lines.push(`    - ${releasesText(one.removed)}`)
  }
  if (lines.length === 0) lines.push('no difference')
  return lines.map((line) => `${escapeText(line)}\n`).join('')
}

function rowsText(rows: readonly (readonly [string, string | number])[]): string {
  return rows.map(([name, value]) => `${name.padEnd(12)}${escapeText(String(value))}\n`).join('')
}

function json(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`
}
