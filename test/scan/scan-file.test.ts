import { createHash } from 'node:crypto'
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DetectorError } from '../../src/errors.ts'
import type { Report } from '../../src/model.ts'
import { toJson } from '../../src/report/json.ts'
import type { ScanOptions } from '../../src/scan/files-report.ts'
import { type FingerprintDatabase, openDatabase } from '../../src/scan/open-database.ts'
import { scanFile } from '../../src/scan/scan-file.ts'
import { arMember, buildAr } from '../fixtures/ar.ts'
import { fixtureContent, fixtureDatabase } from '../fixtures/database.ts'
import { elfProgram, type ProgramContent, peProgram } from '../fixtures/programs.ts'

const work = mkdtempSync(join(tmpdir(), 'binprint-scan-'))
const heronzip = fixtureContent('heronzip', '1.2.0')
let db: FingerprintDatabase

beforeAll(async () => {
  db = await openDatabase(await fixtureDatabase())
})
afterAll(async () => {
  await db.close()
  rmSync(work, { recursive: true, force: true })
})

function write(name: string, bytes: Uint8Array | string): string {
  const path = join(work, name)
  writeFileSync(path, bytes)
  return path
}

async function scan(input: string | Uint8Array, options: Partial<ScanOptions> = {}): Promise<Report> {
  return scanFile(input, { db, ...options })
}

/** Name and version of each component found, `name version`. */
function found(report: Report): string[] {
  return report.files.flatMap(({ components }) =>
    components.map(({ name, version }) => {
      if (version.kind === 'exact') return `${name} ${version.version}`
      return version.kind === 'set' ? `${name} one of ${version.versions.join(', ')}` : `${name} ?`
    }),
  )
}

function together(...contents: readonly ProgramContent[]): ProgramContent {
  return { strings: contents.flatMap(({ strings = [] }) => strings) }
}

describe('a program', () => {
  test.each([
    ['ELF', elfProgram, 'elf'],
    ['PE', peProgram, 'pe'],
  ])('%s is read, and what it holds is named', async (_name, build, format) => {
    const bytes = build(heronzip)
    const report = await scan(write(`agent-${format}`, bytes))
    expect(report).toMatchObject({
      schemaVersion: 1,
      tool: { name: 'binprint' },
      findings: [],
      unknowns: [],
      skipped: 0,
    })
    expect(report.files).toMatchObject([
      {
        path: join(work, `agent-${format}`),
        sha256: createHash('sha256').update(bytes).digest('hex'),
        size: bytes.length,
        format,
        arch: 'x86_64',
        layer: null,
        visibility: 'visible',
        ownedBy: null,
      },
    ])
    expect(found(report)).toEqual(['heronzip 1.2.0'])
  })

  test('with several components has them all', async () => {
    const content = together(heronzip, fixtureContent('cranekit', '0.11.0'), fixtureContent('storkdb', '3.1'))
    expect(found(await scan(elfProgram(content))).sort()).toEqual([
      'cranekit 0.11.0',
      'heronzip 1.2.0',
      'storkdb one of 3.1',
    ])
  })

  test('that holds a component’s copy of another has the other, not its carrier', async () => {
    const { strings = [] } = fixtureContent('heronzip', '1.0.0')
    expect(found(await scan(elfProgram({ strings })))).toEqual(['heronzip 1.0.0'])
  })

  test('gives the same bytes every time', async () => {
    const path = write('twice', elfProgram(together(heronzip, fixtureContent('storkdb', '3.2'))))
    expect(toJson(await scan(path))).toBe(toJson(await scan(path)))
  })

  test('gives the same answer under another name', async () => {
    const path = write('libheronzip.so.1', elfProgram(heronzip))
    const renamed = join(work, 'notes.bin')
    copyFileSync(path, renamed)
    const [one, two] = [await scan(path), await scan(renamed)]
    expect(two.files).toEqual(one.files.map((file) => ({ ...file, path: renamed })))
  })

  test('is linked to what it asks the loader for', async () => {
    const report = await scan(elfProgram({ needed: ['libheronzip.so.1', 'libc.so.6'] }))
    expect(report.files[0]?.components).toMatchObject([{ name: 'heronzip', role: 'linked' }])
  })

  test('of a PE file is linked to what it imports', async () => {
    const report = await scan(peProgram({ needed: ['heronzip.dll', 'KERNEL32.dll'] }))
    expect(report.files[0]?.components).toMatchObject([{ name: 'heronzip', role: 'linked' }])
  })
})

