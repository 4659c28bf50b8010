import { expect, test } from 'vitest'
import { errorExitCode, type Gate, scanExitCode } from '../../src/cli/gate.ts'
import { DetectorError, type ErrorCode } from '../../src/errors.ts'
import type { Report, Unknown } from '../../src/model.ts'
import { contradiction, file, match, modified, report, unknown } from '../fixtures/report.ts'

const missing: Unknown = {
  path: 'x',
  layer: null,
  layerIndex: null,
  code: 'INPUT_NOT_FOUND',
  message: 'no such file: x',
}
const refused: Unknown = {
  path: 'x',
  layer: null,
  layerIndex: null,
  code: 'INPUT_UNREADABLE',
  message: 'cannot open x',
}

const lying = { ...file, contradictions: [contradiction] }
const changed = { ...file, components: [{ ...match, modified: [modified] }] }

test.each<[string, Partial<Report>, readonly Gate[], number]>([
  ['a scan without unknowns is clean', { unknowns: [] }, [], 0],
  ['a scan without unknowns passes the gate', { unknowns: [] }, ['unknown'], 0],
  ['a broken file leaves the scan clean', { unknowns: [unknown] }, [], 0],
  ['a broken file fails the gate', { unknowns: [unknown] }, ['unknown'], 1],
  ['a lone broken file leaves the scan clean', { files: [], unknowns: [unknown] }, [], 0],
  ['a file that is not there could not be scanned', { unknowns: [missing] }, [], 3],
  ['and that is worse than a failed gate', { unknowns: [unknown, missing] }, ['unknown'], 3],
  ['a refused file among others leaves the scan clean', { unknowns: [refused] }, [], 0],
  ['what a file says against its code leaves the scan clean', { files: [lying], unknowns: [] }, ['unknown'], 0],
  ['and fails its gate', { files: [lying], unknowns: [] }, ['contradiction'], 1],
  ['a changed function fails its gate', { files: [changed], unknowns: [] }, ['modified'], 1],
  ['and no other', { files: [changed], unknowns: [] }, ['contradiction'], 0],
  ['a refused file alone could not be scanned', { files: [], unknowns: [refused] }, [], 3],
])('%s', (_name, change, gates, code) => {
  expect(scanExitCode({ ...report, ...change }, gates)).toBe(code)
})

test.each<[ErrorCode, number]>([
  ['USAGE', 2],
  ['ABORTED', 3],
  ['STORE_NOT_FOUND', 3],
  ['INPUT_UNREADABLE', 3],
])('an error with code %s exits with %d', (code, exitCode) => {
  expect(errorExitCode(new DetectorError(code, 'message'))).toBe(exitCode)
})
