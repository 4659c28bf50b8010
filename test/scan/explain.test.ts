import { describe, expect, test } from 'vitest'
import { DetectorError } from '../../src/errors.ts'
import type { Match, Report } from '../../src/model.ts'
import { explain } from '../../src/scan/explain.ts'
import {
  contradiction,
  evidence,
  file,
  lz4,
  match,
  modified,
  neighbour,
  report,
  unitOf,
  unknown,
} from '../fixtures/report.ts'

test('the story: version and why, evidence with the line that shows it, units, what speaks against it', () => {
  expect(explain(report, 'bin/agent', 'openssl')).toBe(
    `openssl 3.0.19 (not indexed, nearest 3.0.15) in bin/agent
  file        ELF x86_64, stripped, 94.2 MiB, sha256 ${'ab'.repeat(32)}
  role        embedded (partial): its code is in this file, as a copy or because the file is the component's own library or program
  confidence  0.97
  purl        pkg:github/openssl/openssl@3.0.19
  cpe         cpe:2.3:a:openssl:openssl:3.0.19:*:*:*:*:*:*:*

Version
  exactly 3.0.19 (not indexed, nearest 3.0.15)
  named by a text that carries its own component's version at 0x2000: "OpenSSL 3.0.19 1 Jan 2026"
  this release is not in the database: its name was read from the file, not compared with its prints

Why not the releases next to it
  3.0.15  nothing that was found tells it from 3.0.19 but the version text

Units (fingerprints found of those that the likeliest release has)
  crypto/x509/v3_utl.c  30 of 31  97 %, 1 string missing, as in every release
  ssl/ssl_lib.c         12 of 40  30 %, 28 strings missing, 9 more than of the release that misses fewest

Evidence (2 pieces, the strongest hits, 28.0 bits together)
  template at 0x2000, 22 bytes, 20.0 bits
    "OpenSSL 3.0.19 1 Jan 2026"
    xxd -s 0x2000 -l 22 bin/agent
  literal at 0x2100, 6 bytes, 8.0 bits
    "3.0.19"
    xxd -s 0x2100 -l 6 bin/agent

Against
  9 of 40 strings of ssl/ssl_lib.c are missing although its code is here
`,
  )
})

test('evidence names its unit and the releases that have it', () => {
  const text = explain(report, 'bin/agent', 'zlib')
  expect(text).toContain('template at 0x1f40, 48 bytes, inftrees.c, 14.3 bits')
  expect(text).toContain('in releases 1.2.13')
})

test('a neighbour is told by what it has not, what it would miss and what speaks for it', () => {
  const neighbours = [
    { version: '1.2.12', lacks: 0, explains: 2, misses: 0 },
    { ...neighbour, version: '1.3', lacks: 2 },
  ]
  const text = explain(reportOf({ ...match, neighbours }), 'bin/agent', 'zlib')
  expect(text).toContain(`Why not the releases next to it
  1.2.12  for it speak 2 fingerprints
  1.3  2 fingerprints found that it has not; 2 more of its strings would be missing
    it has not " inflate 1.2.13 Copyright 1995-2022 Mark Adler " at 0x1f40, inftrees.c
`)
})

test('of a set it is the code alone that tells its likeliest from a neighbour', () => {
  const neighbours = [{ version: '1.9.1', lacks: 0, explains: 0, misses: 0 }]
  const text = explain(reportOf({ ...lz4, neighbours }), 'bin/agent', 'lz4')
  expect(text).toMatch(/1\.9\.1 {2}nothing that was found tells it from 1\.9\.\d\n/)
})

test('evidence that others have too says how many do', () => {
  const shared = { ...match, evidence: [{ ...evidence, components: 3 }] }
  expect(explain(reportOf(shared), 'bin/agent', 'zlib')).toContain('inftrees.c, 14.3 bits, shared by 3 components\n')
})

test('functions that were changed are shown with their place', () => {
  expect(
    explain(reportOf({ ...match, modified: [modified] }), 'bin/agent', 'zlib'),
  ).toContain(`Changed since the release
  inflate() of inflate.c at 0x8000, 512 bytes
    no indexed build has this code; what is around it is that of 1.2.13
    xxd -s 0x8000 -l 512 bin/agent
`)
})

test('what the file says of itself is told with the component that it is about, and only there', () => {
  const lying = { ...report, files: [{ ...file, contradictions: [contradiction] }] }
  expect(explain(lying, 'bin/agent', 'zlib')).toContain(`What the file says of itself
  its name "libz.so.1.2.11": libz.so.1.2.11 says zlib 1.2.11, its code is that of 1.2.13
`)
  expect(explain(lying, 'bin/agent', 'lz4')).not.toContain('What the file says of itself')
})

