import { describe, expect, test } from 'vitest'
import { progressLine, progressText } from '../../src/cli/progress.ts'

describe('a line of progress', () => {
  test.each([
    ['without a total', { phase: 'scanning', done: 3, total: 0 }, undefined, 'scanning 3'],
    ['with a label', { phase: 'scanning', done: 3, total: 4, label: 'a/b' }, undefined, 'scanning 3/4 a/b'],
    [
      'with a rate',
      { phase: 'index', done: 10, total: 40 },
      0.002,
      'index [#####---------------] 10/40 2.0/s 15s left',
    ],
    [
      'with minutes',
      { phase: 'index', done: 0, total: 1000 },
      0.004,
      'index [--------------------] 0/1000 4.0/s 4m10s left',
    ],
    [
      'with hours',
      { phase: 'index', done: 0, total: 7200 },
      0.001,
      'index [--------------------] 0/7200 1.0/s 2h00m left',
    ],
    ['that stands still', { phase: 'index', done: 5, total: 10 }, 0, 'index [##########----------] 5/10 0.0/s'],
    ['of an unknown total', { phase: 'fetch', done: 5, total: 0 }, 0.02, 'fetch 5 20/s'],
  ])('%s', (_, progress, rate, expected) => {
    expect(progressText(progress, rate)).toBe(expected)
  })

  test('counts the rate of each phase from its own start', async () => {
    let time = 0
    let shown = ''
    const write = async (text: string): Promise<void> => {
      shown = text
    }
    const line = progressLine({ write, isTerminal: true, columns: 80 }, () => time)
    line.onProgress?.({ phase: 'fetch', done: 0, total: 10 })
    time = 60_000
    line.onProgress?.({ phase: 'index', done: 100, total: 500 })
    expect(shown).toContain('index 100/500')
    time += 10_000
    line.onProgress?.({ phase: 'index', done: 200, total: 500 })
    expect(shown).toContain('index [########------------] 200/500 10/s 30s left')
    await line.clear()
    expect(shown).toBe('\r\u001b[K')
  })

  test('is not counted where there is no terminal', () => {
    const write = async (): Promise<void> => undefined
    expect(progressLine({ write, isTerminal: false, columns: undefined }).onProgress).toBeUndefined()
  })
})
