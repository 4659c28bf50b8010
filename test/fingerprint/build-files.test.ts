import { describe, expect, test } from 'vitest'
import { buildFileMacros } from '../../src/fingerprint/build-files.ts'

/** `NAME=text` of all variables. */
function variables(path: string, text: string): string[] {
  return buildFileMacros(path, Buffer.from(text, 'latin1')).map(
    ({ name, body }) => `${name}=${body.map((token) => token.text).join(' ')}`,
  )
}

/** What the build file gives for the name. */
function variableOf(path: string, text: string, name: string): string | undefined {
  return variables(path, text)
    .find((line) => line.startsWith(`${name}=`))
    ?.slice(name.length + 1)
}

describe('autoconf', () => {
  test.each([
    ['quoted', 'AC_INIT([foo], [1.2.3], [bugs@example.org])', '1.2.3'],
    ['bare', 'AC_INIT(foo, 1.2.3)', '1.2.3'],
    ['over lines', 'AC_INIT(\n  [foo],\n  [1.2.3],\n  [x])', '1.2.3'],
    ['with white space inside', 'AC_INIT( [foo] , [ 1.2.3 ] )', '1.2.3'],
    ['through m4', 'm4_define([foo_version], [1.2.3])\nAC_INIT([foo], [foo_version])', '1.2.3'],
    [
      'through parts',
      'm4_define([foo_major], [1])\nm4_define([foo_minor],[22])\nAC_INIT(foo, foo_major.foo_minor)',
      '1.22',
    ],
    ['through m4_defn', 'm4_define([foo_version], [1.2.3])\nAC_INIT([foo], m4_defn([foo_version]))', '1.2.3'],
    [
      'through m4_defn in quotes',
      'm4_define([foo_version], [1.2.3])\nAC_INIT([foo], [m4_defn([foo_version])])',
      '1.2.3',
    ],
    ['of automake', 'AM_INIT_AUTOMAKE(foo, 1.2.3)', '1.2.3'],
    ['of a program that prints it', 'AC_INIT([foo], m4_esyscmd([git describe]))', undefined],
    ['unknown', 'AC_INIT([foo], [$unknown])', undefined],
  ])('AC_INIT %s', (_name, text, version) => {
    expect(variableOf('configure.ac', text, 'PACKAGE_VERSION')).toBe(version)
  })

  test('AC_INIT defines the names of the package too', () => {
    const lines = variables('configure.ac', 'AC_INIT([foo bar], [1.2])')
    expect(lines).toEqual([
      'PACKAGE_VERSION=1.2',
      'VERSION=1.2',
      'PACKAGE_NAME=foo bar',
      'PACKAGE=foo bar',
      'PACKAGE_TARNAME=foo bar',
      'PACKAGE_STRING=foo bar 1.2',
    ])
  })

  test.each([
    ['AC_DEFINE([FOO_TEXT], ["a b"], [doc])', 'FOO_TEXT', 'a b'],
    ['AC_DEFINE(FOO_NUM, 12)', 'FOO_NUM', '12'],
    ['V=1.2\nAC_DEFINE_UNQUOTED([FOO_TEXT], ["$V"], [doc])', 'FOO_TEXT', '1.2'],
    ['AC_SUBST([FOO_V], [1.2])', 'FOO_V', '1.2'],
    ['AC_SUBST(FOO_V, 1.2)', 'FOO_V', '1.2'],
    ['FOO_MAJOR=1\nFOO_MINOR=2\nAC_SUBST([FOO_V], [$FOO_MAJOR.$FOO_MINOR])', 'FOO_V', '1.2'],
  ])('%j gives %s', (text, name, value) => {
    expect(variableOf('configure.ac', text, name)).toBe(value)
  })
})

