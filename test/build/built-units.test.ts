import { expect, test } from 'vitest'
import { BuiltUnits, unitOfFile } from '../../src/build/built-units.ts'
import { FeatureKind } from '../../src/database/feature-kinds.ts'
import { PrintsBuilder } from '../../src/database/prints-builder.ts'
import { printsOf, sourceReleases } from './component.ts'

const prints = printsOf('foo', {
  'inflate.c': ['x'],
  'crypto/cversion.c': ['x'],
  'lib/version.c': ['x'],
  'glib/gutils.c': ['x'],
  'codec/alg.cc': ['x'],
  'zlib.h': ['x'],
  'a/util.c': ['x'],
  'b/util.c': ['x'],
})
const units = new BuiltUnits(prints, new PrintsBuilder('foo', sourceReleases('1')))

test.each([
  ['inflate.o', 'inflate.c'],
  ['Inflate.obj', 'inflate.c'],
  ['inflate.pic.o', 'inflate.c'],
  ['libcrypto-lib-cversion.o', 'crypto/cversion.c'],
  ['libcurl_la-version.o', 'lib/version.c'],
  ['gutils.c.o', 'glib/gutils.c'],
  ['.._src_codec_alg.cc.o', 'codec/alg.cc'],
  // Nothing tells which of the two it is, and a header is no object.
  ['util.o', undefined],
  ['zlib.o', undefined],
])('%s was compiled from %s', (member, unit) => {
  expect(units.ofMember(member, new Set())?.path).toBe(unit)
})

test.each([
  ['usr/lib/x86_64-linux-gnu/libz.so.1.3.1', 'libz.so'],
  ['libglib-2.0.so.0.7400.6', 'libglib-2.0.so'],
  ['libpng16.so.16', 'libpng16.so'],
  ['zlib1.dll', 'zlib1.dll'],
  ['busybox', 'busybox'],
])('the unit of %s is %s', (path, unit) => {
  expect(unitOfFile(path)).toBe(unit)
})

test('of several sources with one name the release has one: a file that was moved', () => {
  const builder = new PrintsBuilder('foo', sourceReleases('1', '2'))
  for (const [release, path] of ['old/encode.c', 'enc/encode.c'].entries())
    builder.addFeature(
      FeatureKind.String,
      builder.internHash(BigInt(release)),
      builder.internUnit(path, false),
      release,
    )
  const moved = builder.finish()
  const ofMember = (release?: number): string | undefined =>
    new BuiltUnits(moved, new PrintsBuilder('foo', sourceReleases('1')), release).ofMember('encode.c.o', new Set())
      ?.path
  expect([ofMember(0), ofMember(1), ofMember()]).toEqual(['old/encode.c', 'enc/encode.c', undefined])
})
