import { escapeText, shellWord } from '../../report/escape.ts'
import { count } from '../../report/words.ts'
import { type Command, defineCommand, flag, pattern, text, usage } from '../args.ts'
import { ExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { indexText } from './index.ts'

const OWN = "directory of a database of one's own; required"

export const dbAdd: Command = defineCommand({
  name: 'db add',
  summary: "Adds releases of a component to a database of one's own",
  details: `PATH is as for binprint index. The database is made where there is none: prints/, components/ with an entry that you
may fill in, and locks/ with checksums.`,
  operands: { usage: 'PATH...', min: 1, max: Number.POSITIVE_INFINITY },
  options: {
    db: text('DIR', OWN),
    component: text('NAME', 'what the component is called; required'),
    release: text('V', 'the version that PATH holds'),
    tags: pattern('REGEX', 'of a git repository, the tags to take; a group (?<version>…) may pick the version out'),
    scheme: text('NAME', 'how versions are ordered: semver-like, letters, date, sqlite, debian, rpm or apk'),
    purl: text('PURL', 'package URL of a new component, without a version (default: pkg:generic/NAME)'),
    licence: text('SPDX', 'licence of a new component'),
  },
  async run({ db, component, release, tags, scheme, purl, licence }, paths, context) {
    if (db === undefined) throw usage('db add needs --db DIR; see binprint db add --help')
    if (component === undefined) throw usage('db add needs --component NAME; see binprint db add --help')
    const { addToDatabase } = await context.loadApi()
    const result = await watching(context, (watch) =>
      addToDatabase(db, paths, {
        ...watch,
        component,
        ...(release === undefined ? {} : { release }),
        ...(tags === undefined ? {} : { tags }),
        ...(scheme === undefined ? {} : { scheme }),
        ...(purl === undefined ? {} : { purl }),
        ...(licence === undefined ? {} : { licence }),
      }),
    )
    await context.stdout.write(`${indexText(result)}\nscan with: binprint scan FILE --db ${shellWord(db)}\n`)
    return ExitCode.clean
  },
})

export const dbRemove: Command = defineCommand({
  name: 'db remove',
  summary: "Takes components or releases out of a database of one's own",
  operands: { usage: 'NAME[@VERSION]...', min: 1, max: Number.POSITIVE_INFINITY },
  options: { db: text('DIR', OWN) },
  async run({ db }, names, context) {
    if (db === undefined) throw usage('db remove needs --db DIR; see binprint db remove --help')
    const { removeFromDatabase } = await context.loadApi()
    const removed = await removeFromDatabase(db, names)
    const lines = removed.map(({ component, version }) => {
      return version === null ? `${component} removed` : `${component} ${version} removed`
    })
    await context.stdout.write(lines.map((line) => `${escapeText(line)}\n`).join(''))
    return ExitCode.clean
  },
})

export const dbMerge: Command = defineCommand({
  name: 'db merge',
  summary: 'Writes a database that holds what several hold',
  details: `OUT is a new directory. Of what several databases have, releases excepted, that of the last one counts.`,
  operands: { usage: 'OUT DIR...', min: 2, max: Number.POSITIVE_INFINITY },
  options: { 'with-default': flag('begin with the default database') },
  async run(values, [target = '', ...directories], context) {
    const locations = values['with-default'] === true ? [undefined, ...directories] : directories
    if (locations.length < 2) throw usage('db merge needs two databases, or one and --with-default')
    const { mergeDatabases } = await context.loadApi()
    const merged = await watching(context, (watch) => mergeDatabases(target, locations, watch))
    const joined = merged.joined.length === 0 ? '' : `, releases joined of ${merged.joined.join(', ')}`
    await context.stdout.write(
      `${escapeText(`${count(merged.components, 'component')} in ${merged.directory}${joined}`)}\n`,
    )
    return ExitCode.clean
  },
})
