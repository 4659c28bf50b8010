import { expect, test } from 'vitest'
import { DetectorError } from '../../src/errors.ts'
import { isLasting, problemCode } from '../../src/scan/problem-code.ts'

test.each([
  ['of a file', new DetectorError('FORMAT_CORRUPT', 'x'), 'FORMAT_CORRUPT'],
  ['of the file system', Object.assign(new Error('x'), { code: 'EACCES' }), 'INPUT_UNREADABLE'],
  ['of the engine', new RangeError('Invalid typed array length: 99'), 'LIMIT_EXCEEDED'],
  ['of the store', new DetectorError('STORE_CORRUPT', 'x'), undefined],
  ['of the user, who stopped', new DetectorError('ABORTED', 'x'), undefined],
  ['of the program', new TypeError('x'), undefined],
])('a failure %s is %3$s', (_, error, code) => {
  expect(problemCode(error)).toBe(code)
})

test('a result is kept unless it failed for a reason of the moment', () => {
  expect(isLasting([])).toBe(true)
  expect(isLasting([{ code: 'FORMAT_CORRUPT' }, { code: 'LIMIT_EXCEEDED' }])).toBe(true)
  expect(isLasting([{ code: 'FORMAT_CORRUPT' }, { code: 'SOURCE_FAILED' }])).toBe(false)
})
