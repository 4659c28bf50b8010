import { expect, test } from 'vitest'
import { versionOrder } from '../../src/versions/order.ts'

const order = versionOrder('date')

test.each([
  [['20180600', '20180601', '20181200', '20240116.0', '20240116.1', '20260817.0']],
  [['2015-05-01', '2016-02-01', '2024-07-02', '2025-07-17', '2025-11-05']],
  [['2020-03-01', '20200302', '2020.03.03', '2020-03-03.1']],
  [['9.20', '21.07', '26.02']],
])('%j is in release order', (list) => {
  expect([...list].reverse().sort(order)).toEqual(list)
})

test('one day written in two ways is not the same version', () => {
  expect(order('20200302', '2020-03-02')).toBeLessThan(0)
})