describe('bytes', () => {
  test('are scanned like a file', async () => {
    const bytes = elfProgram(heronzip)
    const fromFile = await scan(write('bytes', bytes))
    const fromBytes = await scan(bytes)
    expect(fromBytes.files).toEqual(fromFile.files.map((file) => ({ ...file, path: '(bytes)' })))
  })

  test('that are no program are an unknown', async () => {
    expect(await scan(Buffer.from('plain text'))).toMatchObject({
      files: [],
      unknowns: [{ path: '(bytes)', code: 'FORMAT_BAD_MAGIC' }],
    })
  })
})

describe('an archive of objects', () => {
  const members = [
    { name: 'inflate.o', bytes: elfProgram({ strings: heronzip.strings!.slice(0, 9) }) },
    { name: 'rest.o', bytes: elfProgram({ strings: heronzip.strings!.slice(9) }) },
  ]

  test.each(['gnu', 'bsd', 'microsoft'] as const)(
    'of the %s kind is one file: what its members hold together',
    async (kind) => {
      const report = await scan(write(`heronzip-${kind}.a`, buildAr(members, kind)))
      expect(report.unknowns).toEqual([])
      expect(report.files).toMatchObject([{ format: 'ar', arch: 'x86_64' }])
      expect(found(report)).toEqual(['heronzip 1.2.0'])
    },
  )

  test('has evidence at offsets of the archive', async () => {
    const bytes = buildAr(members)
    const { files } = await scan(bytes)
    for (const { offset, length, text } of files[0]!.components[0]!.evidence.filter(({ kind }) => kind !== 'symbol'))
      expect(
        Buffer.from(bytes)
          .subarray(offset!, offset! + length)
          .toString('latin1'),
      ).toBe(text)
  })

  test('with a broken member has that as an unknown, and the others all the same', async () => {
    const broken = { name: 'broken.o', bytes: members[0]!.bytes.subarray(0, 40) }
    const path = write('broken.a', buildAr([...members, broken]))
    const report = await scan(path)
    expect(report.unknowns).toMatchObject([{ path: `${path}!/broken.o`, code: expect.stringMatching(/^FORMAT_/) }])
    expect(found(report)).toEqual(['heronzip 1.2.0'])
  })

  test('without any object is an unknown', async () => {
    const path = write('empty.a', buildAr([]))
    expect(await scan(path)).toMatchObject({ files: [], unknowns: [{ path, code: 'FORMAT_CORRUPT' }] })
  })

  test('that is cut off is an unknown', async () => {
    const whole = buildAr(members)
    const path = write('cut.a', whole.subarray(0, whole.length - 200))
    const { unknowns } = await scan(path)
    expect(unknowns.length).toBeGreaterThan(0)
  })

  test('whose member claims to be larger than the file is an unknown', async () => {
    const bytes = Buffer.concat([Buffer.from('!<arch>\n'), arMember('a.o/', members[0]!.bytes, 9_999_999)])
    const { unknowns } = await scan(write('lie.a', bytes))
    expect(unknowns).toMatchObject([{ code: 'FORMAT_TRUNCATED' }])
  })
})

