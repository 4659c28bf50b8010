import { expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../../src/bytes/limits.ts'
import { bytesSource } from '../../../src/bytes/source.ts'
import { isPackageDatabase, readPackageFacts } from '../../../src/image/owners/read-facts.ts'

const SUM = 'd41d8cd98f00b204e9800998ecf8427e'

function read(path: string, content: string | Uint8Array, limits = DEFAULT_LIMITS) {
  return readPackageFacts(path, bytesSource(Buffer.from(content)), { limits })
}

test.each([
  'var/lib/dpkg/status',
  'var/lib/dpkg/status.d/base-files',
  'var/lib/dpkg/status.d/base-files.md5sums',
  'var/lib/dpkg/info/libc6:amd64.list',
  'var/lib/dpkg/diversions',
  'lib/apk/db/installed',
  'usr/lib/apk/db/installed',
  'var/lib/rpm/rpmdb.sqlite',
  'var/lib/rpm/Packages.db',
  'var/lib/rpm/Packages',
  'usr/lib/sysimage/rpm/rpmdb.sqlite',
  'usr/share/rpm/rpmdb.sqlite-wal',
])('%s is read', (path) => {
  expect(isPackageDatabase(path)).toBe(true)
})

test.each([
  'var/lib/dpkg/status-old',
  'var/lib/dpkg/info/libc6:amd64.md5sums',
  'var/lib/dpkg/info/sub/x.list',
  'home/var/lib/dpkg/status',
  'var/lib/rpm/rpmdb.sqlite-shm',
  'var/lib/rpm/Index.db',
  'lib/apk/db/scripts.tar',
])('%s is not', (path) => {
  expect(isPackageDatabase(path)).toBe(false)
})

test.each([
  ['var/lib/dpkg/status', 'Package: a\nVersion: 1\nStatus: install ok installed\n', { kind: 'dpkg-status' }],
  ['var/lib/dpkg/status.d/a', 'Package: a\nVersion: 1\n', { kind: 'dpkg-status' }],
  ['var/lib/dpkg/status.d/a.md5sums', `${SUM}  usr/a\n`, { kind: 'dpkg-list', package: 'a', paths: ['usr/a'] }],
  ['var/lib/dpkg/info/a:amd64.list', '/usr/a\n', { kind: 'dpkg-list', package: 'a:amd64', paths: ['usr/a'] }],
  ['var/lib/dpkg/diversions', '/a\n/b\n:\n', { kind: 'dpkg-diversions' }],
  ['lib/apk/db/installed', 'P:a\nV:1\nF:\nR:b\n', { kind: 'owned' }],
  ['var/lib/rpm/rpmdb.sqlite-wal', '', { kind: 'owned', packages: [] }],
])('%s says what is in it', async (path, content, expected) => {
  expect(await read(path, content)).toMatchObject(expected)
})

test.each([
  ['Berkeley DB', 'var/lib/rpm/Packages', Buffer.from(`${'00'.repeat(12)}61150600${'00'.repeat(100)}`, 'hex')],
  ['a log with changes', 'var/lib/rpm/rpmdb.sqlite-wal', Buffer.alloc(100)],
])('%s is said to be not read, with what to do', async (_name, path, bytes) => {
  await expect(read(path, bytes)).rejects.toMatchObject({
    code: 'FORMAT_UNSUPPORTED',
    message: expect.stringContaining('rpmdb --rebuilddb'),
  })
})

test('what is no database of rpm ends in FORMAT_BAD_MAGIC', async () => {
  await expect(read('var/lib/rpm/Packages.db', 'words')).rejects.toMatchObject({ code: 'FORMAT_BAD_MAGIC' })
})

test('a text larger than the limit ends in LIMIT_EXCEEDED', async () => {
  const limits = { ...DEFAULT_LIMITS, packageDatabaseBytes: 3 }
  await expect(read('var/lib/dpkg/status', 'Package: a', limits)).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
})

test('another path is a mistake of the program', async () => {
  await expect(read('etc/passwd', '')).rejects.toThrow(TypeError)
})
