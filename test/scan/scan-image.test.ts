import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Report } from '../../src/model.ts'
import { explain } from '../../src/scan/explain.ts'
import { type FingerprintDatabase, openDatabase } from '../../src/scan/open-database.ts'
import { type ScanImageOptions, scanImage } from '../../src/scan/scan-image.ts'
import { fixtureContent, fixtureDatabase } from '../fixtures/database.ts'
import { dockerArchive, type FixtureLayer } from '../fixtures/docker-archive.ts'
import { elfProgram } from '../fixtures/programs.ts'
import { buildTar, type TarFixtureMember } from '../fixtures/tar.ts'
import { buildZip } from '../fixtures/zip.ts'

const work = mkdtempSync(join(tmpdir(), 'binprint-image-'))
const heron = program('heronzip', '1.1.0')
const newHeron = program('heronzip', '2.0.0')
const crane = program('cranekit', '0.11.0')
let db: FingerprintDatabase

beforeAll(async () => {
  db = await openDatabase(await fixtureDatabase())
})
afterAll(async () => {
  await db.close()
  rmSync(work, { recursive: true, force: true })
})

function program(component: string, version: string): Uint8Array {
  return elfProgram(fixtureContent(component, version))
}

function member(path: string, bytes: Uint8Array | string = ''): TarFixtureMember {
  return { path, bytes: Buffer.from(bytes) }
}

/** An image in an archive of its own; a list of members is a layer. */
function imageOf(...layers: readonly (FixtureLayer | readonly TarFixtureMember[])[]): string {
  const path = join(mkdtempSync(join(work, 'image-')), 'image.tar')
  writeFileSync(path, dockerArchive(layers.map((one) => ('members' in one ? one : { members: one }))))
  return `docker-archive:${path}`
}

function scan(reference: string, options: Partial<ScanImageOptions> = {}): Promise<Report> {
  return scanImage(reference, { db, ...options })
}

/** `layer path: component version`, one line a file. */
function lines({ files }: Report): string[] {
  return files.map(({ path, layerIndex, visibility, components }) => {
    const found = components.map(({ name, version }) => `${name} ${version.kind === 'exact' ? version.version : '?'}`)
    return `${layerIndex} ${path}${visibility === 'shadowed' ? ' shadowed' : ''}: ${found.join(', ')}`
  })
}

const STATUS = `Package: libheron1
Status: install ok installed
Architecture: amd64
Source: heronzip (1.0-1)
Version: 1:1.1.0-2

Package: pond
Status: install ok installed
Architecture: amd64
Version: 7-1
`

describe('what a container sees', () => {
  test('a replaced library is reported once, with the layer that put it there', async () => {
    const report = await scan(
      imageOf([member('lib/libheronzip.so.1', heron)], [member('lib/libheronzip.so.1', newHeron)]),
    )
    expect(lines(report)).toEqual(['1 /lib/libheronzip.so.1: heronzip 2.0.0'])
    const [file] = report.files
    expect(file).toMatchObject({ layer: report.image?.layers[1]?.diffId, visibility: 'visible', shadowedBy: null })
  })

  test('with all layers what was taken away is there as well, and says by what', async () => {
    const image = imageOf(
      [member('a', heron), member('d/b', crane), member('c', heron)],
      [member('a', newHeron), member('.wh.c'), member('d/.wh..wh..opq')],
    )
    const report = await scan(image, { allLayers: true })
    expect(lines(report)).toEqual([
      '0 /a shadowed: heronzip 1.1.0',
      '1 /a: heronzip 2.0.0',
      '0 /c shadowed: heronzip 1.1.0',
      '0 /d/b shadowed: cranekit 0.11.0',
    ])
    const layer = report.image?.layers[1]?.diffId
    expect(report.files.map(({ shadowedBy }) => shadowedBy)).toEqual([
      { layer, layerIndex: 1, cause: 'replaced' },
      null,
      { layer, layerIndex: 1, cause: 'whiteout' },
      { layer, layerIndex: 1, cause: 'opaque' },
    ])
  })

  test('a hard link to a program of a lower layer is a program of the layer that made it', async () => {
    const report = await scan(imageOf([member('a', heron)], [{ path: 'b', type: '1', link: 'a' }]))
    expect(lines(report)).toEqual(['0 /a: heronzip 1.1.0', '1 /b: heronzip 1.1.0'])
  })

  test('history lines go in step with the layers that they made', async () => {
    const { image } = await scan(imageOf({ members: [member('a')], createdBy: 'FROM pond' }, [member('b')]))
    expect(image?.platform).toBe('linux/amd64')
    expect(image?.layers.map(({ createdBy }) => createdBy)).toEqual(['FROM pond', 'COPY 1 /'])
  })

  test('files that hold no programs are counted', async () => {
    const report = await scan(
      imageOf([member('a', heron), member('b', 'text'), member('c.gz', gzipSync('text'))], [member('.wh.b')]),
    )
    expect(report).toMatchObject({ skipped: 1, unknowns: [] })
  })
})

