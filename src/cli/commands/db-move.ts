import type { MovedDatabase } from '../../index.ts'
import { escapeText } from '../../report/escape.ts'
import { count } from '../../report/words.ts'
import { type Command, defineCommand, text } from '../args.ts'
import { ExitCode } from '../gate.ts'
import { watching } from '../progress.ts'
import { DB_HELP } from './defaults.ts'

export const dbExport: Command = defineCommand({
  name: 'db export',
  summary: 'Writes a database into one file, for db import and db update',
  operands: { usage: 'FILE', min: 1, max: 1 },
  options: {
    db: text('DIR', DB_HELP),
    key: text('PEM', 'private Ed25519 key that signs it (openssl genpkey -algorithm ed25519 makes one)'),
  },
  async run({ db, key }, [file = ''], context) {
    const { exportDatabase } = await context.loadApi()
    const moved = await watching(context, ({ signal }) =>
      exportDatabase(file, {
        ...(signal === undefined ? {} : { signal }),
        ...(db === undefined ? {} : { database: db }),
        ...(key === undefined ? {} : { key }),
      }),
    )
    await context.stdout.write(movedText(moved, key === undefined ? 'not signed' : 'signed'))
    return ExitCode.clean
  },
})

export const dbImport: Command = defineCommand({
  name: 'db import',
  summary: 'Writes the database in a file into a new directory',
  operands: { usage: 'FILE DIR', min: 2, max: 2 },
  options: { key: text('PEM', 'Ed25519 key that must have signed it (default: the signature is not looked at)') },
  async run({ key }, [file = '', directory = ''], context) {
    const { importDatabase } = await context.loadApi()
    const moved = await watching(context, ({ signal }) =>
      importDatabase(file, directory, {
        ...(signal === undefined ? {} : { signal }),
        ...(key === undefined ? {} : { key }),
      }),
    )
    await context.stdout.write(movedText(moved, key === undefined ? 'signature not looked at' : 'signature right'))
    return ExitCode.clean
  },
})

export const dbUpdate: Command = defineCommand({
  name: 'db update',
  summary: 'Installs a newer default database from an address or a file, signed with a key that you trust',
  details: `What is older than what is known is refused, and so is what another key signed. Later updates ask for the same key.
Scans that run meanwhile are not disturbed.`,
  operands: { usage: 'URL|FILE', min: 1, max: 1 },
  options: { key: text('PEM', 'Ed25519 key that must have signed it; needed the first time') },
  async run({ key }, [source = ''], context) {
    const { updateDatabase } = await context.loadApi()
    const { name, sequence, directory, changed } = await watching(context, (watch) =>
      updateDatabase(source, { ...watch, ...(key === undefined ? {} : { key }) }),
    )
    const done = changed ? 'installed' : 'is installed already'
    await context.stdout.write(`${escapeText(`${name} ${sequence} ${done} in ${directory}`)}\n`)
    return ExitCode.clean
  },
})

function movedText({ name, sequence, files, path }: MovedDatabase, signature: string): string {
  return `${escapeText(`${name} ${sequence}: ${count(files, 'file')} in ${path}, ${signature}`)}\n`
}
