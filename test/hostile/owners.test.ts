import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { DetectorError } from '../../src/errors.ts'
import { joinOwners } from '../../src/image/owners/join-owners.ts'
import { readPackageFacts } from '../../src/image/owners/read-facts.ts'
import { buildNdb, buildRpmHeader } from '../fixtures/rpm.ts'
import { buildSqlite } from '../fixtures/sqlite.ts'
import { survey } from './mutate.ts'

const HEADERS = ['one', 'two', 'three'].map((name) =>
  buildRpmHeader({
    name,
    epoch: 1,
    sourceRpm: 'a-1-2.src.rpm',
    files: [{ path: `/usr/bin/${name}` }, { path: '/etc/x' }],
  }),
)

async function join(path: string, bytes: Uint8Array): Promise<void> {
  const facts = await readPackageFacts(path, bytesSource(bytes), { limits: DEFAULT_LIMITS })
  joinOwners([facts], (canonical) => canonical).ownerOf('usr/bin/one')
}

describe.each([
  ['var/lib/rpm/rpmdb.sqlite', buildSqlite('Packages', HEADERS)],
  ['var/lib/rpm/Packages.db', buildNdb(HEADERS)],
])('%s', (path, fixture) => {
  test('mutated ends in owners or a DetectorError', async () => {
    expect(await survey([fixture], 1500, (bytes) => join(path, bytes))).toEqual([])
  })
})

test.each([
  'var/lib/dpkg/status',
  'var/lib/dpkg/diversions',
  'var/lib/dpkg/info/a.list',
  'var/lib/dpkg/status.d/a.md5sums',
  'lib/apk/db/installed',
  'var/lib/rpm/Packages',
])('any text as %s ends in owners or a DetectorError', async (path) => {
  const line = fc.oneof(
    fc.constantFrom('Package: a', 'Version: 1', 'P:a', 'V:1', 'F:usr', 'R:b', '/usr', '/usr/a', ':', '', ' x'),
    fc.string(),
  )
  await fc.assert(
    fc.asyncProperty(fc.array(line), async (lines) => {
      try {
        await join(path, Buffer.from(lines.join('\n')))
      } catch (error) {
        if (!(error instanceof DetectorError)) throw error
      }
    }),
  )
})

test('a long line of blanks costs no more than its length', async () => {
  const started = performance.now()
  const blanks = ' '.repeat(2_000_000)
  for (const text of [
    `Package:${blanks}x`,
    `Package: a\nVersion: 1\nSource:${blanks}(`,
    `${blanks}\n`.repeat(3),
    `Package: a${blanks}b`,
    '\n \t'.repeat(300_000),
  ])
    await join('var/lib/dpkg/status', Buffer.from(text))
  expect(performance.now() - started).toBeLessThan(5000)
})