describe('containers within files', () => {
  test('programs in containers in containers have nested paths', async () => {
    const inner = buildZip([
      { path: 'native/libheronzip.so', bytes: heron },
      { path: 'readme', bytes: Buffer.from('x') },
    ])
    const outer = buildZip([{ path: 'lib/inner.jar', bytes: inner, method: 0 }])
    const report = await scan(imageOf([member('opt/app.war', outer)]))
    expect(lines(report)).toEqual(['0 /opt/app.war!/lib/inner.jar!/native/libheronzip.so: heronzip 1.1.0'])
    expect(report.skipped).toBe(1)
  })

  test('a container that is nested too deep is an unknown, and what is above it is read', async () => {
    const inner = buildZip([{ path: 'a', bytes: heron }])
    const outer = buildZip([
      { path: 'b', bytes: crane },
      { path: 'inner.zip', bytes: inner },
    ])
    const report = await scan(imageOf([member('x.zip', outer)]), { limits: { containerDepth: 1 } })
    expect(lines(report)).toEqual(['0 /x.zip!/b: cranekit 0.11.0'])
    expect(report.unknowns).toMatchObject([{ path: '/x.zip!/inner.zip', code: 'LIMIT_EXCEEDED', layerIndex: 0 }])
  })

  test('what is not looked into is said to be not analysed', async () => {
    const squashfs = Buffer.concat([Buffer.from('hsqs'), Buffer.alloc(200)])
    const { unknowns } = await scan(imageOf([member('fs.img', squashfs)]))
    expect(unknowns).toMatchObject([
      { path: '/fs.img', code: 'FORMAT_UNSUPPORTED', message: expect.stringMatching(/^not analysed: squashfs/) },
    ])
  })
})

describe('owners', () => {
  test('a package owns its files, through links of directories, and its own library is its own', async () => {
    const report = await scan(
      imageOf([
        { path: 'lib', type: '2', link: 'usr/lib' },
        member('usr/lib/libheronzip.so.1', heron),
        member('usr/bin/pond', heron),
        member('usr/bin/stray', heron),
        member('var/lib/dpkg/status', STATUS),
        member('var/lib/dpkg/info/libheron1.list', '/.\n/lib\n/lib/libheronzip.so.1\n'),
        member('var/lib/dpkg/info/pond.list', '/usr/bin/pond\n'),
      ]),
    )
    expect(report.files.map(({ path, ownedBy, components }) => [path, ownedBy, components[0]?.own])).toEqual([
      ['/usr/bin/pond', 'pond', false],
      ['/usr/bin/stray', null, false],
      ['/usr/lib/libheronzip.so.1', 'libheron1', true],
    ])
    expect(report.files[2]?.owner).toEqual({
      kind: 'deb',
      name: 'libheron1',
      version: '1:1.1.0-2',
      architecture: 'amd64',
      source: 'heronzip',
      sourceVersion: '1.0-1',
    })
  })

  test('only databases count that a container sees', async () => {
    const report = await scan(
      imageOf(
        [
          member('bin/a', heron),
          member('var/lib/dpkg/status', STATUS),
          member('var/lib/dpkg/info/pond.list', '/bin/a\n'),
        ],
        [member('var/lib/dpkg/.wh.info')],
      ),
    )
    expect(report.files[0]?.ownedBy).toBeNull()
  })
})

