import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { bytesSource } from '../../src/bytes/source.ts'
import { type LayerContent, unpackLayer } from '../../src/image/layer-content.ts'
import { LayerTree } from '../../src/image/layer-tree.ts'
import { CORNER_CASES } from './corner-cases.ts'
import { describeTree, hasUmoci, type Layer, layerTar } from './oracle.ts'
import { randomLayers, unpackable } from './random-layers.ts'

/** The files that a container of the image sees, as `describeTree` writes them. */
async function filesOf(layers: readonly Layer[]): Promise<string[]> {
  const contents: LayerContent[] = []
  const tree = new LayerTree()
  for (const layer of layers) {
    const content = await unpackLayer(bytesSource(layerTar(layer)), { limits: DEFAULT_LIMITS })
    contents.push(content)
    tree.apply(content.entries)
  }
  const lines = tree.files
    .filter(({ shadow }) => shadow === undefined)
    .map(({ path, content }) => {
      const source = contents[content.layer]?.open(content.entry)
      return `${path} = ${Buffer.from(source?.read(0, source.size) ?? []).toString()}`
    })
  return lines.sort()
}

/** Of all that is there the files. */
function onlyFiles(lines: readonly string[]): string[] {
  return lines.filter((line) => line.includes(' = ')).sort()
}

describe('layers make the file system that the specification and the engines say', () => {
  test.each(CORNER_CASES)('$name', async ({ layers, tree }) => {
    const files = await filesOf(layers)
    // Where engines refuse the image any end will do, and there is one.
    if (tree !== undefined) expect(files).toEqual(onlyFiles(tree))
  })
})

describe.skipIf(!hasUmoci)('layers make the file system that umoci makes of them', () => {
  let work = ''
  beforeAll(() => {
    work = mkdtempSync(join(tmpdir(), 'binprint-layers-'))
  })
  afterAll(() => rmSync(work, { recursive: true, force: true }))

  test.each(Array.from({ length: 24 }, (_, index) => index + 100))('of seed %i', async (seed) => {
    const { layers, tree } = unpackable(work, randomLayers(seed, { throughLinks: seed % 2 === 0 }))
    expect(await filesOf(layers)).toEqual(onlyFiles(describeTree(tree, layers)))
  })
})
