import { describe, expect, test } from 'vitest'
import { SourceIndexer } from '../../src/build/index-sources.ts'
import type { PathRules } from '../../src/build/sources/paths.ts'
import { hash64, high32, low32 } from '../../src/bytes/hash.ts'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import type { ComponentPrints } from '../../src/database/schema.ts'
import { extractTable } from '../../src/fingerprint/extract.ts'
import { immediateBytes } from '../../src/fingerprint/rare.ts'
import { sourceReleases } from './component.ts'

const RULES: PathRules = {
  exclude: [],
  vendored: [],
  patterns: [],
  componentNames: new Set(),
  ownNames: new Set(['foo']),
}

/** Prints of releases `1`, `2` … that hold these files. */
function index(...releases: Readonly<Record<string, string>>[]): ComponentPrints {
  const builder = new PrintsBuilder('foo', sourceReleases(...releases.map((_, i) => `${i + 1}`)))
  const indexer = new SourceIndexer(builder, RULES, ['foo'], DEFAULT_LIMITS)
  for (const files of releases)
    for (const [path, text] of Object.entries(files)) indexer.addFile({ id: text, bytes: Buffer.from(text) }, path)
  releases.forEach((files, release) => {
    indexer.addRelease(
      release,
      `${release + 1}`,
      Object.entries(files).map(([path, id]) => ({ path, id, size: id.length })),
    )
  })
  return builder.finish()
}

/** `unit from-to` of each posting of a hash. */
function postings(prints: ComponentPrints, kind: FeatureKind, hash: bigint): string[] {
  const table = prints.features[kind]
  for (let i = 0; i < table.high.length; i++)
    if (table.high[i] === high32(hash) && table.low[i] === low32(hash))
      return Array.from({ length: table.starts[i + 1]! - table.starts[i]! }, (_, p) => {
        const at = table.starts[i]! + p
        return `${prints.units[table.units[at]!]!.path} ${prints.sets[table.sets[at]!]!.join('-')}`
      })
  return []
}

/** Sixteen-bit numbers that have windows, and these windows in both byte orders. */
const NUMBERS = Array.from({ length: 400 }, (_, i) => (i * 40_503 + 17) % 65_536)
const windowsOf = (littleEndian: boolean): bigint[] => {
  const bytes = Buffer.alloc(2 * NUMBERS.length)
  NUMBERS.forEach((n, i) => {
    if (littleEndian) bytes.writeUInt16LE(n, 2 * i)
    else bytes.writeUInt16BE(n, 2 * i)
  })
  const hashes: bigint[] = []
  extractTable(bytes, (high, low) => hashes.push((BigInt(high) << 32n) | BigInt(low)))
  return hashes
}
const HASH = windowsOf(true)[0]!

