import { describe, expect, test } from 'vitest'
import { versionOrder } from '../../src/versions/order.ts'
import { sqliteArchiveNumber, sqliteVersionOfArchive, sqliteVersionOfNumber } from '../../src/versions/sqlite.ts'

describe('SQLite versions', () => {
  test.each([
    ['3081101', '3.8.11.1'],
    ['3071700', '3.7.17'],
    ['3530300', '3.53.3'],
    ['3400000', '3.40.0'],
  ])('the archive number %s is %s', (number, version) => {
    expect([sqliteVersionOfArchive(number), sqliteArchiveNumber(version)]).toEqual([version, number])
  })

  test.each(['3.8.11', '308110', '30811011', '4081101', ''])('%j is no archive number', (text) => {
    expect(sqliteVersionOfArchive(text)).toBeUndefined()
  })

  test.each(['2.8.17', '3', '3.100.1', '3.8.11-rc1'])('%j has no archive number', (text) => {
    expect(sqliteArchiveNumber(text)).toBeUndefined()
  })

  test('SQLITE_VERSION_NUMBER has three digits per part', () => {
    expect([3008011, 3040001, 3053003, 2008017].map(sqliteVersionOfNumber)).toEqual([
      '3.8.11',
      '3.40.1',
      '3.53.3',
      undefined,
    ])
  })

  test('archive numbers and dotted versions sort together', () => {
    const order = versionOrder('sqlite')
    const list = ['3.8.9', '3081000', '3.8.11', '3.8.11.1', '3090000', '3.10.0']
    expect([...list].reverse().sort(order)).toEqual(list)
    expect(order('3081101', '3.8.11.1')).toBe(0)
  })
})
