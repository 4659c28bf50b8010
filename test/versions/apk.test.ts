import { describe, expect, test } from 'vitest'
import { compareApk } from '../../src/versions/apk.ts'

/** Each line is a list in release order. */
const ASCENDING: readonly (readonly string[])[] = [
  ['1.2.9-r0', '1.2.10-r0', '1.2.10-r1', '1.2.10-r10', '1.2.11-r0'],
  ['1.2_alpha', '1.2_alpha1', '1.2_beta', '1.2_pre', '1.2_pre2', '1.2_rc', '1.2_rc1', '1.2_rc10', '1.2'],
  ['1.2', '1.2-r0', '1.2~ab12', '1.2_cvs', '1.2_git20210101', '1.2_p1', '1.2a', '1.2.1'],
  ['9.7_rc1-r0', '9.7-r0', '9.7_p1-r0', '9.7_p1-r4'],
  ['1.1.1k-r0', '1.1.1w-r0', '1.1.2-r0'],
  ['1.01', '1.1'],
  ['1.2_rc1_git2', '1.2_rc2'],
  ['1.2_p9', '1.2_p10'],
  ['6_pre1', '6.1_pre1', '6.1', '6.1_p1', '7'],
]

describe('apk versions', () => {
  test.each(ASCENDING.map((list) => [list.join(' < '), list] as const))('%s', (_, list) => {
    for (const [index, version] of list.entries()) {
      for (const later of list.slice(index + 1)) {
        expect([version, later, compareApk(version, later)]).toEqual([version, later, -1])
        expect([later, version, compareApk(later, version)]).toEqual([later, version, 1])
      }
    }
  })
})
