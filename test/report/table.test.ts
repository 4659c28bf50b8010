import { describe, expect, test } from 'vitest'
import type { FileReport, Match, Report, VersionEstimate } from '../../src/model.ts'
import { toTable } from '../../src/report/table.ts'
import { versionText } from '../../src/report/words.ts'
import { contradiction, file, match, modified, owner, shadow, unitOf, report as whole } from '../fixtures/report.ts'

const plain = { colour: false, width: Number.POSITIVE_INFINITY }

/** A report of files. */
const report: Report = { ...whole, source: null, image: null }

test('a file is a block: what it is, then a row per component, linked and mentioned ones below', () => {
  expect(toTable(report, { colour: false, width: 120 })).toBe(
    `
bin/agent  ELF x86_64, stripped, 94.2 MiB
  zlib     1.2.13                                0.99  embedded            19 of 22 in inflate.c, template " inflate 1.…
  openssl  3.0.19 (not indexed, nearest 3.0.15)  0.97  embedded (partial)  42 of 71 in 2 units, template "OpenSSL 3.0.1…
  lz4      one of 1.9.2, 1.9.3, 1.9.4 or newer   0.87  embedded (snippet: inflate.c, 19 of 22)  template " inflate 1.2.…
  only linked, the code is elsewhere:
  curl     unknown                               0.95  linked              import "curl_easy_init"
  only mentioned:
  expat    unknown                               0.90  mentioned           string "expat_2.6.2"

not read, wholly or in part (1):
  bin/broken  FORMAT_TRUNCATED  need 64 bytes at offset 0x1f40, have 12

2 programs read, 3 embedded, 1 linked, 1 mentioned, 1 without a known component, 1 unknown, 3 other files skipped (database: 28 components, 1,234 releases)
`.trimStart(),
  )
})

test('a snippet names its units and what is there of them, before any reason', () => {
  const units = [unitOf('inflate.c', 30, 31), unitOf('inftrees.c', 10, 11)]
  const rows = tableOf({ ...match, origin: 'snippet', units }, { ...match, name: 'expat' })
  expect(rows[0]).toBe(
    '  zlib   1.2.13  0.99  embedded (snippet: inflate.c and inftrees.c, 40 of 42)  template " inflate 1.2.13 Copyright 1995-2022 Mark Adler "',
  )
  // The columns of the others do not make room for it.
  expect(rows[1]).toMatch(/^ {2}expat {2}1\.2\.13 {2}0\.99 {2}embedded {2}19 of 22 in inflate\.c, /)
})

test('a snippet without units, of which only a text of its own code is there, is named as one', () => {
  expect(tableOf({ ...match, origin: 'snippet', units: [] })[0]).toContain('  embedded (snippet)  template "')
})

test('a known file says so, and by what it is known', () => {
  const text = 'the build-id is that of mytool (x86_64): file mytool (sha256 abab)'
  const evidence = [{ kind: 'file' as const, offset: null, length: 0, unit: null, bits: 64, text }, ...match.evidence]
  expect(tableOf({ ...match, confidence: 0.999, method: 'build-id', evidence })[0]).toBe(
    `  zlib  1.2.13  1.00  embedded (known file)  ${text}`,
  )
})

test('what a file says of itself against its code, and what was changed, is told below its components', () => {
  const one = { ...file, components: [{ ...match, modified: [modified] }], contradictions: [contradiction] }
  const lines = toTable({ ...report, files: [one] }, plain).split('\n')
  expect(lines.filter((line) => line.startsWith('  !'))).toEqual([
    '  ! its name "libz.so.1.2.11": libz.so.1.2.11 says zlib 1.2.11, its code is that of 1.2.13',
    '  ! changed in zlib: inflate() of inflate.c: not as in any indexed build of 1.2.13',
  ])
})

test('of several files, one without components that says what it is not is shown', () => {
  const quiet = { ...file, path: 'bin/quiet', components: [] }
  const lying = { ...quiet, path: 'bin/lying', contradictions: [contradiction] }
  const text = toTable({ ...report, files: [quiet, lying] }, plain)
  expect(text).toContain('bin/lying')
  expect(text).not.toContain('bin/quiet')
})

test('a single file without components says so', () => {
  const quiet: Report = { ...report, files: [{ ...file, components: [] }], unknowns: [], skipped: 0 }
  expect(toTable(quiet, plain)).toBe(
    `bin/agent  ELF x86_64, stripped, 94.2 MiB
  no known component

1 program read, 0 embedded (database: 28 components, 1,234 releases)
`,
  )
})

