import { expect, test } from 'vitest'
import { buildFileMacros } from '../../src/fingerprint/build-files.ts'

/** Half of the longest build file that is read. */
const SIZE = 1 << 19
const SECONDS = 5

function repeat(text: string): string {
  return text.repeat(Math.ceil(SIZE / text.length)).slice(0, SIZE)
}

test.each([
  ['CMakeLists.txt', 'project(', repeat('project(')],
  ['CMakeLists.txt', 'project( and a name', `project(${repeat('a')}`],
  ['CMakeLists.txt', 'project( and white space', `project(${repeat(' ')}`],
  ['CMakeLists.txt', 'project(a VERSION', repeat('project(a VERSION )')],
  ['CMakeLists.txt', 'set(', repeat('set(')],
  ['CMakeLists.txt', 'set( and white space', repeat(`set(a${' '.repeat(500)}`)],
  ['meson.build', 'project(', repeat('project(')],
  ['meson.build', 'version:', repeat('project(version:')],
  ['configure.ac', 'AC_INIT(', repeat('AC_INIT(')],
  ['configure.ac', 'AC_INIT( and white space', `AC_INIT(${repeat(' ')}`],
  ['configure.ac', 'AC_INIT( and some white space', repeat(`AC_INIT(${' '.repeat(300)}`)],
  ['configure.ac', 'AC_DEFINE(a,[', repeat('AC_DEFINE(a,[')],
  ['configure.ac', 'AC_SUBST(a, and white space', `AC_SUBST(a,${repeat(' ')}`],
  ['configure.ac', 'm4_define(a, and white space', `m4_define(a,${repeat(' ')}`],
  ['configure.ac', 'm4_define(a, and some white space', repeat(`m4_define(a,${' '.repeat(300)}`)],
  ['configure.ac', 'AM_INIT_AUTOMAKE(', repeat('AM_INIT_AUTOMAKE(')],
  ['configure.ac', 'AM_INIT_AUTOMAKE(a,', `AM_INIT_AUTOMAKE(${repeat('a')}`],
  ['Makefile', 'white space', repeat(' ')],
  ['Makefile', 'export', repeat('export ')],
  ['Makefile', 'versions', repeat('a.1.1.1.1')],
  ['Makefile', 'quotes', repeat('A="')],
  ['Makefile', 'a name', repeat('a')],
  ['Makefile', 'dollars', `A=${repeat('$')}`],
  ['Makefile', 'values that hold themselves many times', `A=${'$A'.repeat(90)}\n`],
  ['Makefile', 'values of a circle', [...'ABCDEFGH'].map((c) => `${c}=${'$A$B$C$D$E$F$G$H'.repeat(10)}`).join('\n')],
  [
    'Makefile',
    'values that multiply',
    `${[...'ABCDEFGH'].map((c, i) => `${c}=${`$${'ABCDEFGHI'[i + 1]}`.repeat(90)}`).join('\n')}\nI=x`,
  ],
  [
    'Makefile',
    'names that multiply',
    [...'ABCDEFGH'].map((c, i) => `NAME_${c}=${`NAME_${'ABCDEFGHA'[i + 1]} `.repeat(25)}`).join('\n'),
  ],
  ['Makefile', 'a long chain', Array.from({ length: 30_000 }, (_, i) => `V${i}=$V${i + 1}`).join('\n')],
])('%s of nothing but %s is read in seconds', (path, _name, text) => {
  const started = performance.now()
  buildFileMacros(path, Buffer.from(text, 'latin1'))
  expect((performance.now() - started) / 1000).toBeLessThan(SECONDS)
})
