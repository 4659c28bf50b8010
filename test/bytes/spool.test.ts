import { mkdtempSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Spool } from '../../src/bytes/spool.ts'
import { runDirectory } from '../fixtures/run-directory.ts'

afterEach(() => {
  vi.unstubAllEnvs()
})

test.each([
  ['in memory', 100],
  ['in a file once it is large', 4],
])('what is written comes back in order, %s', (_where, memoryBytes) => {
  const spool = new Spool(memoryBytes)
  for (const part of ['abc', 'de', 'fgh']) spool.write(Buffer.from(part))
  expect(spool.size).toBe(8)
  const source = spool.toSource()
  expect(Buffer.from(source.read(0, source.size)).toString()).toBe('abcdefgh')
  source.close()
})

test('a discarded spool starts anew and leaves no file', () => {
  const directory = mkdtempSync(join(runDirectory(), 'spool-'))
  vi.stubEnv('TMPDIR', directory)
  const spool = new Spool(1)
  spool.write(Buffer.from('damaged'))
  expect(readdirSync(directory)).toHaveLength(1)
  spool.discard()
  expect(readdirSync(directory)).toEqual([])
  spool.write(Buffer.from('whole'))
  const source = spool.toSource()
  expect(source.size).toBe(5)
  source.close()
})
