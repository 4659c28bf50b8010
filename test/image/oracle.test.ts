import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CORNER_CASES } from './corner-cases.ts'
import { describeTree, hasUmoci, unpackWithUmoci } from './oracle.ts'
import { randomLayers, unpackable } from './random-layers.ts'

describe.skipIf(!hasUmoci)('umoci as an oracle for layers', () => {
  let work = ''
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'binprint-oracle-'))
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  test.each(CORNER_CASES)('makes of $name what is written down', ({ layers, tree, umoci }) => {
    const unpacked = unpackWithUmoci(work, layers)
    const expected = umoci ?? tree
    if (typeof expected === 'string') expect(unpacked).toContain(expected)
    else expect(typeof unpacked === 'string' ? unpacked : describeTree(unpacked, layers)).toEqual(expected)
  })

  test('unpacks most of what random layers hold', () => {
    let entries = 0
    let left = 0
    for (let seed = 1; seed <= 20; seed++) {
      const layers = randomLayers(seed, { throughLinks: seed % 2 === 0 })
      const { layers: kept } = unpackable(work, layers)
      entries += layers.flat().length
      left += kept.flat().length
    }
    expect(left / entries).toBeGreaterThan(0.7)
  })
})

test('random layers are the same for the same seed', () => {
  expect(randomLayers(7)).toEqual(randomLayers(7))
  expect(randomLayers(7)).not.toEqual(randomLayers(8))
})