describe('what cannot be read is an unknown with a code', () => {
  test.each<[string, () => string, string]>([
    ['a text', () => write('note.txt', 'just a note\n'), 'FORMAT_BAD_MAGIC'],
    ['an empty file', () => write('nothing', ''), 'FORMAT_BAD_MAGIC'],
    ['a program cut off in its header', () => write('cut', elfProgram(heronzip).subarray(0, 30)), 'FORMAT_TRUNCATED'],
    [
      'a PE program cut off in its header',
      () => write('cut.exe', peProgram(heronzip).subarray(0, 150)),
      'FORMAT_TRUNCATED',
    ],
    ['a file that is not there', () => join(work, 'missing'), 'INPUT_NOT_FOUND'],
    ['a directory', () => work, 'INPUT_UNREADABLE'],
  ])('%s', async (_name, path, code) => {
    const input = path()
    expect(await scan(input)).toMatchObject({ files: [], unknowns: [{ path: input, code }], skipped: 0 })
  })

  test('a program cut off in the middle is a file and an unknown, or an unknown', async () => {
    const whole = elfProgram(heronzip)
    const report = await scan(write('half', whole.subarray(0, whole.length >> 1)))
    expect(report.unknowns.length).toBeGreaterThan(0)
  })

  test.each([
    ['one that needs more than the engine holds is LIMIT_EXCEEDED', 'Map maximum size exceeded', 'LIMIT_EXCEEDED'],
    [
      'any other error of a range is a defect and ends the scan',
      'Offset is outside the bounds of the DataView',
      undefined,
    ],
  ])('%s', async (_name, message, code) => {
    const filter = () => {
      throw new RangeError(message)
    }
    const reader = new Proxy(db.reader, {
      get: (from, key) => (key === 'prefilter' ? { filter } : Reflect.get(from, key)),
    })
    const report = scan(elfProgram(heronzip), { db: { ...db, reader } })
    if (code === undefined) await expect(report).rejects.toThrow(message)
    else expect(await report).toMatchObject({ files: [], unknowns: [{ code, message }] })
  })

  test('and a broken file never ends a scan, wherever it is broken', async () => {
    const whole = elfProgram(together(heronzip, fixtureContent('cranekit', '0.10.0')))
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { maxLength: 12 })
    await fc.assert(
      fc.asyncProperty(damage, fc.nat(whole.length), async (changes, length) => {
        const bytes = Uint8Array.from(whole.subarray(0, length))
        for (const [at, value] of changes) if (at < length) bytes[at] = value
        const { files, unknowns } = await scan(bytes)
        expect(files.length + unknowns.length).toBeGreaterThan(0)
      }),
      { numRuns: 150 },
    )
  })
})

describe('options', () => {
  test('minConfidence leaves claims below it out', async () => {
    const bytes = elfProgram(together(heronzip, fixtureContent('storkdb', '3.1')))
    const { files } = await scan(bytes, { minConfidence: 0 })
    const confidences = files[0]!.components.map(({ confidence }) => confidence)
    expect(confidences.length).toBeGreaterThan(1)
    const strict = await scan(bytes, { minConfidence: confidences[0]! })
    expect(strict.files[0]!.components.map(({ confidence }) => confidence)).toEqual(
      confidences.filter((confidence) => confidence >= confidences[0]!),
    )
    expect((await scan(bytes, { minConfidence: 1 })).files[0]?.components).toEqual([])
  })

  test.each([-0.1, 1.1, Number.NaN])('minConfidence %d is the caller’s mistake', async (minConfidence) => {
    await expect(scan(elfProgram(heronzip), { minConfidence })).rejects.toThrow(TypeError)
  })

  test('a limit that a file exceeds makes it an unknown that names the limit', async () => {
    const { unknowns } = await scan(elfProgram({ ...heronzip }), { limits: { tableEntries: 3 } })
    expect(unknowns).toMatchObject([{ code: 'LIMIT_EXCEEDED', message: expect.stringContaining('tableEntries') }])
  })

  test('an aborted signal ends the scan', async () => {
    const promise = scan(elfProgram(heronzip), { signal: AbortSignal.abort() })
    await expect(promise).rejects.toMatchObject({ code: 'ABORTED' })
    await expect(promise).rejects.toBeInstanceOf(DetectorError)
  })

  test('onProgress names the file', async () => {
    const labels: unknown[] = []
    const path = write('watched', elfProgram(heronzip))
    await scan(path, { onProgress: ({ phase, label }) => labels.push([phase, label]) })
    expect(labels).toEqual([['scan', path]])
  })
})
