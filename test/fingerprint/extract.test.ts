import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Program, Section, SectionRole } from '../../src/binary/program.ts'
import { readProgram } from '../../src/binary/read.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { extractLiteral, extractLiterals, extractProgram } from '../../src/fingerprint/extract.ts'
import type { Prefilter } from '../../src/fingerprint/kernel/prefilter.ts'
import { Kind, PrintSet } from '../../src/fingerprint/print-set.ts'
import { readSource } from '../../src/fingerprint/source-c.ts'
import type { StringSink } from '../../src/fingerprint/strings.ts'
import { buildElf } from '../fixtures/elf.ts'
import { addTo } from './bloom-oracle.ts'
import { scan } from './collect.ts'

/** A program that is nothing but the sections given. */
function programOf(sections: readonly Section[]): Program {
  const program = readProgram(bytesSource(buildElf()))
  return { ...program, sections, symbols: { ...program.symbols, count: 0 } }
}

/** `kind offset length` of all prints. */
function printsOf(bytes: Uint8Array, sections: readonly Section[], base = 0): string[] {
  const prints = new PrintSet()
  extractProgram(programOf(sections), bytesSource(bytes), prints, { base })
  return Array.from({ length: prints.count }, (_, i) =>
    [prints.kinds[i], prints.offsets[i], prints.lengths[i]].join(' '),
  )
}

function section(role: SectionRole, offset: number, size: number): Section {
  return { name: '.x', role, address: 0, offset, size, mergeableStrings: false }
}

describe('sections', () => {
  const bytes = Buffer.from('first string\0second string\0')

  test.each([
    ['data', true],
    ['mixed', true],
    ['code', false],
    ['symbols', false],
    ['debug', false],
    ['note', false],
    ['other', false],
    ['empty', false],
  ] as const)('of the role %s are read: %s', (role, isRead) => {
    expect(printsOf(bytes, [section(role, 0, bytes.length)])).toHaveLength(isRead ? 2 : 0)
  })

  test('no string reaches over the end of its section', () => {
    expect(printsOf(bytes, [section('data', 0, 20), section('data', 20, 7)])).toEqual(['1 0 12', '1 20 6'])
  })

  test('a string whose NUL is in the next section is none', () => {
    expect(printsOf(bytes, [section('data', 0, 12), section('code', 12, 15)])).toEqual([])
  })

  test('an empty section may lie behind the end of the file', () => {
    expect(printsOf(bytes, [section('data', 1 << 20, 0)])).toEqual([])
  })

  test('offsets are those of the file, from the base', () => {
    expect(printsOf(bytes, [section('data', 13, 14)], 1000)).toEqual(['1 1013 13'])
  })
})

test('a section of many windows gives the strings of one scan', () => {
  const text = fc.oneof(fc.string({ maxLength: 20 }), fc.constant('é'.repeat(40_000)), fc.constant('x'.repeat(65_530)))
  fc.assert(
    fc.property(fc.array(text, { minLength: 8, maxLength: 16 }), (texts) => {
      const bytes = Buffer.from(`${texts.join('\0')}\0`)
      const found = printsOf(bytes, [section('data', 0, bytes.length)]).filter((row) => row.startsWith('1 '))
      expect(found).toEqual(scan(bytes).strings.map((line) => `1 ${line.split(' ').slice(1, 3).join(' ')}`))
    }),
    { numRuns: 25 },
  )
})

test('literals and captures come along', () => {
  const bytes = Buffer.from('libfoo 1.2.3\x001.2.3\0')
  const prints = new PrintSet()
  extractProgram(programOf([section('data', 0, bytes.length)]), bytesSource(bytes), prints)
  expect(prints.literals).toEqual([{ version: '1.2.3', offset: 13 }])
  expect([0, 1, 2].map((i) => prints.captureAt(i))).toEqual([undefined, '1.2.3', '1.2.3'])
})

/** Spells bytes as a C literal in one of the ways that C allows for each. */
function cLiteral(bytes: Uint8Array, ways: readonly number[]): string {
  const simple = new Map([
    [7, 'a'],
    [8, 'b'],
    [9, 't'],
    [10, 'n'],
    [11, 'v'],
    [12, 'f'],
    [13, 'r'],
  ])
  let text = ''
  bytes.forEach((byte, i) => {
    const way = ways[i % ways.length]!
    const plain = byte >= 0x20 && byte < 0x7f && byte !== 0x22 && byte !== 0x5c
    if (plain && way !== 1) text += String.fromCharCode(byte)
    else if ((byte === 0x22 || byte === 0x5c) && way !== 1) text += `\\${String.fromCharCode(byte)}`
    else if (simple.has(byte) && way === 0) text += `\\${simple.get(byte)}`
    // A hexadecimal escape goes on as far as there are digits: the literal must end behind it.
    else if (way === 2) text += `\\x${byte.toString(16)}""`.replace('""', '"  "')
    else text += `\\${byte.toString(8).padStart(3, '0')}`
    if (way === 3) text += '\\\n'
    if (way === 4) text += '" /* between */ "'
  })
  return `"${text}"`
}

