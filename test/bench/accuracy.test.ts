import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { beforeAll, describe, expect, test } from 'vitest'
import { catalogNames, type Evaluation, evaluate, openDatabase, readLabels } from '../../src/index.ts'
import { readFrozen } from '../../src/scan/frozen.ts'
import { identifyFeatures } from '../../src/scan/scan-features.ts'

const place = (path: string): string => fileURLToPath(new URL(`../../bench/${path}`, import.meta.url))
const frozen = place('accuracy/frozen/public.frozen')
const recorded = place('results/accuracy-public.json')

/** Half a point: less is the noise of moving one file from one side to the other. */
const TOLERANCE = 0.005

describe.skipIf(!existsSync(frozen) || !existsSync(recorded))('the public corpus, from frozen features', () => {
  let now: Evaluation
  const before = (): Evaluation => JSON.parse(readFileSync(recorded, 'utf8')) as Evaluation

  beforeAll(async () => {
    const db = await openDatabase()
    try {
      const files = []
      for (const features of readFrozen(readFileSync(frozen))) files.push(await identifyFeatures(features, db))
      const labels = readLabels(JSON.parse(readFileSync(place('accuracy/corpora/public.json'), 'utf8')))
      now = evaluate({ files }, labels, { catalog: catalogNames() })
    } finally {
      await db.close()
    }
  }, 120_000)

  test('all files that were scored when the result was recorded are scored', () => {
    expect(now.files.scored - now.files.unread).toBe(before().files.scored - before().files.unread)
  })

  test.each<[string, (evaluation: Evaluation) => number | null]>([
    ['precision', (e) => e.catalog.precision.value],
    ['recall', (e) => e.catalog.recall.value],
    ['exact versions', (e) => e.versions.exact.value],
    ['truth in set', (e) => e.versions.truthInSet.value],
    ['truth in set, or newer', (e) => e.versions.truthInSetOrNewer.value],
  ])('%s has not dropped by more than half a point', (_name, read) => {
    expect(read(now)).toBeGreaterThanOrEqual((read(before()) as number) - TOLERANCE)
  })

  test('no more claims are confidently wrong, and no more false positives stand on negatives', () => {
    expect(now.confidentlyWrong.value).toBeLessThanOrEqual((before().confidentlyWrong.value as number) + TOLERANCE)
    expect(now.falsePositivesPer1000Negatives.value).toBeLessThanOrEqual(
      before().falsePositivesPer1000Negatives.value as number,
    )
  })
})