test('a known file says by what it is known', () => {
  const text = 'the sha256 is that of libz.so.1.2.13 (x86_64): Debian zlib 1:1.2.13.dfsg-1 (amd64)'
  const evidence = [{ kind: 'file' as const, offset: null, length: 0, unit: null, bits: 64, text }]
  const known: Match = { ...match, method: 'file-hash', evidence }
  const story = explain({ ...report, files: [{ ...file, components: [known] }] }, 'bin/agent', 'zlib')
  expect(story).toContain(`  exactly 1.2.13\n  the file itself is known: ${text}\n`)
  expect(story).toContain('  role        embedded (known file): the file itself was indexed as a build of this release')
  expect(story).toContain('  file, no place in the file, 64.0 bits\n')
})

test('evidence without a place in the file has no xxd line', () => {
  const text = explain(report, 'bin/agent', 'curl')
  expect(text).toContain('  import, no place in the file, 9.0 bits\n    "curl_easy_init"\n\n')
  expect(text).not.toContain('xxd')
})

test('a set says that its releases cannot be told apart, and that a newer one would look the same', () => {
  const text = explain(report, 'bin/agent', 'lz4')
  expect(text).toContain('one of 3, best first: 1.9.2, 1.9.3, 1.9.4')
  expect(text).toContain('does not tell these releases apart')
  expect(text).toContain('or newer:')
})

test('several copies are explained one by one', () => {
  const second: Match = { ...match, version: { kind: 'exact', version: '1.3.1', indexed: true } }
  const text = explain({ ...report, files: [{ ...file, components: [match, second] }] }, 'bin/agent', 'zlib')
  expect(text).toContain('zlib 1.2.13 in bin/agent (copy 1 of 2)')
  expect(text).toContain('zlib 1.3.1 in bin/agent (copy 2 of 2)')
})

test.each(['ZLIB', 'zlib', 'z-lib'])('%s finds zlib', (name) => {
  expect(explain(report, 'bin/agent', name)).toMatch(/^zlib /)
})

test.each([
  ['libexpat', 'expat'],
  ['LibLZ4', 'lz4'],
])('%s finds %s', (name, found) => {
  expect(explain(report, 'bin/agent', name).startsWith(`${found} `)).toBe(true)
})

test.each(['bin/agent', './bin/agent', 'bin//agent', 'bin/./agent'])('the file may be written %s', (path) => {
  expect(explain(report, path, 'zlib')).toMatch(/^zlib /)
})

describe('what is not there', () => {
  test('a component: the message names those of the file', () => {
    expect(failure(report, 'bin/agent', 'sqlite')).toEqual([
      'USAGE',
      'bin/agent holds no component sqlite; it has zlib, openssl, curl, expat, lz4',
    ])
  })

  test('any component', () => {
    expect(failure(report, 'lib/quiet.dll', 'zlib')).toEqual([
      'USAGE',
      'lib/quiet.dll holds no component zlib; it has none',
    ])
  })

  test('a file: the message names those of the report', () => {
    expect(failure(report, 'bin/other', 'zlib')).toEqual([
      'USAGE',
      'the report has no file bin/other; it has bin/agent, lib/quiet.dll',
    ])
  })

  test('a file that could not be read: the message says why', () => {
    expect(failure(report, unknown.path, 'zlib')).toEqual([
      'INPUT_UNREADABLE',
      'bin/broken was not read: need 64 bytes at offset 0x1f40, have 12 (FORMAT_TRUNCATED)',
    ])
  })
})

test('texts and paths of hostile files are escaped, and the xxd line still names the file', () => {
  const evil = '\u001b[2J\nexe'
  const hostile: Match = {
    ...match,
    name: 'zlib',
    purl: `pkg:${evil}`,
    cpes: [evil],
    units: [unitOf(evil, 0, 0)],
    evidence: [{ kind: 'string', offset: 1, length: 2, unit: evil, bits: 1, text: evil, releases: [evil] }],
    against: [evil],
  }
  const text = explain({ ...report, files: [{ ...file, path: evil, components: [hostile] }] }, evil, 'zlib')
  expect(text).not.toMatch(/(?!\n)\p{Cc}/u)
  expect(text).toContain("xxd -s 0x1 -l 2 $'\\x1b[2J\\x0aexe'")
})

/** A report of one file with one component. */
function reportOf(one: Match): Report {
  return { ...report, files: [{ ...file, components: [one] }] }
}

function failure(from: Report, path: string, component: string): readonly string[] {
  try {
    explain(from, path, component)
  } catch (error) {
    if (error instanceof DetectorError) return [error.code, error.message]
    throw error
  }
  return []
}
