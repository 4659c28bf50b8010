import { describe, expect, test } from 'vitest'
import { hasProgram } from '../fixtures/compile.ts'

// The benches are plain JavaScript; what they export has no types.
const load = (name: string): Promise<Record<string, (...values: unknown[]) => unknown>> =>
  import(new URL(`../../bench/speed/${name}`, import.meta.url).href)
const { median, rotated, ratio, interleave, timed } = await load('measure.mjs')
const { readTimes, timeChild, peakMemory } = await load('children.mjs')
const { round, toMarkdown } = await load('tables.mjs')

test.each([
  [[3], 3],
  [[3, 1, 2], 2],
  [[4, 1, 2, 3], 2.5],
])('the median of %j is %d', (values, expected) => {
  expect(median!(values)).toBe(expected)
})

test('the median of nothing is a mistake', () => {
  expect(() => median!([])).toThrow(TypeError)
})

test('each round begins with another task', () => {
  expect([0, 1, 2, 3].map((turn) => (rotated!(['a', 'b', 'c'], turn) as string[]).join(''))).toEqual([
    'abc',
    'bca',
    'cab',
    'abc',
  ])
})

test('a ratio is that of each round, so that a slow round changes nothing', () => {
  expect(ratio!([2, 20, 2], [1, 10, 1])).toEqual({ median: 2, least: 2, most: 2, fastest: 2 })
})

test('a task that was run less often is compared with the rounds that there are', () => {
  expect(ratio!([6], [2, 3])).toEqual({ median: 3, least: 3, most: 3, fastest: 3 })
  expect(ratio!([2, 4, 6], [2])).toMatchObject({ median: 2 })
})

test('tasks run in turn, and warm rounds are not counted', async () => {
  const order: string[] = []
  const task = (name: string): object => ({ name, run: () => order.push(name) })
  const times = (await interleave!([task('a'), task('b')], { rounds: 2, warm: 1, repeat: 2 })) as Map<string, number[]>
  expect(order.join('')).toBe('aabbbbaaaabb')
  expect([...times.values()].map((list) => list.length)).toEqual([2, 2])
})

test('what a step returns comes with its times', async () => {
  expect(await timed!(async () => 7)).toMatchObject({ value: 7, cpu: expect.any(Number), wall: expect.any(Number) })
})

describe('children', () => {
  test('wall and CPU are read in milliseconds', () => {
    expect(readTimes!('1.250 0.500 0.250\n')).toEqual({ wall: 1250, cpu: 750 })
    expect(() => readTimes!('bash: nothing')).toThrow('need three times')
  })

  test.skipIf(!hasProgram('bash'))('a command that fails is an error', async () => {
    await expect(timeChild!(process.execPath, ['-e', 'process.exit(3)'])).rejects.toThrow('ended with 3')
    expect(await timeChild!(process.execPath, ['-e', '0'])).toMatchObject({ cpu: expect.any(Number) })
  })

  test('the peak of memory holds what the program once had', async () => {
    expect(await peakMemory!(['-e', 'Buffer.alloc(200e6, 1)'])).toBeGreaterThan(200e6)
  })
})

test('figures have three digits', () => {
  expect([1234.5, 0.012345, Number.NaN].map((value) => round!(value))).toEqual(['1230', '0.0123', 'n/a'])
})

test('the tables say what was measured and whether it holds', () => {
  const figures = { median: 2, least: 1, most: 3, fastest: 1.5 }
  const markdown = toMarkdown!({
    command: 'npm run bench:speed',
    tool: '0.0.0',
    database: 'abc',
    machine: { cpu: 'some processor', node: 'v20.0.0' },
    rounds: 5,
    checks: [{ what: 'start-up, wall', value: 4.5, limit: 4, unit: ' × node -e 0', holds: false }],
    files: [
      {
        name: 'node',
        size: 1e8,
        base: { hash: 60, loop: 300 },
        rows: [{ step: 'whole scan', hash: figures, loop: figures, perSecond: 50 }],
        peak: 3e8,
      },
    ],
    startUp: null,
    index: [],
    missing: ['objdump'],
  }) as string
  expect(markdown).toContain('| start-up, wall | 4.5 × node -e 0 | 4 × node -e 0 | no |')
  expect(markdown).toContain('| whole scan | 2 | 1–3 | 1.5 | 2 | 50 |')
  expect(markdown).toContain('* objdump')
})
