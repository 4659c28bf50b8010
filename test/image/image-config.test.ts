import { describe, expect, test } from 'vitest'
import { DEFAULT_LIMITS } from '../../src/bytes/limits.ts'
import { readImageConfig } from '../../src/image/image-config.ts'

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`

function read(config: unknown, limits = DEFAULT_LIMITS): ReturnType<typeof readImageConfig> {
  return readImageConfig(Buffer.from(typeof config === 'string' ? config : JSON.stringify(config)), limits)
}

const layers = { type: 'layers', diff_ids: [digest('a'), digest('b')] }

describe('history', () => {
  test('lines that made no layer are passed over', () => {
    const history = [{ created_by: 'ADD a' }, { created_by: 'ENV b', empty_layer: true }, { comment: 'buildkit' }]
    expect(read({ rootfs: layers, history }).createdBy).toEqual(['ADD a', 'buildkit'])
  })

  test('of as many lines as fit no layers none is believed', () => {
    expect(read({ rootfs: layers, history: [{ created_by: 'squashed' }] }).createdBy).toEqual([null, null])
    expect(read({ rootfs: layers }).createdBy).toEqual([null, null])
  })

  test('a line is cut', () => {
    const { createdBy } = read({ rootfs: layers, history: [{ created_by: 'x'.repeat(5000) }, {}] })
    expect(createdBy.map((line) => line?.length)).toEqual([1000, undefined])
  })
})

test('the platform has its variant behind it', () => {
  expect(read({ rootfs: layers, os: 'linux', architecture: 'arm', variant: 'v7' }).platform).toBe('linux/arm/v7')
  expect(read({ rootfs: layers, os: 'linux', architecture: 'amd64', variant: '' }).platform).toBe('linux/amd64')
})

test.each([
  ['no JSON', '{'],
  ['a list', []],
  ['no layers', { os: 'linux' }],
  ['a digest that is none', { rootfs: { diff_ids: ['sha256:12'] } }],
  ['a digest that is a path', { rootfs: { diff_ids: ['sha256:../../../etc/passwd'] } }],
])('%s is FORMAT_CORRUPT', (_, config) => {
  expect(() => read(config)).toThrow(expect.objectContaining({ code: 'FORMAT_CORRUPT' }))
})

test('more layers than the limit end in an error that names it', () => {
  const limits = { ...DEFAULT_LIMITS, imageLayers: 1 }
  expect(() => read({ rootfs: layers }, limits)).toThrow(/limits\.imageLayers/)
})