test('no line is longer than the width as long as the columns before the reason fit', () => {
  const lines = toTable({ ...report, unknowns: [] }, { colour: false, width: 90 })
    .split('\n')
    .slice(0, 8)
  for (const line of lines) expect(line.length).toBeLessThanOrEqual(90)
  expect(lines[3]).toMatch(/embedded \(snippet: inflate\.c, 19 o…$/)
})

test('colours do not move the columns', () => {
  const coloured = toTable(report, { colour: true, width: 120 })
  expect(coloured).toContain('\u001b[')
  // biome-ignore lint/complexity/useRegexLiterals: the escape character is clearer spelled out
  expect(coloured.replace(new RegExp('\u001b\\[\\d+m', 'g'), '')).toBe(toTable(report, { colour: false, width: 120 }))
})

test('names and texts of hostile files reach the terminal escaped', () => {
  const evil = '\u001b]0;owned\u0007\r\n\u009b2J\u202eexe'
  const hostile: Report = {
    ...report,
    files: [
      {
        ...file,
        path: evil,
        arch: evil,
        ownedBy: evil,
        layer: evil,
        components: [
          {
            ...match,
            name: evil,
            version: { kind: 'set', versions: [evil], likeliest: evil },
            units: [unitOf(evil, 1, 1)],
            evidence: [{ kind: 'string', offset: 0, length: 1, unit: evil, bits: 1, text: evil }],
          },
        ],
      },
    ],
    unknowns: [{ path: evil, layer: null, layerIndex: null, code: evil, message: evil }],
  }
  const table = toTable(hostile, plain)
  expect(table).not.toMatch(/[\p{Cf}\p{Cs}]|(?!\n)\p{Cc}/u)
  expect(table).toContain('\\x1b]0;owned\\x07\\r\\n\\x9b2J\\u202eexe')
  expect(table.split('\n')).toHaveLength(8)
})

describe('a version cannot be read as more than it is', () => {
  test.each<[string, VersionEstimate]>([
    ['1.2.13', { kind: 'exact', version: '1.2.13', indexed: true }],
    ['3.0.19 (not indexed, nearest 3.0.15)', { kind: 'exact', version: '3.0.19', indexed: false, nearest: '3.0.15' }],
    ['9.1 (not indexed)', { kind: 'exact', version: '9.1', indexed: false }],
    ['one of 1.9.4, 1.9.3', { kind: 'set', versions: ['1.9.4', '1.9.3'], likeliest: '1.9.4' }],
    ['3.50.4 or newer', { kind: 'set', versions: ['3.50.4'], likeliest: '3.50.4', orNewer: true }],
    [
      'one of 6: 6, 5, 4, 3, … or newer',
      { kind: 'set', versions: ['6', '5', '4', '3', '2', '1'], likeliest: '6', orNewer: true },
    ],
    ['unknown', { kind: 'unknown', reason: 'too little was found' }],
  ])('%s', (text, version) => {
    expect(versionText(version)).toBe(text)
  })
})

/** The rows of a file with these components. */
function tableOf(...components: Match[]): string[] {
  return toTable({ ...report, files: [{ ...file, components }], unknowns: [] }, plain)
    .split('\n')
    .slice(1)
}

describe('an image', () => {
  const scanned: FileReport = { ...file, layer: shadow.layer, layerIndex: 1 }
  const image = (one: FileReport, width = 120): string[] =>
    toTable({ ...whole, files: [one], unknowns: [] }, { colour: false, width }).split('\n')

  test('is named with its layers, which files refer to by number', () => {
    expect(image(scanned).slice(0, 5)).toEqual([
      'docker-archive:app.tar  linux/arm64',
      '  layer 0  sha256:cdcdcdcdcdcd  COPY lib /lib',
      '  layer 1  sha256:efefefefefef',
      '',
      'bin/agent  ELF x86_64, stripped, 94.2 MiB, layer 1',
    ])
  })

  test('says who owns a file, and what of it is the own of its package', () => {
    const owned = { ...scanned, ownedBy: owner.name, owner, components: [{ ...match, own: true }, match] }
    const lines = image(owned)
    expect(lines[4]).toBe('bin/agent  ELF x86_64, stripped, 94.2 MiB, owned by libquiet1 1:1.0-1, layer 1')
    expect(lines[5]).toContain('  own       ')
    expect(lines[6]).toContain('  embedded  ')
  })

  test.each([
    ['replaced', 'replaced by layer 1'],
    ['whiteout', 'deleted by layer 1'],
    ['opaque', 'hidden with its directory by layer 1'],
  ] as const)('says of a shadowed file that it was %s', (cause, text) => {
    const gone: FileReport = { ...scanned, layerIndex: 0, visibility: 'shadowed', shadowedBy: { ...shadow, cause } }
    expect(image(gone)[4]).toContain(`, layer 0, shadowed: ${text}`)
  })
})
