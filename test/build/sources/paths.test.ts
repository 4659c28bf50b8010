import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { classifyPath, isVendored, type PathRules, unitPaths } from '../../../src/build/sources/paths.ts'
import { DetectorError } from '../../../src/errors.ts'

function rules(own: string, more: Partial<PathRules> = {}): PathRules {
  return {
    exclude: [],
    vendored: [],
    patterns: [
      { pattern: '(^|/)third_party/[^/]+/', strength: 'strong' },
      { pattern: '(^|/)deps/[^/]+/', strength: 'strong' },
      { pattern: '(^|/)gnulib/', strength: 'strong' },
      { pattern: '(^|/)contrib/[^/]+/', strength: 'weak' },
    ],
    componentNames: new Set(['zlib', 'libz', 'Expat', 'minizip', 'curl']),
    ownNames: new Set([own]),
    ...more,
  }
}

describe('what a path is read as', () => {
  test.each([
    'inflate.c',
    'db/db_impl.cc',
    'a.CPP',
    'a.C',
    'a.c++',
    'gen.inc',
    'a.ipp',
    'parse.y',
    'scan.ll',
    'lexer.re',
    'url.rl',
    'objc/a.mm',
    'libcurl.def',
    'keywords.gperf',
    'lib/bidi-type.tab.i',
    'shell.c.in',
    'pcre2_chartables.c.dist',
    'build_version.cc.in',
  ])('%s is source', (path) => expect(classifyPath(path, rules('x'))).toBe('source'))

  test.each([
    'zlib.h',
    'a.HPP',
    'b.hh',
    'c.h++',
    'd.tcc',
    'config.h.in',
    'zconf.h.cmakein',
    'e.h.cmake.in',
    'f.hpp.in',
    'g.h.meson',
    'pcre2.h.generic',
  ])('%s is a header', (path) => expect(classifyPath(path, rules('x'))).toBe('header'))

  test.each([
    'configure.ac',
    'configure.in',
    'CMakeLists.txt',
    'lib/CMakeLists.txt',
    'cmake/version.cmake',
    'meson.build',
    'VERSION',
    'VERSION.dat',
    'version.m4',
    'acinclude.m4',
    'Makefile',
    'Makefile.in',
    'version.mk',
    'common.gypi',
    'win32/zlib1.rc',
    'package.json',
  ])('%s is a build file', (path) => expect(classifyPath(path, rules('x'))).toBe('build'))

  test.each([
    'README.md',
    'zlib.pc.in',
    'doc.txt',
    'a/b/CMakeLists.txt',
    'lib/Makefile',
    'lib/meson.build',
    'm4/ax.m4',
    'cmake/FindZLIB.cmake',
    'lib/package.json',
    'vms/a.rc',
    'test/CMakeLists.txt',
  ])('%s is not read', (path) => expect(classifyPath(path, rules('x'))).toBe('skip'))
})

describe('tests, examples and documentation', () => {
  test.each([
    'test/a.c',
    'Tests/a.c',
    'src/testing/a.cc',
    't/a.c',
    'tests-clar/a.c',
    'testsuite/a.c',
    'libtest/a.c',
    'shell/ash_test/a.c',
    'regress/a.c',
    'examples/a.c',
    'docs/code/a.c',
    'contrib/oss-fuzz/a.cc',
    'fuzzing/a.cc',
    'benchmarks/a.cc',
    'contrib/seqBench/a.c',
    'samples/a.c',
    'demos/a.c',
    'googletest/src/a.cc',
    'db/db_test.cc',
    'db/db_test2.cc',
    'db/db_test_util.h',
    'snappy_unittest.cc',
    'src/test_malloc.c',
    'src/test1.c',
    'testapi.c',
    'a-test.c',
    'crypto/bf/bftest.c',
    'util/cache_bench.cc',
    'table_benchmark_main.cc',
    'xml_fuzzer.cc',
    'pcre2_fuzzsupport.c',
    'example.c',
    'tjexample.c',
    'pcre2demo.c',
    'CMake/CurlTests.c',
    'gtest-all.cc',
  ])('%s is left out', (path) => expect(classifyPath(path, rules('x'))).toBe('skip'))

  test.each([
    'coreutils/test.c',
    'coreutils/test_ptr_hack.c',
    'providers/fips/self_test.c',
    'providers/fips/self_test_kats.c',
    'fips/rsa/fips_rsa_selftest.c',
    'providers/implementations/rands/test_rng.c',
    'glib/gtestutils.c',
    'crypto/bytestring/cbs.c',
    'crypto/fuzzer_mode.cc',
    'programs/bench.c',
    'tjbench.c',
    'libvips/resample/reduce.c',
    'jcsample.c',
    'src/latest.c',
    'src/fuzzy.c',
    'gtk/hittest.c',
    'lib/testing.h',
    'lib/curl_sasl.c',
    'src/contest/a.c',
  ])('%s stays in', (path) => expect(classifyPath(path, rules('x'))).not.toBe('skip'))

  test('a component named like a test keeps its own files', () => {
    const own = rules('googletest', { ownNames: new Set(['GoogleTest', 'gtest']) })
    expect(classifyPath('googletest/src/gtest-port.cc', own)).toBe('source')
    expect(classifyPath('googletest/test/gtest_unittest.cc', own)).toBe('skip')
  })

  test('the name of an ordinary component does not save its tests', () => {
    expect(classifyPath('curl_test.c', rules('curl'))).toBe('skip')
  })

  test('patterns of the catalog leave out more', () => {
    const excluding = rules('x', { exclude: ['tool', 'src/*_win.c'] })
    expect(
      ['tool/a.c', 'src/os_win.c', 'src/toolbox.c', 'src/tool.c'].map((path) => classifyPath(path, excluding)),
    ).toEqual(['skip', 'skip', 'source', 'source'])
  })
})

