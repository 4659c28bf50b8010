import { copyFileSync, existsSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { decodePrints } from '../../src/database/prints-file.ts'
import type { Match } from '../../src/model.ts'
import { indexRelease } from '../../src/scan/index-release.ts'
import { type FingerprintDatabase, openDatabase } from '../../src/scan/open-database.ts'
import { scanFile } from '../../src/scan/scan-file.ts'
import { hasProgram, run, workDirectory } from '../fixtures/compile.ts'
import { compileProgram } from '../fixtures/programs.ts'

const PRINTS = fileURLToPath(new URL('../../fingerprint-db/prints/zlib.bpf', import.meta.url))
const USER = `#include <stdio.h>
#include <zlib.h>
int main(void) {
  static Bytef from[4096], to[8192];
  uLongf size = sizeof to;
  gzFile file = gzopen("/dev/null", "rb");
  if (compress(to, &size, from, sizeof from) != Z_OK || uncompress(from, &size, to, size) != Z_OK) return 1;
  printf("%d\\n", gzread(file, from, 1));
  return gzclose(file);
}
`

/** What the distribution that this runs on has of zlib; undefined where it has none. */
const distribution = findZlib()
const tools = ['gcc', 'strip', 'objcopy', 'objdump', 'nm'].every(hasProgram)
const work = workDirectory()
const at = (name: string): string => join(work.path, name)
afterAll(() => work.remove())

describe.skipIf(distribution === undefined || !tools)('of a distribution’s zlib', () => {
  const { archive, library, version } = distribution ?? { archive: '', library: '', version: '' }
  let db: FingerprintDatabase

  beforeAll(async () => {
    mkdirSync(at('prints'))
    copyFileSync(PRINTS, at('prints/zlib.bpf'))
    await indexRelease(at('prints'), [archive, library], { component: 'zlib', release: version })
    db = await openDatabase(at('prints'), { cacheDirectory: at('cache') })
    compileProgram(work.path, 'linked', { 'main.c': USER }, [archive, '-Wl,--build-id=none'])
    run('strip', '-o', at('stripped'), at('linked'))
  }, 60_000)
  afterAll(() => db.close())

  async function zlibIn(path: string): Promise<Match> {
    const report = await scanFile(path, { db })
    const match = report.files[0]!.components.find(({ name }) => name === 'zlib')
    if (match === undefined) throw new Error(`no zlib in ${path}`)
    return match
  }

  test('nothing was changed in a program that was linked with it', async () => {
    expect(await zlibIn(at('stripped'))).toMatchObject({ version: { kind: 'exact', version }, modified: [] })
  })

  test.each(['inflate', 'deflate', 'gzread'])(
    'a changed %s of a stripped program is found by its neighbours',
    async (name) => {
      const { offset } = change(at('linked'), name, at('stripped'), at(`stripped-${name}`))
      const { version: found, modified } = await zlibIn(at(`stripped-${name}`))
      expect(found).toMatchObject({ kind: 'exact', version })
      expect(modified).toMatchObject([{ name, offset, release: version }])
    },
  )

  test.each(['deflate', 'adler32_z', 'inflateBack'])(
    'a changed %s of the shared library is found by its name',
    async (name) => {
      const { offset, length } = change(library, name, library, at(`library-${name}`))
      expect((await zlibIn(at(`library-${name}`))).modified).toMatchObject([{ name, offset, length, release: version }])
    },
  )

  test('a function of the program’s own with a name of zlib’s is nobody’s change', async () => {
    const own =
      'int compress2(char *to, int size) { for (int i = 0; i < size; i++) to[i] = to[i] * 31 + size; return size; }'
    const user = USER.replace(
      /.*compress\(to.*\n/,
      '  if (inflateInit((z_stream *)to) != Z_OK || deflateInit((z_stream *)to, 9)) return 1;\n',
    )
    const flags = [archive, '-Wl,--allow-multiple-definition', '-Wl,--build-id=none']
    compileProgram(work.path, 'own', { 'main.c': user, 'own.c': own }, flags)
    expect((await zlibIn(at('own'))).modified).toEqual([])
  })

  test('a file with debugging information has the names of a library and none of its code, which is no contradiction', async () => {
    run('objcopy', '--only-keep-debug', '--remove-section=.note.gnu.build-id', library, at(basename(library)))
    const [file] = (await scanFile(at(basename(library)), { db })).files
    expect(file).toMatchObject({ components: [], contradictions: [] })
  })

  test('the build-id of a library that was changed no longer says that nothing was', async () => {
    change(library, 'deflateInit2_', library, at('library'))
    const match = await zlibIn(at('library'))
    expect(match).toMatchObject({ method: 'build-id', modified: [{ name: 'deflateInit2_' }] })
    expect(match.against.join()).toContain('it was changed since it was built: 1 of its functions')
  })
})

interface Place {
  readonly offset: number
  readonly length: number
}

/** Copies a file with one instruction of a function taken out; `named` is the same file with symbols. */
function change(named: string, name: string, from: string, to: string): Place {
  const place = placeOf(named, name)
  const bytes = readFileSync(from)
  // Three bytes that move a register: `mov %rsp,%rbp` and the like.
  const line = run(
    'objdump',
    '-d',
    `--start-address=${place.address}`,
    `--stop-address=${place.address + place.length}`,
    named,
  )
    .split('\n')
    .findLast((text) => /^\s+[0-9a-f]+:\t(?:[0-9a-f]{2} ){3}\s+(?:mov|add|sub) /.test(text))
  if (line === undefined) throw new Error(`${name} has no instruction to be taken out`)
  const instruction = Number.parseInt(line, 16) - place.address + place.offset
  bytes.set([0x0f, 0x1f, 0x00], instruction)
  writeFileSync(to, bytes)
  return place
}

/** Where a function is, by the symbol table or the dynamic one. */
function placeOf(path: string, name: string): Place & { readonly address: number } {
  const tables = [run('nm', '-S', path), run('nm', '-S', '-D', path)].join('\n')
  const [, address, length] = new RegExp(`^([0-9a-f]+) ([0-9a-f]+) [tT] ${name}(?:@.*)?$`, 'm').exec(tables) ?? []
  const [, start, offset] =
    /\.text +[0-9a-f]+ +([0-9a-f]+) +[0-9a-f]+ +([0-9a-f]+)/.exec(run('objdump', '-h', path)) ?? []
  const numbers = [address, length, start, offset].map((text) => Number.parseInt(text ?? '', 16))
  const [from = 0, size = 0, base = 0, file = 0] = numbers
  return { address: from, offset: from - base + file, length: size }
}

function findZlib(): { archive: string; library: string; version: string } | undefined {
  const archive = '/usr/lib/x86_64-linux-gnu/libz.a'
  const link = '/usr/lib/x86_64-linux-gnu/libz.so.1'
  const header = '/usr/include/zlib.h'
  if (![archive, link, header, PRINTS].every(existsSync)) return undefined
  const version = /ZLIB_VERSION "(.*)"/.exec(readFileSync(header, 'latin1'))?.[1] ?? ''
  const { releases } = decodePrints(readFileSync(PRINTS))
  const isIndexed = releases.some((release) => release.version === version && release.origin === 'source')
  return isIndexed ? { archive, library: realpathSync(link), version } : undefined
}