describe('what cannot be trusted', () => {
  test('a layer that is not the one of the configuration ends the scan', async () => {
    const image = imageOf({ members: [member('a')], diffId: `sha256:${'0'.repeat(64)}` })
    await expect(scan(image)).rejects.toMatchObject({ code: 'IMAGE_DIGEST_MISMATCH' })
  })

  test('a path that leads out of the image is an unknown, and the others are read', async () => {
    const report = await scan(imageOf([member('../../etc/passwd', heron), member('/abs', heron)]))
    expect(lines(report)).toEqual(['0 /abs: heronzip 1.1.0'])
    expect(report.unknowns).toMatchObject([{ path: '/', layerIndex: 0, code: 'IMAGE_UNSAFE_PATH' }])
  })

  test('a layer that is cut short is an unknown, and what is before the cut is read', async () => {
    const tar = buildTar([member('a', heron), member('b', crane)])
    const report = await scan(imageOf({ members: tar.subarray(0, tar.length - 2000) }))
    expect(lines(report)).toEqual(['0 /a: heronzip 1.1.0'])
    expect(report.unknowns).toMatchObject([{ path: '/', code: 'FORMAT_TRUNCATED' }])
  })

  test('a decompression bomb ends in a clear error', async () => {
    const image = imageOf({ members: new Uint8Array(64 * 1024 ** 2), store: (tar) => gzipSync(tar) })
    await expect(scan(image, { limits: { unpackRatio: 100 } })).rejects.toMatchObject({ code: 'LIMIT_EXCEEDED' })
  })

  test('of a layer of too many entries the first ones are read, and the rest is an unknown', async () => {
    const image = imageOf([member('a', heron), ...Array.from({ length: 100 }, (_, i) => member(`f${i}`))])
    const report = await scan(image, { limits: { layerEntries: 50 } })
    expect(lines(report)).toEqual(['0 /a: heronzip 1.1.0'])
    expect(report.unknowns).toMatchObject([{ path: '/', message: expect.stringContaining('limits.layerEntries') }])
  })

  test.each([
    ['nonsense:', 'USAGE'],
    ['docker-archive:', 'USAGE'],
    ['docker-archive:/no/such.tar', 'INPUT_NOT_FOUND'],
    ['oci-dir:/no/such', 'INPUT_NOT_FOUND'],
    ['dir:/no/such', 'INPUT_NOT_FOUND'],
  ])('%s is %s', async (reference, code) => {
    await expect(scan(reference)).rejects.toMatchObject({ code })
  })

  test('an abort ends the scan', async () => {
    const stop = new AbortController()
    stop.abort()
    await expect(scan(imageOf([member('a')]), { signal: stop.signal })).rejects.toMatchObject({ code: 'ABORTED' })
  })
})

test('an abort in the midst of the files ends the scan with the others untouched', async () => {
  const stop = new AbortController()
  const seen: string[] = []
  const image = imageOf([member('a', heron), member('b', crane), member('c', newHeron)])
  const scanning = scan(image, {
    signal: stop.signal,
    onProgress: ({ phase, label = '' }) => {
      if (phase !== 'scan') return
      seen.push(label)
      stop.abort()
    },
  })
  await expect(scanning).rejects.toMatchObject({ code: 'ABORTED' })
  expect(seen).toHaveLength(1)
})

describe('plain file systems', () => {
  test('a directory has owners and links, and no layers', async () => {
    const root = mkdtempSync(join(work, 'root-'))
    const put = (path: string, bytes: Uint8Array | string): void => {
      mkdirSync(dirname(join(root, path)), { recursive: true })
      writeFileSync(join(root, path), bytes)
    }
    put('usr/lib/libheronzip.so.1', heron)
    put('var/lib/dpkg/status', STATUS)
    put('var/lib/dpkg/info/libheron1.list', '/lib/libheronzip.so.1\n')
    symlinkSync('usr/lib', join(root, 'lib'))
    symlinkSync('/', join(root, 'up'))
    const report = await scan(`dir:${root}`)
    expect(lines(report)).toEqual(['0 /usr/lib/libheronzip.so.1: heronzip 1.1.0'])
    expect(report.files[0]).toMatchObject({ ownedBy: 'libheron1', layer: null })
    expect(report.image).toEqual({ platform: null, layers: [{ diffId: null, createdBy: null }] })
  })
})

test('what was found in an image can be explained', async () => {
  const report = await scan(imageOf([member('a', heron)]))
  expect(explain(report, '/a', 'heronzip')).toContain('heronzip 1.1.0')
})

test('options out of range are mistakes of the caller', async () => {
  await expect(scan(imageOf([member('a')]), { minConfidence: 2 })).rejects.toThrow(TypeError)
})
