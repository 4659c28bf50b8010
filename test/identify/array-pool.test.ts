import { describe, expect, test } from 'vitest'
import { ArrayPool } from '../../src/identify/array-pool.ts'

describe('arrays of a pool', () => {
  test('are zeros of their own, also where one needs a new buffer', () => {
    const pool = new ArrayPool()
    const arrays = Array.from({ length: 300 }, (_, i) => (i % 2 === 0 ? pool.int32(1001) : pool.float64(1001)))
    arrays.forEach((array, i) => {
      expect(array).toHaveLength(1001)
      expect(array.every((value) => value === 0)).toBe(true)
      array.fill(i)
    })
    arrays.forEach((array, i) => {
      expect(array.every((value) => value === i)).toBe(true)
    })
  })

  test('may be larger than a buffer', () => {
    expect(new ArrayPool().float64(1 << 18)).toHaveLength(1 << 18)
  })

  test('are taken back where nothing came of them, and are zeros again', () => {
    const pool = new ArrayPool()
    const kept = pool.int32(8).fill(7)
    const given = Array.from({ length: 5000 }, () =>
      pool.tentatively(() => {
        pool.float64(64).fill(1)
        return undefined
      }),
    )
    expect(given.filter((value) => value !== undefined)).toEqual([])
    const next = pool.tentatively(() => pool.int32(8))!
    expect(next.buffer).toBe(kept.buffer)
    expect([...next]).toEqual(new Array(8).fill(0))
    expect([...kept]).toEqual(new Array(8).fill(7))
  })
})
