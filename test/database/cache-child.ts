/** Run by cache.test.ts as a process of its own: opens the cache given as argument when told to, and tells the outcome. */
import { appendFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { openCompiled } from '../../src/database/cache.ts'
import { writeDatabase } from '../../src/database/writer.ts'
import { databaseContent } from './synthetic-database.ts'

/** A user who owns nothing. */
const NOBODY = 65_534

const [cacheDirectory = '', mode = ''] = process.argv.slice(2)
const content = databaseContent(1, 2000)
const { high, low } = content.features[0]!

async function compile(directory: string): Promise<void> {
  await appendFile(join(cacheDirectory, 'compilations'), `${process.pid}\n`)
  await writeDatabase(directory, content)
  if (mode === 'hang') process.stdout.write('compiling\n')
  // Long enough that two processes started together do overlap.
  await delay(mode === 'hang' ? 60_000 : 300)
}

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
process.stdout.write('ready\n')
await lines.next()
if (mode === 'nobody') {
  process.setgid?.(NOBODY)
  process.setuid?.(NOBODY)
}
const reader = await openCompiled('key', compile, { cacheDirectory }).catch((error: unknown) => {
  process.stdout.write(`${(error as Error).message}\n`)
  throw error
})
const hits = await reader.lookup(1, high, low, 0, high.length)
process.stdout.write(`${hits.count} hits\n`)
await lines.next()
await reader.close()
process.exit()
