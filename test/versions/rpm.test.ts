import { describe, expect, test } from 'vitest'
import { compareRpm } from '../../src/versions/rpm.ts'

const PAIRS: readonly (readonly [string, '<' | '=', string])[] = [
  ['1.0', '=', '1.0'],
  ['1.0', '=', '1_0'],
  ['1.0', '<', '2.0'],
  ['1.9', '<', '1.10'],
  ['2.0', '<', '2.0.1'],
  ['2.0.1', '<', '2.0.1a'],
  ['5.5p1', '<', '5.5p2'],
  ['5.5p1', '<', '5.5p10'],
  ['10xyz', '<', '10.1xyz'],
  ['xyz10', '<', 'xyz10.1'],
  ['xyz.4', '<', '8'],
  ['5.5p2', '<', '5.6p1'],
  ['1.05', '=', '1.5'],
  ['1.0~rc1', '<', '1.0'],
  ['1.0~rc1', '<', '1.0~rc2'],
  ['1.0~rc1~git123', '<', '1.0~rc1'],
  ['1.0', '<', '1.0^'],
  ['1.0^', '<', '1.0^git1'],
  ['1.0^git1', '<', '1.0^git2'],
  ['1.0^git1', '<', '1.01'],
  ['1.0^20160101', '<', '1.0.1'],
  ['1.0~rc1^git1', '<', '1.0'],
  ['1.0~rc1', '<', '1.0~rc1^git1'],
  ['1.0^git1~pre', '<', '1.0^git1'],
  ['1.2.11-40.el9', '<', '1.2.11-41.el9'],
  ['3.0.7-27.el9', '<', '1:1.0-1.el9'],
  ['0:1.0-1', '=', '1.0-1'],
  ['1.0', '<', '1.0-1'],
]

describe('rpm versions', () => {
  test.each(PAIRS)('%s %s %s', (a, relation, b) => {
    const expected = relation === '<' ? -1 : 0
    expect([compareRpm(a, b), compareRpm(b, a)]).toEqual([expected, 0 - expected])
  })
})