describe('a table', () => {
  test('of a standard type has windows in both byte orders', () => {
    const prints = index({ 'a.c': `const uint16_t t[] = {${NUMBERS.join()}};` })
    expect(postings(prints, FeatureKind.Table, HASH)).toEqual(['a.c 0-0'])
    expect(postings(prints, FeatureKind.BigEndianTable, windowsOf(false)[0]!)).toEqual(['a.c 0-0'])
  })

  test('of a type and length that a header defines is resolved', () => {
    const prints = index({
      'foo.h': '#define COUNT 400\ntypedef unsigned short ush;\n#define FIRST (10 + 7)',
      'a.c': `const ush t[COUNT] = {FIRST, ${NUMBERS.slice(1).join()}};`,
    })
    expect(postings(prints, FeatureKind.Table, HASH)).toEqual(['a.c 0-0'])
  })

  test('means what the headers of each release say', () => {
    const source = `const ush t[] = {${NUMBERS.join()}};`
    const prints = index(
      { 'foo.h': 'typedef unsigned int ush;', 'a.c': source },
      { 'foo.h': 'typedef unsigned short ush;', 'a.c': source },
    )
    expect(postings(prints, FeatureKind.Table, HASH)).toEqual(['a.c 1-1'])
  })

  test('with a macro that C++ writes in another way is read as C', () => {
    const macro = '#ifdef __cplusplus\n#define CAST(x) static_cast<ush>(x)\n#else\n#define CAST(x) (ush)(x)\n#endif'
    const prints = index({ 'foo.h': macro, 'a.c': `const uint16_t t[] = {CAST(17), ${NUMBERS.slice(1).join()}};` })
    expect(postings(prints, FeatureKind.Table, HASH)).toEqual(['a.c 0-0'])
  })

  test('whose elements stand in another file is read with it', () => {
    const prints = index({
      'lib/t.inc': `${NUMBERS.slice(2).join(',\n')}`,
      'lib/a.c': `const uint16_t t[] = {${NUMBERS.slice(0, 2).join()},\n#include "t.inc"\n};`,
    })
    expect(postings(prints, FeatureKind.Table, HASH)).toEqual(['a.c 0-0'])
  })

  test('of a listed algorithm is left out as far as it is listed', () => {
    const quantisation = [16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55]
    const rest = Array.from({ length: 48 }, (_, i) => (i * 73 + 5) % 251)
    const bytes = Uint8Array.from([...quantisation, ...rest, ...rest.slice().reverse(), ...rest])
    const all: number[] = []
    extractTable(bytes, (_high, _low, offset) => all.push(offset))
    const prints = index({ 'a.c': `const uint8_t t[] = {${bytes.join()}};` })
    expect(prints.features[FeatureKind.Table].high.length).toBe(all.filter((offset) => offset >= 64).length)
  })
})

describe('a rare constant', () => {
  const value = hash64(immediateBytes(0x1234_5678n))

  test.each([
    ['spelled out', { 'a.c': 'void f(void) { g(0x12345678); }' }],
    [
      'by a macro of a header',
      { 'foo.h': '#define MAGIC (0x1234 << 16 | 0x5678)', 'a.c': 'void f(void) { g(MAGIC); }' },
    ],
    ['by an enumerator', { 'foo.h': 'enum { BASE = 0x12345677, MAGIC };', 'a.c': 'void f(void) { g(MAGIC); }' }],
    ['by a constant', { 'foo.h': 'static const int kMagic = 0x12345678;', 'a.c': 'void f(void) { g(kMagic); }' }],
    ['by a macro of macros', { 'foo.h': '#define AAA BBB\n#define BBB 0x12345678', 'a.c': 'void f(void) { g(AAA); }' }],
    [
      'by a macro with parameters',
      { 'foo.h': '#define MIX(x) ((x) * 0x12345678)', 'a.c': 'void f(void) { g(MIX(y)); }' },
    ],
    ['by a macro of its own file', { 'a.c': '#define MAGIC 0x12345678\nvoid f(void) { g(MAGIC); }' }],
  ])('%s belongs to the file that uses it', (_name, files) => {
    expect(postings(index(files), FeatureKind.Immediate, value)).toContain('a.c 0-0')
  })

  test('of a macro that a file only defines is not the header’s', () => {
    const prints = index({ 'foo.h': '#define MAGIC 0x12345678', 'a.c': 'void f(void) { g(OTHER); }' })
    expect(prints.features[FeatureKind.Immediate].high.length).toBe(0)
  })

  test('means what the headers of each release say', () => {
    const source = 'void f(void) { g(MAGIC); }'
    const prints = index(
      { 'foo.h': '#define MAGIC 0x12345678', 'a.c': source },
      { 'foo.h': '#define MAGIC 0x12345679', 'a.c': source },
    )
    expect(postings(prints, FeatureKind.Immediate, value)).toEqual(['a.c 0-0'])
    expect(postings(prints, FeatureKind.Immediate, hash64(immediateBytes(0x1234_5679n)))).toEqual(['a.c 1-1'])
  })

  test('of a macro that defines itself ends', () => {
    expect(
      index({ 'a.c': '#define AAA BBB\n#define BBB AAA + 0x12345678\nint f(void) { return AAA; }' }).units,
    ).toHaveLength(1)
  })
})