describe('CMake', () => {
  test.each([
    ['project(foo VERSION 1.2.3 LANGUAGES C)', 'PROJECT_VERSION', '1.2.3'],
    ['project(foo VERSION 1.2.3)', 'foo_VERSION_MINOR', '2'],
    ['PROJECT ( "foo"\n  # the version\n  VERSION "1.2.3" )', 'foo_VERSION', '1.2.3'],
    ['project(foo C)\nset(FOO_VERSION 1.2)', 'FOO_VERSION', '1.2'],
    ['set(MAJOR 1)\nset(MINOR 2)\nset(FOO_VERSION "${MAJOR}.${MINOR}")', 'FOO_VERSION', '1.2'],
    ['set(FOO_VERSION ${UNKNOWN}.2)', 'FOO_VERSION', undefined],
    ['project(foo C)\nfind_package(bar VERSION 9.9)', 'PROJECT_VERSION', undefined],
  ])('%j', (text, name, value) => {
    expect(variableOf('CMakeLists.txt', text, name)).toBe(value)
  })
})

describe('meson', () => {
  test.each([
    ["project('foo', 'c', version : '1.2.3', license : 'MIT')", '1.2.3'],
    ["project('foo', 'c',\n  version: '1.2.3',\n)", '1.2.3'],
    ["project('foo', 'c')\ndependency('bar', version: '>=9')", undefined],
  ])('%j', (text, version) => {
    expect(variableOf('meson.build', text, 'PROJECT_VERSION')).toBe(version)
  })
})

describe('assignments', () => {
  test.each([
    ['VERSION.dat', 'MAJOR=3\nMINOR=0\nPATCH=15\n', 'PATCH', '15'],
    ['VERSION.dat', 'PRE_RELEASE_TAG=\n', 'PRE_RELEASE_TAG', undefined],
    ['VERSION.dat', 'DATE="3 Sep 2024"\n', 'DATE', '3 Sep 2024'],
    ['version.mk', 'VER := 1.2 # comment\n', 'VER', '1.2'],
    ['Makefile', 'V ?= 1.2\n', 'V', '1.2'],
    ['Makefile', 'MAJOR = 1\nMINOR = 2\nV = $(MAJOR).$(MINOR)\n', 'V', '1.2'],
    ['version.sh', "export V='1.2'\n", 'V', '1.2'],
    ['version.sh', 'V=$(git describe)\n', 'V', undefined],
    ['version.sh', 'V=`date`\n', 'V', undefined],
    ['version.sh', 'V=1.2\nV=3.4\n', 'V', '1.2'],
    ['a/b/version.sh', `V=${'1'.repeat(201)}\n`, 'V', undefined],
    ['CMakeLists.txt', 'V=1.2\n', 'V', undefined],
  ])('%s: %j gives %s', (path, text, name, value) => {
    expect(variableOf(path, text, name)).toBe(value)
  })
})

describe('references', () => {
  test.each([
    ['to itself', 'ABCD=$ABCD\n', 'ABCD', undefined],
    ['in a circle', 'ABCD=$EFGH\nEFGH=$ABCD\n', 'ABCD', undefined],
    [
      'through eight others',
      `${Array.from({ length: 8 }, (_, i) => `V${i}=$V${i + 1}`).join('\n')}\nV8=x\n`,
      'V0',
      'x',
    ],
    [
      'through nine others',
      `${Array.from({ length: 9 }, (_, i) => `V${i}=$V${i + 1}`).join('\n')}\nV9=x\n`,
      'V0',
      undefined,
    ],
    ['that grow too long', `A=$B$B\nB=$C$C\nC=${'x'.repeat(60)}\n`, 'A', undefined],
  ])('%s', (_name, text, name, value) => {
    expect(variableOf('version.sh', text, name)).toBe(value)
  })
})

test('a value that is a number or a literal is one, other values are text', () => {
  const kinds = buildFileMacros('configure.ac', Buffer.from('A=12\nAC_DEFINE(B, ["x"])\nC=1.2\n')).map(
    ({ name, body }) => name + body.map((token) => token.kind).join(''),
  )
  expect(kinds.toSorted()).toEqual(['An', 'Bs', 'Cs'])
})

test('variables count as header macros: any file may hold them', () => {
  expect(buildFileMacros('Makefile', Buffer.from('V=1.2\n')).map((macro) => macro.fromHeader)).toEqual([true])
})
