import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { encodePrints } from '../../src/database/prints-file.ts'
import { readPrintsHeader } from '../../src/database/prints-header.ts'
import { readSections, writeSections } from '../../src/database/sections.ts'
import { additions, buildPrints, releaseList } from './synthetic.ts'

const directory = mkdtempSync(join(tmpdir(), 'binprint-header-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

function headerOf(bytes: Uint8Array): Buffer {
  const path = join(directory, 'x.bpf')
  writeFileSync(path, bytes)
  return Buffer.from(readPrintsHeader(path))
}

const SIZE = { features: 200, units: 20, releases: 9 }
const bytes = encodePrints(buildPrints(additions(1, SIZE), releaseList(9)))

describe('the header of a prints file', () => {
  test('is all that stands before the first section', () => {
    const first = Math.min(...readSections(bytes).map(({ offset }) => offset))
    expect(headerOf(bytes)).toEqual(Buffer.from(bytes.subarray(0, first)))
  })

  test('changes with any byte of any section, as it holds their checksums', () => {
    const before = headerOf(bytes)
    const sections = readSections(bytes)
    for (const changed of sections) {
      const again = sections.map((section) => ({ kind: section.kind, bytes: section.bytes.slice() }))
      again.find(({ kind }) => kind === changed.kind)!.bytes[0]! ^= 1
      expect(headerOf(writeSections(again)).equals(before), `section ${changed.kind}`).toBe(false)
    }
  })

  test('is the whole content of a file with more sections than are read at once', () => {
    const many = writeSections(Array.from({ length: 40 }, (_, i) => ({ kind: 100 + i, bytes: Uint8Array.of(i) })))
    expect(headerOf(many)).toEqual(Buffer.from(many))
  })

  test.each([
    ['nothing', new Uint8Array(0)],
    ['a few bytes', bytes.subarray(0, 11)],
    ['half a header', bytes.subarray(0, 100)],
    ['something else', Buffer.from('this is no prints file at all')],
  ])('of a file with %s is all of it', (_, content) => {
    expect(headerOf(content)).toEqual(Buffer.from(content))
  })
})
