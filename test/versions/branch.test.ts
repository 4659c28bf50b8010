import { expect, test } from 'vitest'
import { branchOf, leadingNumbers, sameBranch } from '../../src/versions/branch.ts'

test.each([
  ['1.1.1w', ['1', '1', '1']],
  ['v3.0.15', ['3', '0', '15']],
  ['2015-05-01', ['2015', '5', '1']],
  ['1.2.0-rc1', ['1', '2', '0']],
  ['10.00', ['10', '0']],
  ['HEAD', []],
])('%s starts with %j', (version, numbers) => {
  expect(leadingNumbers(version)).toEqual(numbers)
})

test('a branch is the first numbers of a version', () => {
  expect([branchOf('3.0.15', 2), branchOf('3.0.15', 1), branchOf('9', 2), branchOf('HEAD', 2)]).toEqual([
    '3.0',
    '3',
    '9',
    '',
  ])
})

test.each([
  ['3.0.15', '3.0.2', 2, true],
  ['3.0.15', '3.1.0', 2, false],
  ['3.0.15', '3.1.0', 1, true],
  ['1.1.1w', '1.1.1', 3, true],
  ['HEAD', 'HEAD', 2, false],
])('%s and %s with %i numbers: %s', (a, b, parts, expected) => {
  expect(sameBranch(a, b, parts)).toBe(expected)
})
