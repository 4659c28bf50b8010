import { describe, expect, test } from 'vitest'
import type { VersionEstimate } from '../../src/model.ts'
import { answers, parseQuery } from '../../src/scan/version-condition.ts'

const exact = (version: string): VersionEstimate => ({ kind: 'exact', version, indexed: true })
const set = (versions: string[], orNewer = false): VersionEstimate => ({
  kind: 'set',
  versions,
  likeliest: versions[0] ?? '',
  ...(orNewer ? { orNewer } : {}),
})

test.each<[string, VersionEstimate, string]>([
  ['zlib', exact('1.2.11'), 'yes'],
  ['zlib', { kind: 'unknown', reason: '' }, 'yes'],
  ['zlib@<1.2.12', exact('1.2.11'), 'yes'],
  ['zlib@<1.2.12', exact('1.2.12'), 'no'],
  ['zlib@<=1.2.12', exact('1.2.12'), 'yes'],
  ['zlib@1.2.12', exact('1.2.12'), 'yes'],
  ['zlib@==1.2.12', exact('1.2.11'), 'no'],
  ['zlib@!=1.2.12', exact('1.2.11'), 'yes'],
  ['zlib@>=1.2.8 <1.2.12', exact('1.2.10'), 'yes'],
  ['zlib@>= 1.2.8, < 1.2.12', exact('1.2.7'), 'no'],
  ['zlib@<1.2.12', set(['1.2.10', '1.2.11']), 'yes'],
  ['zlib@<1.2.12', set(['1.2.12', '1.2.11']), 'possible'],
  ['zlib@<1.2.12', set(['1.2.12', '1.2.13']), 'no'],
  ['zlib@<1.2.12', set(['1.2.11'], true), 'possible'],
  ['zlib@>1.3', set(['1.3'], true), 'possible'],
  ['zlib@<1.2', set(['1.3'], true), 'no'],
  ['zlib@<1.2.12', { kind: 'unknown', reason: '' }, 'possible'],
  ['openssl@<1.1.1t', exact('1.1.1q'), 'yes'],
])('%s of %j: %s', (query, version, answer) => {
  expect(answers(version, parseQuery(query).conditions, 'letters')).toBe(answer)
})

describe('what is no query is a usage error', () => {
  test.each(['', '@<1', 'zlib@', 'zlib@<', 'zlib@< >1'])('%j', (text) => {
    expect(() => parseQuery(text)).toThrow(expect.objectContaining({ code: 'USAGE' }))
  })
})
