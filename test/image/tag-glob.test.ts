import { expect, test } from 'vitest'
import { matchesGlob } from '../../src/image/tag-glob.ts'

test.each([
  ['3.19', '3.19', true],
  ['3.19', '3.1', false],
  ['3.19', '3.*', true],
  ['3.19-rc1', '3.*', true],
  ['v3', '3*', false],
  ['', '*', true],
  ['3.19', '*', true],
  ['3.19', '3.?', false],
  ['3.9', '3.?', true],
  ['3.9', '3.[0-9]', true],
  ['3.x', '3.[0-9]', false],
  ['3.x', '3.[!0-9]', true],
  ['3.x', '3.[^0-9]', true],
  ['a]', 'a[]]', true],
  ['a-', 'a[x-]', true],
  ['1.2-alpine', '1.{2,3}-{alpine,slim}', true],
  ['1.4-alpine', '1.{2,3}-{alpine,slim}', false],
  ['1.2', '1.2{,-alpine}', true],
  ['1.2-alpine', '1.2{,-alpine}', true],
  ['1.22', '1.{2{0,2},3?}', true],
  ['1.2,3', '1.2,3', true],
  ['a.b', 'a+b', false],
  ['aab', 'a+b', false],
  ['a*b', 'a\\*b', true],
  ['axb', 'a\\*b', false],
  ['V1', 'v1', false],
  ['x-bullseye-slim', '*-slim', true],
  ['x-slim-y', '*-slim', false],
])('%j by %j: %s', (tag, glob, expected) => {
  expect(matchesGlob(tag, glob)).toBe(expected)
})

test.each(['v[0-9', 'v{1,2', 'v[', 'v\\', '['.repeat(2_000), '{'.repeat(1_000)])('%.20s is refused', (glob) => {
  expect(() => matchesGlob('v1', glob)).toThrow(expect.objectContaining({ code: 'USAGE' }))
})

test('a glob that makes backtracking matchers try everything ends at once', () => {
  const started = performance.now()
  expect(matchesGlob('a'.repeat(128), `${'*a'.repeat(300)}b`)).toBe(false)
  expect(matchesGlob('a'.repeat(128), `${'{a,a}'.repeat(128)}b`)).toBe(false)
  expect(performance.now() - started).toBeLessThan(2_000)
})