describe('code of others', () => {
  test.each([
    ['third_party/zlib/inflate.c', true, 'a strong place'],
    ['src/Third_Party/whatever/a.c', true, 'a strong place in another letter case'],
    ['third_party/a.c', false, 'a file beside the copies'],
    ['deps/curl/lib/a.c', false, 'a directory with the own name'],
    ['deps/curl-8.1/lib/a.c', false, 'the own name with a version'],
    ['deps/curl/third_party/zlib/a.c', true, 'a copy within the own directory'],
    ['lib/gnulib/a.c', true, 'a place that is itself a name'],
    ['contrib/extras/a.c', false, 'a weak place without a name'],
    ['contrib/minizip/a.c', true, 'a weak place with the name of a component'],
    ['contrib/expat/a.c', true, 'a weak place with a name in another letter case'],
    ['contrib/zlib-1.2.11/a.c', true, 'a weak place with name and version'],
    ['lib/inflate.c', false, 'no place at all'],
  ])('%s: %s (%s)', (path, expected) => expect(isVendored(path, rules('curl'))).toBe(expected))

  test('patterns of the catalog name more', () => {
    const own = rules('git', { vendored: ['src/util/hash/sha1dc', 'xdiff/*.c'] })
    expect(
      ['src/util/hash/sha1dc/ubc.c', 'xdiff/xmerge.c', 'src/util/hash.c'].map((path) => isVendored(path, own)),
    ).toEqual([true, true, false])
  })

  test('a pattern that is no regular expression is named', () => {
    const broken = rules('x', { patterns: [{ pattern: '(', strength: 'strong' }] })
    expect(() => isVendored('a.c', broken)).toThrow(DetectorError)
  })
})

describe('unit paths', () => {
  test('a unit is named by the shortest suffix that is unique within the release', () => {
    const paths = ['crypto/rsa/lib.c', 'crypto/dsa/lib.c', 'inflate.c', 'apps/lib/rsa/lib.c']
    expect([...unitPaths(paths)]).toEqual([
      ['crypto/rsa/lib.c', 'crypto/rsa/lib.c'],
      ['crypto/dsa/lib.c', 'dsa/lib.c'],
      ['inflate.c', 'inflate.c'],
      ['apps/lib/rsa/lib.c', 'lib/rsa/lib.c'],
    ])
  })

  test('a path that is the end of another one keeps its full form', () => {
    expect([...unitPaths(['a.c', 'src/a.c']).values()]).toEqual(['a.c', 'src/a.c'])
  })

  test('units are distinct suffixes, whatever the order of the paths', () => {
    const segment = fc.constantFrom('a', 'b', 'c')
    const path = fc.array(segment, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'))
    fc.assert(
      fc.property(fc.uniqueArray(path, { maxLength: 30 }), (paths) => {
        const units = unitPaths(paths)
        expect(new Set(units.values()).size).toBe(paths.length)
        for (const [from, unit] of units) expect(from === unit || from.endsWith(`/${unit}`)).toBe(true)
        expect(unitPaths([...paths].reverse())).toEqual(units)
      }),
    )
  })
})
