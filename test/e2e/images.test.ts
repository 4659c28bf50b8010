import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { FoundComponent } from '../../src/index.ts'
import type { Report } from '../../src/model.ts'
import { hasProgram } from '../fixtures/compile.ts'
import { compileCommand } from '../fixtures/compiled.ts'
import { freePort, hasImageTools, type Images, located, serveSmallImages, smallImages } from '../image/images.ts'

const MOST_OUTPUT = 256 * 1024 ** 2

describe.skipIf(!hasImageTools)('images made by other tools', () => {
  let work = ''
  let home = ''
  let directory = ''
  let images: Images
  let first: Report

  beforeAll(async () => {
    work = mkdtempSync(join(tmpdir(), 'binprint-images-'))
    home = await compileCommand()
    const made = smallImages()
    directory = made.directory
    images = made.images
    first = await scan('docker-archive.tar')
  })
  afterAll(() => {
    rmSync(work, { recursive: true, force: true })
    if (home !== '') rmSync(home, { recursive: true, force: true })
  })

  async function binprint(...args: string[]): Promise<string> {
    const env = { PATH: process.env['PATH'] ?? '', BINPRINT_CACHE: work, HOME: work }
    const main = join(home, 'src/cli/main.js')
    const { stdout } = await promisify(execFile)(process.execPath, [main, ...args], { env, maxBuffer: MOST_OUTPUT })
    return stdout
  }

  function reference(name: string): string {
    return located(directory, images.references[name] ?? '')
  }

  async function scan(name: string, ...options: string[]): Promise<Report> {
    return JSON.parse(await binprint('scan', reference(name), '--format', 'json', ...options)) as Report
  }

  /** All but where it came from. */
  function content(report: Report): string {
    return JSON.stringify({ ...report, source: null })
  }

  test('a report names the layers with the lines of history that made them', () => {
    const expected = images.layers.map(({ diffId, createdBy }) => ({ diffId, createdBy }))
    expect(first.image).toEqual({ platform: 'linux/amd64', layers: expected })
    expect(first.unknowns).toEqual([])
  })

  test('the final view has what the layers left, and nothing that they took away', () => {
    const paths = first.files.map(({ path }) => path)
    const { app } = images
    for (const path of [...app.deleted, ...app.opaque.hidden]) expect(paths).not.toContain(`/${path}`)
    for (const path of [app.program.path, app.program.hardlink, ...app.opaque.visible])
      expect(paths).toContain(`/${path}`)
    const [replaced = ''] = app.replaced.paths
    expect(first.files.filter(({ path }) => path === `/${replaced}`).map(({ layerIndex }) => layerIndex)).toEqual([2])
    expect(first.files.flatMap(({ components }) => components.map(({ name }) => name))).not.toContain('libwebp')
    expect(paths.filter((path) => path.includes('!/')).length).toBeGreaterThanOrEqual(images.app.archives.length)
  })

  test('with all layers the replaced libexpat and the deleted libwebp are there, shadowed', async () => {
    const all = await scan('docker-archive.tar', '--all-layers')
    const shadowed = all.files.filter(({ visibility }) => visibility === 'shadowed')
    const causes = shadowed.map(({ components, shadowedBy }) => `${components[0]?.name} ${shadowedBy?.cause}`)
    expect([...new Set(causes)].sort()).toEqual(['expat replaced', 'libwebp whiteout', 'zlib opaque'])
    expect(all.files.filter(({ visibility }) => visibility === 'visible')).toEqual(first.files)
  })

  test('the report is the same over all transports and compressions', async () => {
    const others = Object.keys(images.references).filter((name) => name !== 'docker-archive.tar')
    expect(others.length).toBeGreaterThan(8)
    for (const name of others) expect(content(await scan(name)), name).toBe(content(first))
  })

  test('the report is the same whatever the number of threads, and with or without a cache', async () => {
    for (const jobs of ['1', '2', '5'])
      expect(content(await scan('oci-zstd', '--no-cache', '--jobs', jobs)), jobs).toBe(content(first))
  })

  test('the flat root has the same programs, with the same owners', async () => {
    const told = ({ files }: Report): string[] =>
      files.map(({ path, sha256, ownedBy }) => `${path} ${sha256} ${ownedBy}`)
    for (const flat of [`dir:${join(directory, images.flat.directory)}`, `tar:${join(directory, images.flat.tar)}`])
      expect(told(JSON.parse(await binprint('scan', flat, '--format', 'json'))), flat).toEqual(told(first))
  })

  test('a bare directory has the same programs and components, whatever the number of threads, and with or without a cache', async () => {
    const root = join(directory, images.flat.directory)
    const told = ({ files }: Report): string[] =>
      files.map(({ path, sha256, components }) => `${path} ${sha256} ${components.map(({ name }) => name)}`)
    const whole = await binprint('scan', root, '--format', 'json', '--no-cache', '--jobs', '1')
    const report = JSON.parse(whole) as Report
    expect(
      told({ ...report, files: report.files.map((file) => ({ ...file, path: `/${relative(root, file.path)}` })) }),
    ).toEqual(told(first))
    for (const options of [['--no-cache', '--jobs', '3'], [], ['--jobs', '2'], []])
      expect(await binprint('scan', root, '--format', 'json', ...options), options.join(' ')).toBe(whole)
  })

  test('an image is known by what a path holds, without its transport', async () => {
    const [, path = ''] = /^docker-archive:(.*)/.exec(reference('docker-archive.tar')) ?? []
    expect(await binprint('scan', path)).toContain(`docker-archive:${path}  linux/amd64\n`)
  })

  test('of several platforms that one is scanned which is asked for', async () => {
    const arm = await binprint(
      'scan',
      located(directory, images.twoPlatforms),
      '--platform',
      'arm64',
      '--format',
      'json',
    )
    expect((JSON.parse(arm) as Report).image?.platform).toMatch(/^linux\/arm64/)
  })

  test('what was scanned is found without another scan', async () => {
    const found = JSON.parse(await binprint('find', 'zlib@<1.3', '--format', 'json')) as FoundComponent
    const one = found.found.find(({ references }) => references.includes(reference('docker-archive.tar')))
    expect(one?.places.map(({ path }) => path)).toContain(`/${images.app.program.path}`)
    expect(await binprint('find', 'zlib@>=1.3')).toMatch(/^zlib in 0 of \d+ scanned images?\n$/)
    await expect(binprint('find', 'no-such-component')).rejects.toMatchObject({ code: 2 })
  })

  test.skipIf(!hasProgram('docker-registry') || !hasProgram('curl'))(
    'a registry is swept, layer by layer',
    async () => {
      const port = await freePort()
      const registry = serveSmallImages(port)
      try {
        const repository = `127.0.0.1:${port}/acme/app`
        const lines = await binprint('scan', `registry:${repository}`, '--tags', '1.*', '--format', 'json')
        const reports = lines
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as Report)
        expect(reports.map(({ source }) => source?.reference)).toEqual(
          ['1.1', '1.2', '1.3', '1.4', '1.5'].map((tag) => `registry:${repository}:${tag}`),
        )
        expect(content(JSON.parse(await binprint('scan', `${repository}:latest`, '--format', 'json')))).toBe(
          content(first),
        )
      } finally {
        registry.stop()
      }
    },
  )
})