describe('one pipeline', () => {
  const readable = fc
    .array(fc.oneof(fc.constantFrom('invalid block type', 'libfoo 1.2.3', '1.2.13', 'é€'), fc.string()), {
      maxLength: 4,
    })
    .map((parts) => Uint8Array.from(Buffer.from(parts.join('\0'))))

  test('any literal of a source gives the features of a data section that holds it', () => {
    const ways = fc.array(fc.nat(5), { minLength: 1, maxLength: 7 })
    fc.assert(
      fc.property(fc.oneof(readable, fc.uint8Array({ maxLength: 120 })), ways, (bytes, how) => {
        const source = `const char *text = ${cLiteral(bytes, how)};\n`
        const { literals } = readSource(Buffer.from(source, 'latin1'), { isHeader: false, isTemplate: false })
        const fromSource: string[] = []
        for (const literal of literals)
          extractLiteral(literal, {
            string: (hash) => fromSource.push(`${hash}`),
            template: ({ hash, version }) => fromSource.push(`${hash} ${version}`),
            literal: (version) => fromSource.push(version),
          })
        const inData = scan(Buffer.concat([Buffer.alloc(8, 1), bytes, Buffer.from([0])]))
        const expected = [
          ...inData.strings.map((line) => line.split(' ')[0]!),
          ...inData.templates.map((line) => `${line.split(' ')[0]} ${line.split(' ')[3]}`),
          ...inData.literals.map((line) => line.split(' ')[0]!),
        ]
        expect(fromSource.toSorted()).toEqual(expected.toSorted())
      }),
      { numRuns: 300 },
    )
  })
})

test('many literals at once give the features of each by itself', () => {
  const literal = fc.oneof(
    fc.constantFrom('a\0', 'b\0c', 'libfoo 1.2.3', '1.2.13', 'table##|1.2.13', '\xc3', '\xa9abcdef', ''),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
  )
  fc.assert(
    fc.property(fc.array(literal, { maxLength: 8 }), (literals) => {
      const found = (work: (sink: StringSink) => void): string[] => {
        const features: string[] = []
        work({
          string: (hash, _offset, length, isLabel) => features.push(`${hash} ${length} ${isLabel}`),
          template: ({ hash, version }) => features.push(`${hash} ${version}`),
          literal: (version) => features.push(version),
        })
        return features.toSorted()
      }
      expect(found((sink) => extractLiterals(literals, sink))).toEqual(
        found((sink) => {
          for (const text of literals) extractLiteral(text, sink)
        }),
      )
    }),
    { numRuns: 300 },
  )
})

describe('with a prefilter', () => {
  const texts = ['first string', 'libfoo 1.2.3', 'libbar 4.5.6', 'N3foo6ReaderE', '1.2.13', 'second string']
  const bytes = Buffer.from(`${texts.join('\0')}\0`)

  function rows(prefilter?: Prefilter): string[] {
    const prints = new PrintSet()
    const options = prefilter === undefined ? {} : { prefilter }
    extractProgram(programOf([section('data', 0, bytes.length)]), bytesSource(bytes), prints, options)
    const versions = prints.literals.map(({ version }) => version)
    return Array.from(
      { length: prints.count },
      (_, i) => `${prints.kinds[i]} ${prints.high[i]} ${prints.low[i]}`,
    ).concat(versions)
  }

  test('whatever the database holds is kept, and version literals always are', () => {
    const all = rows()
    fc.assert(
      fc.property(fc.subarray(all), (members) => {
        const filters = new Map(Object.values(Kind).map((kind) => [kind as number, new Uint8Array(64 * 64)]))
        for (const member of members) {
          const [kind, high, low] = member.split(' ').map(Number) as [number, number, number]
          const filter = filters.get(kind)
          if (filter !== undefined) addTo(filter, high, low)
        }
        const kept = rows({ filter: (kind) => filters.get(kind) })
        expect(kept).toEqual(expect.arrayContaining(members))
        expect(kept).toContain('1.2.13')
        // A few strangers of the size of a sample may pass; nothing is made up.
        expect(all).toEqual(expect.arrayContaining(kept))
        expect(kept.length).toBeLessThanOrEqual(members.length + 2)
      }),
    )
  })
})
