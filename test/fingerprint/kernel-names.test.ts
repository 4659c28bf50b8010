import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashText, high32, low32 } from '../../src/bytes/hash.ts'
import { kernel } from '../../src/fingerprint/kernel/kernel.ts'
import { hashNames } from '../../src/fingerprint/kernel/names.ts'
import type { Prefilter } from '../../src/fingerprint/kernel/prefilter.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'
import { demangledName } from '../../src/fingerprint/qualified-names.ts'

/** Bytes of a table that the kernel gets at once. */
const WINDOW = 1 << 22

interface Found {
  readonly hash: string
  readonly offset: number
  readonly length: number
}

function keyOf(hash: bigint): string {
  return `${high32(hash)} ${low32(hash)}`
}

/** What the kernel makes of names that lie one behind the other from offset `base` on. */
function hashed(names: readonly string[], { base = 0, gap = 1, prefilter }: Partial<Options> = {}): Found[] {
  const starts: number[] = []
  let size = 0
  for (const name of names) {
    starts.push(size)
    size += name.length + gap
  }
  const bytes = Buffer.alloc(size)
  names.forEach((name, i) => {
    bytes.write(name, starts[i]!, 'latin1')
  })
  const found: Found[] = []
  const ranges = {
    bytes,
    offset: base,
    count: names.length,
    starts: Uint32Array.from(starts),
    lengths: Uint32Array.from(names, (name) => name.length),
  }
  kernel().load(prefilter)
  hashNames(kernel(), ranges, prefilter, ({ count, high, low, offsets, lengths }) => {
    for (let i = 0; i < count; i++)
      found.push({ hash: `${high[i]} ${low[i]}`, offset: offsets[i]!, length: lengths[i]! })
  })
  return found.sort((a, b) => a.offset - b.offset)
}

interface Options {
  readonly base: number
  readonly gap: number
  readonly prefilter: Prefilter
}

/** The rule in JavaScript. */
function expected(name: string): string | undefined {
  if (name.length < 5 || name.startsWith('_R')) return undefined
  const source = name.startsWith('_Z') ? (name.length > 512 ? undefined : demangledName(name)) : name
  return source === undefined || source.length < 5 ? undefined : source
}

const part = fc
  .oneof(
    fc.stringMatching(/^[a-zA-Z_]\w{0,12}$/),
    fc.constantFrom(
      '__1',
      '__12x',
      '__cxx11',
      '__cxx110',
      'lts_20240116',
      'lts_',
      'lts_1a',
      '_GLOBAL__N_1',
      '_GLOBAL__',
    ),
    fc.constantFrom('1a', 'a-b', 'é', ''),
  )
  .chain((name) =>
    fc.constantFrom(`${name.length}${name}`, `0${name.length}${name}`, `${name.length + 1}${name}`, name),
  )

const mangled = fc
  .tuple(
    fc.constantFrom('', 'T', 'TV', 'TS', 'TI', 'TT'),
    fc.constantFrom('', 'N', 'NK', 'NrVKR', 'NO', 'NRO'),
    fc.array(part, { maxLength: 5 }),
    fc.constantFrom('', 'E', 'Ev', 'I', 'IiE', 'C1Ev'),
  )
  .map(([table, nested, parts, end]) => `_Z${table}${nested}${parts.join('')}${end}`)

describe('the kernel names C++ symbols as demangledName does', () => {
  test('whatever is mangled', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(mangled, fc.stringMatching(/^_[RZ?_]?[\w@]{0,9}$/)), { maxLength: 20 }),
        (names) => {
          const wanted = names.map(expected).filter((name) => name !== undefined)
          expect(hashed(names).map(({ hash }) => hash)).toEqual(wanted.map((name) => keyOf(hashText(name))))
        },
      ),
      { numRuns: 2000 },
    )
  })

  test.each([
    ['the longest that is read', `_ZN${'1a'.repeat(254)}E`],
    ['one byte more', `_Z${`508${'a'.repeat(508)}`}`],
    ['a length of three digits', `_Z507${'a'.repeat(507)}`],
    ['a length of four digits', `_Z1000${'a'.repeat(500)}`],
    ['a name that the end of the table cuts', '_ZN3foo'],
    ['nothing behind the letters', '_ZTVN'],
  ])('%s', (_name, name) => {
    const wanted = expected(name)
    expect(hashed([name], { gap: 0 }).map(({ hash }) => hash)).toEqual(
      wanted === undefined ? [] : [keyOf(hashText(wanted))],
    )
  })
})

test('offset and length are those of the name as it lies', () => {
  const found = hashed(['abc', 'inflate', '_ZN3foo3barEv'], { base: 2 ** 40 })
  expect(found.map(({ offset, length }) => [offset - 2 ** 40, length])).toEqual([
    [4, 7],
    [12, 13],
  ])
})

test('names of a table of many windows are all found, those across a seam too', () => {
  const names = Array.from({ length: 2000 }, (_, i) => `n${i}_${'x'.repeat(7000 + (i % 977))}`)
  expect(names.join('').length).toBeGreaterThan(3 * WINDOW)
  expect(hashed(names).map(({ hash }) => hash)).toEqual(names.map((name) => keyOf(hashText(name))))
})

test('more names than one call takes are all found', () => {
  const names = Array.from({ length: 40_000 }, (_, i) => `name${i}`)
  expect(hashed(names).length).toBe(names.length)
})

test('names outside of the prefilter are left out', () => {
  const prefilter = { filter: (kind: Kind) => (kind === Kind.Symbol ? new Uint8Array(64) : undefined) }
  expect(hashed(['inflate'], { prefilter })).toEqual([])
})
