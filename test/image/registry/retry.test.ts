import { expect, test } from 'vitest'
import { PassingFailure, retryAfter, retrying } from '../../../src/image/registry/retry.ts'

const POLICY = { attempts: 3, baseMilliseconds: 1 }

function failing(
  times: number,
  failure: () => Error,
): { readonly run: () => Promise<number>; readonly made: () => number } {
  let made = 0
  return {
    run: async () => {
      made += 1
      if (made <= times) throw failure()
      return made
    },
    made: () => made,
  }
}

test('what passes is tried again until it succeeds', async () => {
  const { run } = failing(2, () => new PassingFailure('busy'))
  expect(await retrying(POLICY, undefined, run)).toBe(3)
})

test('after the last attempt the failure is told with their number', async () => {
  const { run, made } = failing(9, () => new PassingFailure('registry.example answers 503'))
  await expect(retrying(POLICY, undefined, run)).rejects.toMatchObject({
    code: 'REGISTRY_FAILED',
    message: 'registry.example answers 503, at the last of 3 attempts: try again later',
  })
  expect(made()).toBe(3)
})

test('what does not pass is not tried again', async () => {
  const { run, made } = failing(9, () => new TypeError('mistake'))
  await expect(retrying(POLICY, undefined, run)).rejects.toThrow(TypeError)
  expect(made()).toBe(1)
})

test('the pause that a server asks for is kept', async () => {
  const { run } = failing(1, () => new PassingFailure('busy', { askedMilliseconds: 60 }))
  const started = performance.now()
  await retrying(POLICY, undefined, run)
  expect(performance.now() - started).toBeGreaterThan(50)
})

test('a pause of hours is told, and not waited for', async () => {
  const { run, made } = failing(9, () => new PassingFailure('r answers 429', { askedMilliseconds: 3_600_000 }))
  await expect(retrying(POLICY, undefined, run)).rejects.toMatchObject({
    code: 'REGISTRY_FAILED',
    message: 'r answers 429: it asks to come back in 3600 seconds',
  })
  expect(made()).toBe(1)
})

test('a pause ends when the signal fires', async () => {
  const { run } = failing(9, () => new PassingFailure('busy', { askedMilliseconds: 60_000 }))
  await expect(retrying(POLICY, AbortSignal.timeout(20), run)).rejects.toMatchObject({ code: 'ABORTED' })
})

test.each([
  [undefined, undefined],
  ['7', 7_000],
  ['0', 0],
  ['Fri, 31 Dec 1999 23:59:59 GMT', 9_000],
  ['Fri, 31 Dec 1999 23:00:00 GMT', 0],
  ['soon', undefined],
])('Retry-After: %s', (header, expected) => {
  expect(retryAfter(header, Date.UTC(1999, 11, 31, 23, 59, 50))).toBe(expected)
})
