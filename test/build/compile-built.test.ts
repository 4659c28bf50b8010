import { mkdtempSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { compileDatabase } from '../../src/build/compile.ts'
import { hashText, high32, low32 } from '../../src/bytes/hash.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { openReader } from '../../src/database/reader.ts'
import type { ComponentPrints, ReleaseRecord } from '../../src/database/schema.ts'
import { Kind } from '../../src/fingerprint/print-set.ts'
import { workDirectory } from '../fixtures/compile.ts'
import { entryOf, printsOf } from './component.ts'

const work = workDirectory()
afterAll(() => work.remove())

const TEXT = 'incorrect data check'

/** A component that has the text in a shared library and, where asked, in its sources. */
function carrier(name: string, inSources: boolean): ComponentPrints {
  const builder = new PrintsBuilder(name, [
    { version: '1', origin: 'source', provenance: 'test' },
    { version: '1', origin: 'built', provenance: 'test' },
  ])
  const text = builder.internHash(hashText(TEXT))
  builder.addFeature(FeatureKind.String, text, builder.internUnit(`lib${name}.so`, false), 1)
  builder.addFeature(
    FeatureKind.String,
    builder.internHash(hashText(`text of ${name}`)),
    builder.internUnit(`${name}.c`, false),
    0,
  )
  if (inSources) builder.addFeature(FeatureKind.String, text, builder.internUnit('copy.c', false), 0)
  return builder.finish()
}

/** Names of the components that the text leads to in a database of these. */
async function holders(components: readonly { prints: ComponentPrints; family?: string }[]): Promise<string[]> {
  const directory = join(mkdtempSync(join(work.path, 'case-')), 'database')
  await compileDatabase(directory, {
    components: components.map(({ prints, family = null }) => ({ prints, entry: entryOf(prints.name, { family }) })),
    background: undefined,
    digest: '0',
  })
  await using reader = await openReader(directory)
  const hash = hashText(TEXT)
  const hits = await reader.lookup(Kind.String, Uint32Array.of(high32(hash)), Uint32Array.of(low32(hash)), 0, 1)
  return [...new Set([...hits.components].map((component) => reader.manifest.components[component]!))]
}

const zlib = { prints: printsOf('zlib', { 'inflate.c': [TEXT] }) }

test('names of functions and the files of built releases are in the database', async () => {
  const releases: ReleaseRecord[] = [
    { version: '1.0', origin: 'source', provenance: 'test' },
    { version: '1.0', origin: 'built', provenance: 'test' },
  ]
  const builder = new PrintsBuilder('zlib', releases)
  const unit = builder.internUnit('inflate.c', false)
  for (const [hash, name] of [
    [5n, 'inflate'],
    [6n, undefined],
  ] as const)
    builder.addFeature(FeatureKind.Function, builder.internHash(hash), unit, 1, name)
  builder.addFile({ sha256: 'ab'.repeat(32), buildId: 'c0ffee', arch: 'arm', release: 1, name: 'libz.so.1.0' })
  const directory = join(mkdtempSync(join(work.path, 'case-')), 'database')
  const components = [{ prints: builder.finish(), entry: entryOf('zlib') }]
  await compileDatabase(directory, { components, background: undefined, digest: '0' })
  await using reader = await openReader(directory)
  const hits = await reader.lookup(Kind.Function, Uint32Array.of(0, 0), Uint32Array.of(5, 6), 0, 2)
  const names = await reader.functionNames(0)
  expect([...hits.names].map((name) => names[name - 1])).toEqual(['inflate', undefined])
  const identity = { component: 0, release: 1, name: 'libz.so.1.0', arch: 'arm' }
  expect(await reader.fileBySha256('ab'.repeat(32))).toEqual([identity])
  expect(await reader.fileByBuildId('c0ffee')).toEqual([identity])
})

test('text that a built release shares with the sources of another family belongs to those', async () => {
  expect(await holders([{ prints: carrier('carrier', false) }, zlib])).toEqual(['zlib'])
})

test('text that is in the sources as well belongs to both', async () => {
  expect(await holders([{ prints: carrier('carrier', true) }, zlib])).toEqual(['carrier', 'zlib'])
})

test('text of a fork belongs to the whole family', async () => {
  const fork = { prints: carrier('carrier', false), family: 'deflate' }
  expect(await holders([fork, { ...zlib, family: 'deflate' }])).toEqual(['carrier', 'zlib'])
})

test('text that only built releases have belongs to all of them', async () => {
  const both = [{ prints: carrier('carrier', false) }, { prints: carrier('other', false) }]
  expect(await holders(both)).toEqual(['carrier', 'other'])
})
